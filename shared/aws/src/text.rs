//! Text from outside, made fit for a one-line error: no control characters, no secrets, not long.

use aws_connector_core::secret::Secret;

/// The longest message of AWS's that is shown, in characters.
const LONGEST: usize = 300;

/// `text` on one line, white space squeezed, invisible characters escaped, cut to 300 characters.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LONGEST) + 8);
    let mut used = 0;
    let mut gap = false;
    for character in text.chars() {
        if character.is_ascii_whitespace() {
            gap = used > 0;
            continue;
        }
        let plain = matches!(character, '"' | '\'' | '\\');
        let width = if plain {
            1
        } else {
            character.escape_debug().count()
        };
        if used + width + usize::from(gap) > LONGEST {
            line.push('…');
            break;
        }
        if gap {
            line.push(' ');
        }
        used += width + usize::from(gap);
        gap = false;
        if plain {
            line.push(character);
        } else {
            line.extend(character.escape_debug());
        }
    }
    line
}

/// `text` without what is secret: STS quotes the whole request, session token included, when a
/// signature does not match, and names the value of a field that it does not like.
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

/// Replaces `secret` by a mark; a short one only where it stands alone, since six digits may well
/// be a part of an account's number.
fn hide(text: &str, secret: &str) -> String {
    let alone = secret.chars().count() < 16;
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(secret) {
        let joined = shown.chars().next_back().filter(|_| before.is_empty());
        let left = before.chars().next_back().or(joined);
        let touches = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        shown.push_str(before);
        if alone && (touches(left) || touches(after.chars().next())) {
            shown.push_str(secret);
        } else {
            shown.push_str("[hidden]");
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// An error and what caused it, outermost first, each said once.
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
            // `source` of an I/O error skips its payload.
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
    fn a_message_becomes_one_short_visible_line() {
        assert_eq!(one_line(" a\r\n\tb  c\n"), "a b c");
        assert_eq!(one_line("it's \"so\" \\"), "it's \"so\" \\");
        assert_eq!(one_line("\u{1b}[31m\u{202e}\0"), "\\u{1b}[31m\\u{202e}\\0");
        assert_eq!(
            one_line(&"x".repeat(1 << 20)),
            format!("{}…", "x".repeat(300))
        );
        assert_eq!(one_line(""), "");
    }

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
    fn the_request_that_sts_quotes_is_left_out() {
        let message = "The signature does not match. The Canonical String for this request should \
                       have been 'POST / x-amz-security-token:other'";
        assert_eq!(without(message, &[]), "The signature does not match. ");
    }
}
