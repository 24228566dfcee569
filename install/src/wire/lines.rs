//! Edits of whole lines that keep the line endings of a text.

/// The line ending of a text.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

/// Appends whole lines. If the text does not end with a line break, neither does the result, so
/// that [`cut`] restores the text.
pub(super) fn append(text: &str, lines: &str) -> String {
    let end = newline(text);
    if text.is_empty() || text.ends_with('\n') {
        format!("{text}{lines}{end}")
    } else {
        format!("{text}{end}{lines}")
    }
}

/// Removes whole lines, from byte `start` to `end`; reverses [`append`] and insertions of its kind.
pub(super) fn cut(text: &str, start: usize, end: usize) -> String {
    let (head, gone, tail) = (
        text.get(..start).unwrap_or_default(),
        text.get(start..end).unwrap_or_default(),
        text.get(end..).unwrap_or_default(),
    );
    if tail.is_empty() && !gone.ends_with('\n') {
        let head = head.strip_suffix('\n').unwrap_or(head);
        return head.strip_suffix('\r').unwrap_or(head).to_owned();
    }
    format!("{head}{tail}")
}

/// The 1-based line of a byte offset.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_reverses_append() {
        for text in ["", "a\n", "a", "a\r\nb\r\n", "a\r\nb", "\n", "  "] {
            let longer = append(text, "x\ny");
            let start = longer.find('x').unwrap_or_default();
            assert_eq!(cut(&longer, start, longer.len()), text, "{text:?}");
        }
    }
}
