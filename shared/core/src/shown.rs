//! Untrusted text made safe for a one-line error.

/// The longest escaped text shown, in characters, without the quotes and the mark of a cut.
const LIMIT: usize = 80;

/// `input` in double quotes, on one line and cut to about 80 characters, for error texts.
///
/// Control characters, quotes, backslashes and characters that print as nothing or turn the line
/// around (zero-width, bidirectional overrides) are escaped as Rust escapes them. A text that was
/// cut ends in `…` inside the quotes. The work done does not depend on the length of `input`.
pub fn shown(input: &str) -> String {
    let mut text = String::with_capacity(input.len().min(LIMIT) + 8);
    text.push('"');
    let mut used = 0;
    for character in input.chars() {
        let width = if character == '\'' {
            1
        } else {
            character.escape_debug().count()
        };
        if used + width > LIMIT {
            text.push('…');
            break;
        }
        used += width;
        if character == '\'' {
            text.push(character);
        } else {
            text.extend(character.escape_debug());
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn plain_text_is_only_quoted() {
        assert_eq!(shown("s3://bucket's/über"), "\"s3://bucket's/über\"");
        assert_eq!(shown(""), "\"\"");
    }

    #[test]
    fn what_could_break_the_line_is_escaped() {
        assert_eq!(shown("a\n\r\t\0\"\\"), r#""a\n\r\t\0\"\\""#);
        assert_eq!(shown("\u{1b}[31m"), r#""\u{1b}[31m""#);
        assert_eq!(
            shown("\u{202e}\u{200b}\u{2028}"),
            r#""\u{202e}\u{200b}\u{2028}""#
        );
    }

    #[test]
    fn long_text_is_cut_at_a_whole_escape() {
        assert_eq!(shown(&"x".repeat(80)), format!("\"{}\"", "x".repeat(80)));
        assert_eq!(
            shown(&"x".repeat(1 << 20)),
            format!("\"{}…\"", "x".repeat(80))
        );
        let text = shown(&"\0".repeat(1 << 20));
        assert_eq!(text, format!("\"{}…\"", "\\0".repeat(40)));
    }
}
