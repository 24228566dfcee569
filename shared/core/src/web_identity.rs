//! Web identity tokens: whom a token file speaks for. The signature is AWS's to check.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::shown::shown;

/// AWS takes tokens of up to 20,000 characters; what is larger is not one.
const LONGEST: u64 = 64 * 1024;

/// Reads a token file.
///
/// # Errors
/// It cannot be read, or is not a regular file of UTF-8 text of at most 64 KiB.
pub fn read(token_file: &str) -> std::io::Result<Zeroizing<String>> {
    crate::fs::read_text(Path::new(token_file), LONGEST)
}

/// Issuer, subject and audience of the token in a file, as one text.
///
/// # Errors
/// The file cannot be read or does not hold a JSON web token.
pub fn identity(token_file: &str) -> Result<String> {
    let fail = |what: String| {
        Error::new(
            Kind::NoCredentials,
            format!("web identity token file {} {what}", shown(token_file)),
        )
    };
    let token = read(token_file)
        .map_err(|error| {
            fail(format!("cannot be read: {error}")).fix(
                "check that the token is mounted there (on EKS: annotate the service account with its role)",
            )
        })?;
    of_token(token.trim()).ok_or_else(|| fail("does not hold a JSON web token".to_owned()))
}

/// The same for the token of a container, which may be none of JSON: then its content is its identity.
///
/// # Errors
/// The file cannot be read.
pub fn of_container(token_file: &str) -> Result<String> {
    let token = read(token_file).map_err(|error| {
        let what = format!(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE {} cannot be read: {error}",
            shown(token_file)
        );
        Error::new(Kind::NoCredentials, what)
            .fix("check that the token is mounted there (on EKS: the pod identity association)")
    })?;
    let token = token.trim();
    Ok(of_token(token).unwrap_or_else(|| token.to_owned()))
}

fn of_token(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&bytes).ok()?;
    let claims = claims.as_object()?;
    let claim = |name: &str| claims.get(name).cloned().unwrap_or(Value::Null);
    Some(Value::from(vec![claim("iss"), claim("sub"), claim("aud")]).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_rotated_token_is_the_same_identity() {
        let one = of_token(&token(r#"{"iss":"i","sub":"s","aud":["a"],"exp":1}"#));
        let two = of_token(&token(r#"{"exp":2,"aud":["a"],"sub":"s","iss":"i"}"#));
        assert!(one.is_some());
        assert_eq!(one, two);
        assert_ne!(
            one,
            of_token(&token(r#"{"iss":"i","sub":"other","aud":["a"]}"#))
        );
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", "x", "a.b.c", "..", "e30.!!.x"] {
            assert_eq!(of_token(text), None, "{text}");
        }
    }
}
