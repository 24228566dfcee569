//! Splits an INI file into lines as Python's `configparser`, which botocore uses, does.

/// A piece of the file, as byte offsets without surrounding white space.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// The text between the brackets.
    Header((usize, usize)),
    /// A line that should be `key = value`.
    Option((usize, usize)),
    /// A line that continues the option before it.
    More((usize, usize)),
}

/// Iterates over the lines, skipping blank lines and comments.
pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    /// The indentation of the last line that was not a continuation.
    level: usize,
    in_option: bool,
}

impl<'t> Scan<'t> {
    /// Starts at a byte offset and a line number.
    pub(super) fn new(text: &'t str, at: usize, line: usize) -> Self {
        Self {
            text,
            at,
            line,
            level: 0,
            in_option: false,
        }
    }

    /// The offset of the next line.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The next piece, with its line's offset and number.
    pub(super) fn next(&mut self) -> Option<(Item, usize, usize)> {
        loop {
            let start = self.at;
            let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
            let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let line = rest.get(..length).unwrap_or(rest);
            self.at += length;
            self.line += 1;
            let trimmed = line.trim_start();
            let indent = line.len() - trimmed.len();
            let trimmed = trimmed.trim_end();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            let begin = start + indent;
            let range = (begin, begin + trimmed.len());
            if self.in_option && indent > self.level {
                return Some((Item::More(range), start, self.line));
            }
            self.level = indent;
            if trimmed.starts_with('[')
                && let Some(close) = trimmed.find(']')
            {
                self.in_option = false;
                return Some((Item::Header((begin + 1, begin + close)), start, self.line));
            }
            self.in_option = true;
            return Some((Item::Option(range), start, self.line));
        }
    }
}
