//! Identifies whom a web identity token is for. AWS verifies the signature.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::shown::shown;

/// AWS accepts tokens of up to 20,000 characters.
const LONGEST: u64 = 64 * 1024;

/// Reads a token file.
///
/// # Errors
/// It cannot be read, or is not a regular file of UTF-8 text of at most 64 KiB.
pub fn read(token_file: &str) -> std::io::Result<Zeroizing<String>> {
    crate::fs::read_text(Path::new(token_file), LONGEST)
}

/// The claims of a token file that determine the resulting session, as one text.
///
/// # Errors
/// The file cannot be read or does not contain a JSON web token.
pub fn identity(token_file: &str) -> Result<String> {
    let fail = |what: &str| {
        Error::new(
            Kind::NoCredentials,
            format!("web identity token file {} {what}", shown(token_file)),
        )
    };
    let token = read(token_file)
        .map_err(|error| {
            fail("cannot be read").because(error).fix(
                "check that the token is mounted there (on EKS: annotate the service account with its role)",
            )
        })?;
    of_token(token.trim()).ok_or_else(|| fail("does not contain a JSON web token"))
}

/// As [`identity`], for the token of a container. If it is not a JWT, its content is its identity.
///
/// # Errors
/// The file cannot be read.
pub fn of_container(token_file: &str) -> Result<String> {
    let token = read(token_file).map_err(|error| {
        let what = format!(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE {} cannot be read",
            shown(token_file)
        );
        Error::new(Kind::NoCredentials, what)
            .because(error)
            .fix("check that the token is mounted there (on EKS: the pod identity association)")
    })?;
    let token = token.trim();
    Ok(of_token(token).unwrap_or_else(|| token.to_owned()))
}

/// The claims that identify the subject.
const NAMING: [&str; 5] = ["iss", "sub", "aud", "azp", "amr"];

/// The prefixes of claims that AWS maps into the session: tags, transitive tags (nested or flat),
/// source identity.
const MAPPED: [&str; 2] = ["https://aws.amazon.com/", "https://sts.amazonaws.com/"];

fn of_token(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&bytes).ok()?;
    let counts =
        |name: &str| NAMING.contains(&name) || MAPPED.iter().any(|prefix| name.starts_with(prefix));
    // Sorted, because an issuer may reorder the claims.
    let identity: BTreeMap<&String, &Value> = claims
        .as_object()?
        .iter()
        .filter(|(name, _)| counts(name))
        .collect();
    serde_json::to_string(&identity).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn with(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    /// The token of a subject.
    pub(crate) fn token(subject: &str) -> String {
        with(&format!(r#"{{"iss":"i","sub":"{subject}","aud":["a"]}}"#))
    }

    #[test]
    fn a_rotated_token_is_the_same_identity() {
        let one = of_token(&with(r#"{"iss":"i","sub":"s","aud":["a"],"exp":1}"#));
        let two = of_token(&with(r#"{"exp":2,"aud":["a"],"sub":"s","iss":"i"}"#));
        assert!(one.is_some());
        assert_eq!(one, two);
        assert_ne!(
            one,
            of_token(&with(r#"{"iss":"i","sub":"other","aud":["a"]}"#))
        );
    }

    #[test]
    fn a_token_with_other_claims_that_aws_maps_into_the_session_is_another_identity() {
        let of = |more: &str| of_token(&with(&format!(r#"{{"iss":"i","sub":"s"{more}}}"#)));
        let claims = [
            "",
            r#","https://aws.amazon.com/tags":{"principal_tags":{"team":["data"]}}"#,
            r#","https://aws.amazon.com/tags":{"principal_tags":{"team":["ops"]}}"#,
            r#","https://aws.amazon.com/tags":{"principal_tags":{"team":["ops"]},"transitive_tag_keys":["team"]}"#,
            r#","https://aws.amazon.com/tags/principal_tags/team":"ops""#,
            r#","https://aws.amazon.com/source_identity":"ann""#,
            r#","https://sts.amazonaws.com/source_identity":"ann""#,
            r#","https://sts.amazonaws.com/source_identity":"bob""#,
        ]
        .map(of);
        for (at, one) in claims.iter().enumerate() {
            assert!(one.is_some(), "{at}");
            assert!(claims.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
        assert_eq!(of(r#","jti":"1","iat":1"#), of(r#","jti":"2","iat":2"#));
    }

    #[test]
    fn an_invalid_token_is_refused() {
        for text in ["", "x", "a.b.c", "..", "e30.!!.x"] {
            assert_eq!(of_token(text), None, "{text}");
        }
    }
}
