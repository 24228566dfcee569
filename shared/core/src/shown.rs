//! Escapes untrusted text for single-line errors. No other module does.

use std::borrow::Cow;

/// The maximum length of quoted text in characters, without the quotes and the ellipsis.
const LONGEST_QUOTED: usize = 80;

/// The maximum length of a line from another program.
const LONGEST_LINE: usize = 300;

/// `input` in double quotes, on one line, truncated to about 80 characters.
///
/// Control characters, quotes, backslashes and characters that are invisible or change the text
/// direction (zero-width, bidirectional overrides) are escaped as in Rust. Truncated text ends in
/// `…` inside the quotes. The running time does not depend on the length of `input`.
pub fn shown(input: &str) -> String {
    format!("\"{}\"", escaped(input.chars(), &['\''], LONGEST_QUOTED))
}

/// A message of another program or library, on one line: white space collapsed, invisible
/// characters escaped, truncated to about 300 characters.
pub fn one_line(message: &str) -> String {
    let words = message.split_ascii_whitespace();
    let spaced = words.flat_map(|word| [" ", word]).skip(1);
    let characters = spaced.flat_map(str::chars);
    escaped(characters, &['"', '\'', '\\'], LONGEST_LINE)
}

/// Escapes all unprintable characters except the `plain` ones.
fn escaped(characters: impl Iterator<Item = char>, plain: &[char], longest: usize) -> String {
    let mut text = String::new();
    let mut length = 0;
    for character in characters {
        let is_plain = plain.contains(&character);
        length += match is_plain {
            true => 1,
            false => character.escape_debug().count(),
        };
        if length > longest {
            text.push('…');
            break;
        }
        match is_plain {
            true => text.push(character),
            false => text.extend(character.escape_debug()),
        }
    }
    text
}

/// Makes a whole message safe for a terminal: escapes only what would break or hide a line. For
/// messages that contain paths and the like; quote untrusted text with [`shown`].
pub fn clean(message: &str) -> Cow<'_, str> {
    if !message.contains(is_unsafe) {
        return Cow::Borrowed(message);
    }
    let mut text = String::with_capacity(message.len() + 16);
    for character in message.chars() {
        if is_unsafe(character) {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    Cow::Owned(text)
}

/// Whether a character would break a line, change its direction or be invisible.
pub fn is_unsafe(character: char) -> bool {
    if character.is_ascii() {
        return character.is_control();
    }
    // Blank letters and variation selectors count as printable.
    let is_blank = matches!(
        character,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
            | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
    );
    // Test it after a letter, so that combining accents are not escaped.
    let mut buffer = [b'a'; 5];
    let length = character
        .encode_utf8(buffer.get_mut(1..).unwrap_or_default())
        .len();
    is_blank
        || std::str::from_utf8(buffer.get(..=length).unwrap_or_default())
            .is_ok_and(|text| text.escape_debug().count() > 2)
}

#[cfg(test)]
mod tests {
    use super::{clean, one_line, shown};

    #[test]
    fn a_message_keeps_its_words_and_loses_unsafe_characters() {
        assert_eq!(clean("/home/jörg's/“x”"), "/home/jörg's/“x”");
        assert_eq!(
            clean("a\u{1b}[2Jb\nc\u{202e}d"),
            "a\\u{1b}[2Jb\\nc\\u{202e}d"
        );
        assert_eq!(clean("jo\u{308}rg 東京 Ж 🦀"), "jo\u{308}rg 東京 Ж 🦀");
        for hidden in [
            '\u{85}',
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{2066}',
            '\u{2069}',
            '\u{206f}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{fffb}',
            '\u{e0041}',
            '\u{e000}',
        ] {
            assert_eq!(
                clean(&format!("x{hidden}y")),
                format!("x{}y", hidden.escape_unicode())
            );
        }
    }

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
    fn plain_text_is_only_quoted() {
        assert_eq!(shown("s3://bucket's/über"), "\"s3://bucket's/über\"");
        assert_eq!(shown(""), "\"\"");
    }

    #[test]
    fn line_breaks_and_control_characters_are_escaped() {
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
