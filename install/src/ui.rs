//! Terminal output: tables, JSON and colour.

mod fit;

use std::io::{IsTerminal as _, Write as _};

use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::shown::is_unsafe;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde::Serialize;

pub(crate) use fit::INDENT;

/// `--output`: a table, or one JSON document with stable fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    // No doc comments on the variants: clap would print the long form of every help.
    Table,
    Json,
}

/// How output is printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    pub(crate) output: Output,
    /// The width of standard output, if it is a terminal.
    width: Option<u16>,
    colour: bool,
}

impl Ui {
    pub(crate) fn new(output: Output, env: &Env) -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self {
            output,
            width: width(terminal),
            colour: terminal
                && env.get("NO_COLOR").is_none()
                && env.get("TERM").is_none_or(|term| term != "dumb"),
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.output == Output::Json
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Rows under a heading with aligned columns and no borders, for people and for `cut`.
    pub(crate) fn table<const N: usize>(self, head: [&str; N], rows: Vec<[String; N]>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(head);
        table.set_content_arrangement(ContentArrangement::Disabled);
        let rows: Vec<[String; N]> = rows
            .into_iter()
            .map(|row| row.map(|cell| cut(printable(&cell))))
            .collect();
        // The longest word of each column: words are not broken, so that they can be copied.
        let mut words = head.map(longest_word);
        for row in &rows {
            for (longest, cell) in words.iter_mut().zip(row) {
                *longest = (*longest).max(longest_word(cell));
            }
        }
        let least = words.iter().sum::<usize>() + GAP * N.saturating_sub(1);
        if let Some(width) = self.width {
            if least > usize::from(width) && N > 2 {
                return fit::stacked(&head, &rows);
            }
            if least <= usize::from(width) {
                table
                    .set_content_arrangement(ContentArrangement::Dynamic)
                    .set_width(width);
            }
        }
        for row in rows {
            table.add_row(row);
        }
        for (at, (column, longest)) in table.column_iter_mut().zip(words).enumerate() {
            let gap = if at + 1 == N { 0 } else { GAP };
            column.set_padding((0, u16::try_from(gap).unwrap_or(0)));
            let least = u16::try_from(longest + gap).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        }
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Text that starts in a column, with line breaks between words for the terminal. Commands in
    /// quotes are not broken, so that they can be pasted.
    pub(crate) fn wrap(self, start: usize, text: &str) -> String {
        fit::wrap(self.width.map_or(usize::MAX, usize::from), start, text)
    }
}

/// Spaces between columns.
const GAP: usize = 2;

/// How many characters of a cell are shown. The table library panics at a line of 65,536 columns;
/// seven cells of this length, with characters that are two columns wide, stay below that.
const LONGEST_CELL: usize = 4000;

/// A cell that fits into a table, with a mark where it was cut.
fn cut(mut cell: String) -> String {
    if let Some((at, _)) = cell.char_indices().nth(LONGEST_CELL) {
        cell.truncate(at);
        cell.push('…');
    }
    cell
}

fn longest_word(text: &str) -> usize {
    let lengths = text.split_whitespace().map(|word| word.chars().count());
    lengths.max().unwrap_or(0)
}

/// The width of standard output, if it is a terminal.
fn width(terminal: bool) -> Option<u16> {
    if !terminal {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col >= 20).then_some(size.ws_col)
}

/// Makes text from other programs safe to print: replaces each terminal code or invisible character
/// with one character, to keep columns aligned. Errors escape them instead.
pub(crate) fn printable(cell: &str) -> String {
    cell.lines()
        .map(|line| {
            line.chars()
                .map(|c| if is_unsafe(c) { '�' } else { c })
                .collect::<String>()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Writes a text to standard output.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        // The reader closed the pipe.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::local("cannot write to standard output").because(error))
        }
        _ => Ok(()),
    }
}

/// Writes a message to standard error.
pub(crate) fn tell(text: &str) {
    // An error on standard error cannot be reported.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Writes a document as JSON.
pub(crate) fn print_json<T: Serialize>(document: &T) -> Result<()> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Error::local("cannot write JSON").because(error))?;
    print(&format!("{text}\n"))
}

/// A value or `N/A`.
pub(crate) fn or_na(value: Option<&str>) -> String {
    value.unwrap_or("N/A").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ui(width: Option<u16>) -> Ui {
        Ui {
            output: Output::Table,
            width,
            colour: false,
        }
    }

    fn rows() -> Vec<[String; 2]> {
        vec![
            ["a".to_owned(), "long one".to_owned()],
            ["bbbb".to_owned(), "x\u{1b}[31m".to_owned()],
        ]
    }

    #[test]
    fn a_table_has_aligned_columns_and_no_trailing_spaces() {
        assert_eq!(
            ui(None).table(["NAME", "WHAT"], rows()),
            "NAME  WHAT\na     long one\nbbbb  x�[31m\n"
        );
    }

    #[test]
    fn an_overlong_cell_is_cut() {
        let rows = vec![std::array::from_fn::<_, 7, _>(|_| "宽".repeat(70_000))];
        let text = ui(None).table(["X"; 7], rows);
        let cell = format!("{}…", "宽".repeat(LONGEST_CELL));
        assert_eq!(text.lines().nth(1), Some(&*[&*cell; 7].join("  ")));
    }

    #[test]
    fn a_narrow_terminal_breaks_lines_between_words_only() {
        assert_eq!(
            ui(Some(12)).table(["NAME", "WHAT"], rows()),
            "NAME  WHAT\na     long\n      one\nbbbb  x�[31m\n"
        );
        // If words do not fit, the terminal wraps the line, which can still be copied as one.
        assert_eq!(
            ui(Some(10)).table(["NAME", "WHAT"], rows()),
            ui(None).table(["NAME", "WHAT"], rows())
        );
        let row = ["dev", "arn:aws:iam::123456789012:role/dev", "", "a\nb"];
        let head = ["NAME", "ROLE ARN", "NONE", "LIST"];
        assert_eq!(
            ui(Some(40)).table(head, vec![row.map(str::to_owned); 2]),
            ["NAME      dev\nROLE ARN  arn:aws:iam::123456789012:role/dev\nLIST      a\n          b\n"; 2].join("\n")
        );
    }
}
