//! Makes text from AWS and other programs safe for errors: on one line, without the request's
//! secrets.

use aws_connector_core::secret::Secret;
use aws_connector_core::shown::one_line;

/// Removes secrets from `text`. STS quotes the whole request, including the session token, when a
/// signature does not match, and quotes the value of an invalid field.
pub(crate) fn without(text: &str, secrets: &[Secret]) -> String {
    let quoted = [
        "The Canonical String for this request",
        "The String-to-Sign should have been",
    ];
    let end = quoted.iter().filter_map(|mark| text.find(mark)).min();
    let mut text = text
        .get(..end.unwrap_or(text.len()))
        .unwrap_or_default()
        .to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = hide(&text, secret.expose());
    }
    text
}

/// Masks `secret`, even if percent-, XML- or JSON-escaped. Masks a short one only if it stands
/// alone, because six digits may be part of an account id.
fn hide(text: &str, secret: &str) -> String {
    let alone = secret.chars().count() < 16;
    let touches = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let left = shown.chars().next_back();
        match after_secret(rest, secret) {
            Some(after) if !alone || !touches(left) && !touches(after.chars().next()) => {
                shown.push_str("[hidden]");
                rest = after;
            }
            _ => {
                shown.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
            }
        }
    }
    shown
}

/// The text after `secret` at the start of `text`, whichever of its characters are escaped.
fn after_secret<'t>(text: &'t str, secret: &str) -> Option<&'t str> {
    let escaped = || {
        let mut wanted = secret.chars();
        wanted.try_fold(text, |rest, wanted| match unescape(rest) {
            Some((found, after)) if found == wanted => Some(after),
            _ => rest.strip_prefix(wanted),
        })
    };
    text.strip_prefix(secret).or_else(escaped)
}

/// Decodes an escape at the start of `text`; returns the character and the remaining text.
fn unescape(text: &str) -> Option<(char, &str)> {
    const NAMED: [(&str, char); 9] = [
        ("+", ' '),
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("\\\"", '"'),
        ("\\\\", '\\'),
        ("\\/", '/'),
    ];
    /// The maximum length of a character's number, with `x` and leading zeros.
    const LONGEST_NUMBER: usize = 8;
    let named = NAMED
        .iter()
        .find_map(|(escape, character)| Some((*character, text.strip_prefix(escape)?)));
    if named.is_some() {
        return named;
    }
    let (digits, radix, after) = if let Some(rest) = text.strip_prefix('%') {
        let (digits, after) = rest.split_at_checked(2)?;
        (digits, 16, after)
    } else if let Some(rest) = text.strip_prefix("\\u") {
        let (digits, after) = rest.split_at_checked(4)?;
        (digits, 16, after)
    } else {
        let rest = text.strip_prefix("&#")?;
        let mut bytes = rest.bytes().take(LONGEST_NUMBER + 1);
        let (digits, after) = rest.split_at_checked(bytes.position(|byte| byte == b';')?)?;
        let after = after.get(1..)?;
        match digits.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16, after),
            None => (digits, 10, after),
        }
    };
    let code = u32::from_str_radix(digits, radix).ok()?;
    Some((char::from_u32(code)?, after))
}

/// An error and its causes, outermost first, without repetition.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !said.contains(&text) {
            if !said.is_empty() {
                said.push_str(": ");
            }
            said.push_str(&text);
        }
        next = match error.downcast_ref::<std::io::Error>() {
            // The `source` of an I/O error skips its payload.
            Some(io) => io
                .get_ref()
                .map(|inner| inner as &(dyn std::error::Error + 'static)),
            None => error.source(),
        };
    }
    one_line(&said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_cut_out() {
        let secrets = [
            Secret::new("FwoGZXIvYXdzEXAMPLETOKEN"),
            Secret::new("123456"),
        ];
        assert_eq!(
            without("token xFwoGZXIvYXdzEXAMPLETOKEN", &secrets),
            "token x[hidden]"
        );
        assert_eq!(
            without(
                "Value '123456' of arn:aws:iam::123456789012:mfa/x",
                &secrets
            ),
            "Value '[hidden]' of arn:aws:iam::123456789012:mfa/x"
        );
        assert_eq!(without("123456", &secrets), "[hidden]");
    }

    #[test]
    fn secrets_are_cut_out_however_they_are_escaped() {
        let secrets = [Secret::new("SECRET/EXTERNAL:ID=1&\"2\" é")];
        for text in [
            "SECRET/EXTERNAL:ID=1&\"2\" é",
            "SECRET%2FEXTERNAL%3AID%3D1%26%222%22%20é",
            "SECRET%2fEXTERNAL%3aID%3d1%26%222%22+é",
            "SECRET/EXTERNAL:ID=1&amp;&quot;2&quot; é",
            "SECRET&#47;EXTERNAL&#x3a;ID=1&#38;&#x22;2&#0034; é",
            "SECRET\\/EXTERNAL:ID=1\\u0026\\\"2\\\" é",
        ] {
            let said = without(&format!("ExternalId={text}&Action"), &secrets);
            assert_eq!(said, "ExternalId=[hidden]&Action", "{text}");
        }
        // Text in the secret that is not an escape is not treated as one.
        for secret in [
            "a%2Fb", "a&amp;b", "a\\\\b", "100%", "&#", "&#x41;", "%é", "\\u",
        ] {
            let said = without(&format!("<{secret}>"), &[Secret::new(secret)]);
            assert_eq!(said, "<[hidden]>", "{secret}");
        }
        for text in [
            "%",
            "%2",
            "%é9",
            "\\u00",
            "&#",
            "&#;",
            "&#x110000;",
            "&#99999999999;",
            "+",
        ] {
            assert_eq!(without(text, &secrets), text);
        }
    }

    #[test]
    fn the_request_that_sts_quotes_is_left_out() {
        let message = "The signature does not match. The Canonical String for this request should \
                       have been 'POST / x-amz-security-token:other'";
        assert_eq!(without(message, &[]), "The signature does not match. ");
    }
}
