//! Text that fits the width of the terminal.

/// The start of a continued line.
pub(crate) const INDENT: &str = "    ";

/// Text that starts in a column, with line breaks between words. A word longer than the width is left
/// to the terminal, which copies it whole.
pub(super) fn wrap(width: usize, start: usize, text: &str) -> String {
    let mut out = String::new();
    let mut column = start;
    for (at, piece) in pieces(text).enumerate() {
        let length = piece.chars().count();
        let gap = usize::from(at > 0);
        if column + gap + length > width && column > INDENT.len() {
            out.push('\n');
            out.push_str(INDENT);
            column = INDENT.len();
        } else if at > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(&piece);
        column += length;
    }
    out
}

/// Words, and commands in single quotes as one piece.
fn pieces(text: &str) -> impl Iterator<Item = String> {
    let mut words = text.split(' ');
    std::iter::from_fn(move || {
        let mut piece = words.next()?.to_owned();
        if piece.starts_with('\'') {
            while piece.matches('\'').count() < 2
                && let Some(next) = words.next()
            {
                piece.push(' ');
                piece.push_str(next);
            }
        }
        Some(piece)
    })
}

/// Rows that are wider than the terminal: one line for each cell, without breaks in words.
pub(super) fn stacked<const N: usize>(head: &[&str; N], rows: &[[String; N]]) -> String {
    let widest = head.map(|name| name.chars().count());
    let widest = widest.into_iter().max().unwrap_or(0);
    let block = |row: &[String; N]| {
        let filled = head.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        filled
            .flat_map(|(name, cell)| {
                cell.lines().enumerate().map(move |(at, line)| {
                    let name = if at == 0 { name } else { "" };
                    format!("{name:<widest$}  {line}\n")
                })
            })
            .collect::<String>()
    };
    rows.iter().map(block).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_between_words_and_commands_are_kept_whole() {
        let text = "it failed; run 'aws-connector login dev' again, or check the user's role";
        assert_eq!(
            wrap(30, 4, text),
            "it failed; run\n    'aws-connector login dev'\n    again, or check the user's\n    role"
        );
        assert_eq!(wrap(usize::MAX, 4, text), text);
        let long = "a".repeat(50);
        assert_eq!(wrap(30, 4, &long), long);
    }

    #[test]
    fn a_step_with_a_role_arn_is_not_broken_in_a_word() {
        let arn = "arn:aws:sts::123456789012:assumed-role/developer/aws-connector-alice";
        let text = format!("{arn}; in EKS, map arn:aws:iam::123456789012:role/developer");
        for width in [80, 100, 200] {
            let wrapped = wrap(width, 23, &text);
            let lines: Vec<usize> = wrapped.lines().map(|line| line.chars().count()).collect();
            let first = lines.first().copied().unwrap_or_default() + 23;
            assert!(first <= width, "{wrapped}");
            assert!(
                lines.iter().skip(1).all(|length| *length <= width),
                "{wrapped}"
            );
            assert_eq!(
                wrapped.split_whitespace().collect::<Vec<_>>(),
                text.split_whitespace().collect::<Vec<_>>()
            );
        }
    }
}
