//! Where the command touches the terminal: tables for people, JSON for programs, colour where it
//! is wanted.

use std::io::{IsTerminal as _, Write as _};

use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Result};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// `--output`: for people, or for programs (one document, whose fields stay as they are).
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    // Without doc comments: clap would turn each help into its long form.
    Table,
    Json,
}

/// How answers are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    pub(crate) output: Output,
    /// Whether standard output is a terminal.
    terminal: bool,
    colour: bool,
}

impl Ui {
    pub(crate) fn new(output: Output, env: &Env) -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self {
            output,
            terminal,
            colour: terminal
                && env.get("NO_COLOR").is_none()
                && env.get("TERM").is_none_or(|term| term != "dumb"),
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.output == Output::Json
    }

    /// Whether a person can be asked: both ends of the conversation are a terminal.
    pub(crate) fn can_ask() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
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

    /// Rows under a heading, columns aligned, no lines: good to read and good to cut.
    pub(crate) fn table<const N: usize>(self, head: [&str; N], rows: Vec<[String; N]>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(head);
        match self.width() {
            Some(width) => table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        for row in rows {
            table.add_row(row.map(|cell| one_line(&cell)));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn width(self) -> Option<u16> {
        if !self.terminal {
            return None;
        }
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        (size.ws_col >= 40).then_some(size.ws_col)
    }
}

/// What others wrote may hold line breaks and terminal codes.
fn one_line(cell: &str) -> String {
    cell.lines()
        .map(|line| {
            line.chars()
                .map(|c| if c.is_control() { '�' } else { c })
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
        // Whoever closed the pipe has seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::local(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Writes a text for the person at the terminal, who may be reading standard output elsewhere.
pub(crate) fn tell(text: &str) {
    // Nobody is left to tell when stderr itself is gone.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Writes a document as JSON.
pub(crate) fn print_json<T: Serialize>(document: &T) -> Result<()> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Error::local(format!("cannot write JSON: {error}")))?;
    print(&format!("{text}\n"))
}

/// A value or `N/A`.
pub(crate) fn or_na(value: Option<&str>) -> String {
    value.unwrap_or("N/A").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_aligned_columns_and_no_trailing_spaces() {
        let ui = Ui {
            output: Output::Table,
            terminal: false,
            colour: false,
        };
        let rows = vec![
            ["a".to_owned(), "long one".to_owned()],
            ["bbbb".to_owned(), "x\u{1b}[31m".to_owned()],
        ];
        assert_eq!(
            ui.table(["NAME", "WHAT"], rows),
            "NAME  WHAT\na     long one\nbbbb  x�[31m\n"
        );
    }
}
