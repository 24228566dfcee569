//! Edits the clients' three config files: read → plan → diff → apply, each change reversible.
//!
//! Texts are edited in place, never reserialized: other content stays the same byte for byte.

pub(crate) mod aws_config;
mod diff;
pub(crate) mod docker_config;
mod file;
mod json;
pub(crate) mod kubeconfig;
mod mask;
pub(crate) mod places;
mod record;
#[cfg(test)]
mod roundtrip;
mod yaml;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_connector_core::cache::LockFile;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::shown::clean;

use crate::app::App;
use crate::ui::{self, Ui};
pub(crate) use file::{Mode, make_folder, read, read_or_empty, replace, resolve};
pub(crate) use record::{FileRecord, Record};

/// A file before and after; `None` if it does not exist.
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

    fn diff(&self) -> String {
        let name = |there: bool| match there {
            true => clean(&self.path.display().to_string()).into_owned(),
            false => "/dev/null".to_owned(),
        };
        let (old, new) = (
            self.before.as_deref().unwrap_or_default(),
            self.after.as_deref().unwrap_or_default(),
        );
        diff::diff(
            &name(self.before.is_some()),
            &name(self.after.is_some()),
            old,
            new,
        )
    }
}

/// The edits of one command, and the record of how to undo them.
pub(crate) struct Desk {
    pub(crate) record: Record,
    /// The record as it is on disk.
    stored: Record,
    record_path: PathBuf,
    edits: Vec<Edit>,
    /// Folders that were created for files that are now removed.
    folders: Vec<Vec<PathBuf>>,
    _lock: Option<LockFile>,
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
        let lock = lock(&record_path)?;
        let stored = Record::load(&record_path)?;
        let mut record = stored.clone();
        record.forget_what_is_not_there();
        Ok(Self {
            record,
            stored,
            record_path,
            edits: Vec::new(),
            folders: Vec::new(),
            _lock: lock,
        })
    }

    /// Plans a change of one file. `change` maps the text (empty if the file does not exist) to the
    /// new text; `None` removes the file.
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
            *record = FileRecord {
                created: true,
                folders: file::missing_folders(&path),
                ..FileRecord::default()
            };
        }
        let text = now.as_deref().unwrap_or_default();
        let after = change(text, record).map_err(|error| Error {
            what: format!("{}: {}", path.display(), error.what),
            ..error
        })?;
        // Do not create an empty file.
        let after = after.filter(|text| before.is_some() || !text.is_empty());
        if after.is_none() {
            self.folders.push(self.record.forget(&path));
        }
        self.edits.push(Edit {
            path,
            before,
            after,
        });
        Ok(())
    }

    /// Plans a change that removes our entries. A file without any is not parsed, so it may be
    /// invalid.
    pub(crate) fn clean(
        &mut self,
        path: &Path,
        change: impl FnOnce(&str, &mut FileRecord) -> Result<Option<String>>,
    ) -> Result<()> {
        let resolved = resolve(path)?;
        if file::holds(&resolved, record::MARK) {
            return self.edit(path, change);
        }
        file::sweep(file::folder_of(&resolved));
        Ok(())
    }

    /// Shows the changes, asks for consent and writes; returns whether there were any.
    pub(crate) fn apply(mut self, app: &App, consent: Consent) -> Result<bool> {
        for edit in &self.edits {
            // Even without changes: a killed process may have left a draft.
            edit.path.parent().into_iter().for_each(file::sweep);
        }
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
        // If this process is killed, whatever has been written can be undone.
        self.stored.either(&self.record).store(&self.record_path)?;
        for edit in &self.edits {
            let (before, after) = (edit.before.as_deref(), edit.after.as_deref());
            replace(&edit.path, before, after, Mode::Kept)?;
        }
        for folders in &self.folders {
            record::remove_folders(folders);
        }
        self.record.store(&self.record_path)?;
        Ok(true)
    }
}

