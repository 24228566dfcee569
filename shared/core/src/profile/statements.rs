//! Finds where the statements of a TOML text start and end, without parsing them.

/// The lines that begin with a bracket, each up to the end of the text. Searches for the brackets
/// directly, so other lines cost nothing.
pub(super) struct Lines<'t> {
    text: &'t str,
    brackets: memchr::Memchr<'t>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            brackets: memchr::memchr_iter(b'[', text.as_bytes()),
        }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = (usize, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.text;
        let begins_line = |at: &usize| {
            let mut before = text.as_bytes().get(..*at).unwrap_or_default();
            loop {
                match before {
                    [] | [.., b'\n'] => return true,
                    [rest @ .., b' ' | b'\t'] => before = rest,
                    _ => return false,
                }
            }
        };
        let at = self.brackets.find(begins_line)?;
        Some((at, text.get(at..)?))
    }
}

/// The statements of a TOML text: each header or key with its value, which may span lines. Skips
/// comments and blank lines. For invalid TOML the statements are arbitrary; the parser rejects it
/// later.
pub(super) struct Statements<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Statements<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'t> Iterator for Statements<'t> {
    type Item = (usize, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => self.at = line_end(bytes, self.at),
                _ => break,
            }
        }
        let start = self.at;
        self.at = if bytes.get(start) == Some(&b'[') {
            line_end(bytes, start)
        } else {
            statement_end(bytes, start)
        };
        Some((start, self.text.get(start..self.at).unwrap_or("")))
    }
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(bytes.len(), |n| from + n)
}

/// The end of `key = value`: the first line break outside of strings, arrays and inline tables.
fn statement_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut depth = 0usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' if depth == 0 => return at,
            b'#' => {
                at = line_end(bytes, at);
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => {
                at = string_end(bytes, at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The offset after the string that opens at `start`, of any of TOML's four kinds.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes.get(start).copied().unwrap_or(b'"');
    let long = bytes.get(start..start + 3) == Some(&[quote; 3]);
    let mut at = start + if long { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && quote == b'"' {
            at += 2;
        } else if long && bytes.get(at..at + 3) == Some(&[quote; 3]) {
            at += 3;
            // Up to two more quotes belong to the string.
            while bytes.get(at) == Some(&quote) {
                at += 1;
            }
            return at;
        } else if !long && (byte == quote || byte == b'\n') {
            return if byte == quote { at + 1 } else { at };
        } else {
            at += 1;
        }
    }
    bytes.len()
}
