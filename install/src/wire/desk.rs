//! The edits of one command: plan → diff → consent → apply.

use std::path::{Path, PathBuf};

use aws_connector_core::cache::LockFile;
use aws_connector_core::error::Result;
use aws_connector_core::shown::clean;

use super::lock::lock;
use super::record::{self, FileRecord, Record};
use super::replace::{Mode, replace, sweep};
use super::{diff, file};
use crate::app::App;
use crate::{prompt, ui};

/// A file before and after; `None` if it does not exist.
#[derive(Debug)]
struct Edit {
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
        let path = file::resolve(path)?;
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
        let after =
            change(text, record).map_err(|error| error.context(path.display().to_string()))?;
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
        let resolved = file::resolve(path)?;
        if file::holds(&resolved, record::MARK) {
            return self.edit(path, change);
        }
        sweep(file::folder_of(&resolved));
        Ok(())
    }

    /// Shows the changes, asks for consent and writes; returns whether there were any.
    pub(crate) fn apply(mut self, app: &App, consent: Consent) -> Result<bool> {
        for edit in &self.edits {
            // Also without changes: a killed process may have left a draft.
            edit.path.parent().into_iter().for_each(sweep);
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
        prompt::agree(
            consent.yes,
            if self.edits.len() == 1 {
                "Write this change?"
            } else {
                "Write these changes?"
            },
        )?;
        // Write the record first, so that everything can be undone if this process is killed.
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