/// How long a command waits for another one that edits the same files.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The lock file. Only its owner can open it, while anyone who can read the folder could lock the
/// folder itself.
const LOCK: &str = ".aws-connector.lock";

/// Locks out other commands that edit the same files, with a lock file next to `path`. `None` if no
/// lock file can be created or locked there.
pub(crate) fn lock(path: &Path) -> Result<Option<LockFile>> {
    lock_within(path, LONGEST_WAIT)
}

fn lock_within(path: &Path, longest: Duration) -> Result<Option<LockFile>> {
    let folder = file::folder_of(path);
    match LockFile::lock(&folder.join(LOCK), longest) {
        Ok(Some(lock)) => Ok(Some(lock)),
        Err(_) => Ok(None),
        Ok(None) => Err(Error::local(format!(
            "timed out waiting for another aws-connector that is editing files in {}",
            folder.display()
        ))
        .fix("answer its prompt or end it, then retry")),
    }
}

/// Asks a question that `--yes` answers.
pub(crate) fn agree(yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !Ui::can_ask() {
        return Err(Error::usage("cannot prompt without a terminal").fix("pass --yes"));
    }
    // A plain line of input, so that control-C leaves the terminal in order.
    let mut answer = String::new();
    let mut ask = || -> std::io::Result<()> {
        let mut screen = std::io::stderr();
        write!(screen, "{question} [y/N] ")?;
        screen.flush()?;
        if std::io::stdin().read_line(&mut answer)? == 0 {
            writeln!(screen)?;
        }
        Ok(())
    };
    ask().map_err(|error| Error::usage(format!("no answer: {error}")).fix("pass --yes"))?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Error::refused("nothing was changed"))
    }
}

/// The line ending of a text.
fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

/// Appends whole lines. If the text does not end with a line break, neither does the result, so
/// that [`cut`] restores the text.
fn append(text: &str, lines: &str) -> String {
    let end = newline(text);
    if text.is_empty() || text.ends_with('\n') {
        format!("{text}{lines}{end}")
    } else {
        format!("{text}{end}{lines}")
    }
}

/// Removes whole lines, from byte `start` to `end`; reverses [`append`] and insertions of its kind.
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
    #![expect(clippy::unwrap_used, reason = "tests")]
    use aws_connector_core::cache::try_lock_open;

    use super::*;

    #[test]
    fn waiting_for_another_command_times_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connectors.toml");
        let held = lock(&path).unwrap().unwrap();
        let error = lock_within(&path, Duration::from_millis(30)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "timed out waiting for another aws-connector that is editing files in {}; fix: answer its prompt or end it, then retry",
                folder.path().display()
            )
        );
        // It gets the lock once that is released.
        let waiting = std::thread::spawn(move || lock(&path).unwrap().is_some());
        std::thread::sleep(Duration::from_millis(50));
        drop(held);
        assert!(waiting.join().unwrap());
        assert!(!folder.path().join(LOCK).exists());
        // Without a folder there is nothing to wait for.
        assert!(lock(&folder.path().join("a/b")).unwrap().is_none());
    }

    #[test]
    fn a_lock_on_the_folder_by_another_user_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = std::fs::File::open(folder.path()).unwrap();
        assert!(try_lock_open(&theirs).unwrap());
        let path = folder.path().join("connectors.toml");
        assert!(lock_within(&path, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn only_its_owner_can_open_the_lock() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let _held = lock(&folder.path().join("connectors.toml")).unwrap();
        let meta = std::fs::metadata(folder.path().join(LOCK)).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn cut_reverses_append() {
        for text in ["", "a\n", "a", "a\r\nb\r\n", "a\r\nb", "\n", "  "] {
            let longer = append(text, "x\ny");
            let start = longer.find('x').unwrap_or_default();
            assert_eq!(cut(&longer, start, longer.len()), text, "{text:?}");
        }
    }
}
