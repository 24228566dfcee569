//! Splits a command line into words by the quoting rules of POSIX shells.
//!
//! Not the `shlex` crate, which drops everything after a `#` and unescapes `\$` in double quotes.
//! Python's `shlex.split`, which the AWS CLI uses for `credential_process`, does neither.

/// The words of a command line; `None` if a quote is not closed.
pub fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            c @ ('"' | '\\') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// The line up to a `#` or `;` that follows white space outside quotes.
pub(super) fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    let mut before_is_space = false;
    for (at, c) in line.char_indices() {
        if escaped {
            escaped = false;
        } else {
            match (quote, c) {
                (None | Some('"'), '\\') => escaped = true,
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                (None, '#' | ';') if before_is_space => return line.get(..at).unwrap_or(line),
                _ => {}
            }
        }
        before_is_space = c.is_whitespace();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_shlex_splits_them() {
        for (line, words) in [
            ("", vec![]),
            ("  a  b ", vec!["a", "b"]),
            ("'a b' \"c d\"e", vec!["a b", "c de"]),
            (r#"a\ b "\"\\\n" '\'"#, vec!["a b", r#""\\n"#, r"\"]),
            ("'' x", vec!["", "x"]),
            ("a\tb\nc", vec!["a", "b", "c"]),
        ] {
            assert_eq!(split(line).unwrap_or_default(), words, "{line}");
        }
        for open in ["'", "\"", "a 'b", "a \\", "\"\\"] {
            assert_eq!(split(open), None, "{open}");
        }
    }

    #[test]
    fn a_comment_starts_only_outside_of_quotes() {
        for (line, kept) in [
            ("run # x", "run "),
            ("run ; x", "run "),
            ("run#x", "run#x"),
            ("run 'a # b' \"c # d\" # e", "run 'a # b' \"c # d\" "),
            (r"run \' # x", r"run \' "),
        ] {
            assert_eq!(without_comment(line), kept);
        }
    }
}
