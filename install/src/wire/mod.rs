//! The three files of others that point to our binaries: read → plan → diff → apply, each way.
//!
//! Texts are edited, never parsed and written anew: what others wrote stays byte for byte.

pub(crate) mod aws_config;
pub(crate) mod docker_config;
mod file;
mod json;
pub(crate) mod kubeconfig;
mod mask;
pub(crate) mod places;
mod record;
mod yaml;

use std::path::{Path, PathBuf};

use aws_connector_core::error::{Error, Result};
use similar::TextDiff;

use crate::app::App;
use crate::ui::{self, Ui};
pub(crate) use file::{replace, resolve};
pub(crate) use record::{FileRecord, Record};

/// A file before and after; `None` where it does not exist.
#[derive(Debug)]
pub(crate) struct Edit {
    path: PathBuf,
    before: Option<String>,
    after: Option<String>,
}

impl Edit {
    fn is_change(&self) -> bool {
        self.before != self.after
    }

    /// The change as a unified diff, without what is secret in the lines around.
    fn diff(&self) -> String {
        let (old, new) = (
            self.before.as_deref().unwrap_or_default(),
            self.after.as_deref().unwrap_or_default(),
        );
        let name = |there: bool| match there {
            true => self.path.display().to_string(),
            false => "/dev/null".to_owned(),
        };
        let diff = TextDiff::from_lines(old, new);
        let text = diff
            .unified_diff()
            .context_radius(2)
            .header(&name(self.before.is_some()), &name(self.after.is_some()))
            .to_string();
        mask::mask(&text)
    }
}

/// Edits of one command, with the record of how to undo them.
pub(crate) struct Desk {
    pub(crate) record: Record,
    record_path: PathBuf,
    edits: Vec<Edit>,
}

/// Whether and how to ask before anything is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consent {
    /// `--yes`
    pub(crate) yes: bool,
    /// `--force`
    pub(crate) force: bool,
}

impl Desk {
    pub(crate) fn open(app: &App) -> Result<Self> {
        let record_path = app.profile_file()?.with_file_name("wiring.json");
        Ok(Self {
            record: Record::load(&record_path)?,
            record_path,
            edits: Vec::new(),
        })
    }

    /// Plans a change of one file. `change` turns the text, empty where there is no file, into
    /// another; `None` takes the file away.
    pub(crate) fn edit(
        &mut self,
        path: &Path,
        change: impl FnOnce(&str, &mut FileRecord) -> Result<Option<String>>,
    ) -> Result<()> {
        let path = resolve(path)?;
        // A second change of a file builds on the first.
        let (before, now) = match self.edits.iter().position(|edit| edit.path == path) {
            Some(at) => {
                let edit = self.edits.swap_remove(at);
                (edit.before, edit.after)
            }
            None => {
                let before = file::read(&path)?;
                (before.clone(), before)
            }
        };
        let record = self.record.file(&path);
        if before.is_none() {
            *record = FileRecord::default();
            record.created = true;
        }
        let text = now.as_deref().unwrap_or_default();
        let after = change(text, record).map_err(|error| Error {
            what: format!("{}: {}", path.display(), error.what),
            ..error
        })?;
        // What was not there and is to hold nothing need not come about.
        let after = after.filter(|text| before.is_some() || !text.is_empty());
        if after.is_none() {
            self.record.forget(&path);
        }
        self.edits.push(Edit {
            path,
            before,
            after,
        });
        Ok(())
    }

    /// Shows the changes, asks, writes. Says whether anything was to be changed.
    pub(crate) fn apply(mut self, app: &App, consent: Consent) -> Result<bool> {
        self.edits.retain(Edit::is_change);
        if self.edits.is_empty() {
            self.record.store(&self.record_path)?;
            return Ok(false);
        }
        let shown: String = self.edits.iter().map(Edit::diff).collect();
        if !app.ui.is_json() {
            ui::print(&shown)?;
        }
        agree(
            consent.yes,
            if self.edits.len() == 1 {
                "Write this change?"
            } else {
                "Write these changes?"
            },
        )?;
        // The record first: what was written without it could not be undone exactly.
        self.record.store(&self.record_path)?;
        for edit in &self.edits {
            replace(&edit.path, edit.before.as_deref(), edit.after.as_deref())?;
        }
        Ok(true)
    }
}

/// Asks a question that `--yes` answers.
pub(crate) fn agree(yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !Ui::can_ask() {
        return Err(Error::usage("there is no terminal to ask on").fix("pass --yes"));
    }
    let answer = dialoguer::Confirm::new()
        .with_prompt(question)
        .default(false)
        .interact()
        .map_err(|error| Error::usage(format!("no answer: {error}")).fix("pass --yes"))?;
    if answer {
        Ok(())
    } else {
        Err(Error::refused("nothing was changed"))
    }
}

/// The end of line that a text uses.
fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

/// Appends whole lines. A text that ends without a line break ends without one afterwards, so
/// that taking the lines away restores it.
fn append(text: &str, lines: &str) -> String {
    let end = newline(text);
    if text.is_empty() || text.ends_with('\n') {
        format!("{text}{lines}{end}")
    } else {
        format!("{text}{end}{lines}")
    }
}

/// Takes the bytes from `start` to `end` away, which are whole lines; the counterpart of
/// [`append`] and of inserting in the same way.
fn cut(text: &str, start: usize, end: usize) -> String {
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
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_can_be_cut_off_again() {
        for text in ["", "a\n", "a", "a\r\nb\r\n", "a\r\nb", "\n", "  "] {
            let longer = append(text, "x\ny");
            let start = longer.find('x').unwrap_or_default();
            assert_eq!(cut(&longer, start, longer.len()), text, "{text:?}");
        }
    }
}
