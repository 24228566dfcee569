//! What was done to files of others, so that it can be undone exactly: `wiring.json` beside
//! `connectors.toml`. Nothing in it is secret. Without it logout still finds profiles and clusters,
//! which name their connector, but leaves registries alone, which do not, and an emptied list stays
//! behind where there was none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aws_connector_core::error::{Error, Result};
use serde::{Deserialize, Serialize};

use super::file::{self, Mode};

/// What stands in every line of ours, in each of the three files.
pub(super) const MARK: &str = "aws-connector";

/// The whole record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    files: BTreeMap<String, FileRecord>,
}

/// The record of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// Whether there was no such file before.
    #[serde(default)]
    pub(crate) created: bool,
    /// The folders that were made for it, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) folders: Vec<PathBuf>,
    /// What stood in the place of a list or key that was made or changed; `null`: nothing.
    #[serde(default)]
    pub(crate) made: BTreeMap<String, Option<String>>,
    /// Which connector each registry was wired for.
    #[serde(default)]
    pub(crate) registries: BTreeMap<String, String>,
}

impl Record {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        match file::read(path)? {
            None => Ok(Self::default()),
            Some(text) => serde_json::from_str(&text).map_err(|error| {
                Error::local(format!("{}: {error}", path.display()))
                    .fix("remove the file; logout then leaves emptied lists behind")
            }),
        }
    }

    pub(crate) fn file(&mut self, path: &Path) -> &mut FileRecord {
        self.files.entry(path.display().to_string()).or_default()
    }

    /// Forgets a file in which nothing of ours is left; the folders made for it are the answer.
    pub(crate) fn forget(&mut self, path: &Path) -> Vec<PathBuf> {
        let gone = self.files.remove(&path.display().to_string());
        gone.map(|file| file.folders).unwrap_or_default()
    }

    /// Forgets files in which nothing of ours stands: whoever was to write it was killed before
    /// that, or somebody took it out by hand.
    pub(crate) fn forget_what_is_not_there(&mut self) {
        let dead: Vec<String> = self
            .files
            .keys()
            .filter(|path| !file::holds(Path::new(path), MARK))
            .cloned()
            .collect();
        for path in dead {
            let there = Path::new(&path).exists();
            let folders = self.forget(Path::new(&path));
            if !there {
                remove_folders(&folders);
            }
        }
    }

    /// What can undo the files before a change and after it, since a process may be killed between
    /// one file and the next.
    pub(crate) fn either(&self, after: &Self) -> Self {
        let mut all = self.clone();
        for (path, file) in &after.files {
            let one = all.files.entry(path.clone()).or_default();
            one.created |= file.created;
            for folder in &file.folders {
                if !one.folders.contains(folder) {
                    one.folders.push(folder.clone());
                }
            }
            one.made.extend(file.made.clone());
            one.registries.extend(file.registries.clone());
        }
        all
    }

    pub(crate) fn store(&self, path: &Path) -> Result<()> {
        let before = file::read(path)?;
        let kept: BTreeMap<_, _> = self
            .files
            .iter()
            .filter(|(_, file)| **file != FileRecord::default())
            .collect();
        let after = if kept.is_empty() {
            None
        } else {
            let text = serde_json::to_string_pretty(&BTreeMap::from([("files", kept)]))
                .map_err(|error| Error::local(format!("{}: {error}", path.display())))?;
            Some(format!("{text}\n"))
        };
        if before == after {
            return Ok(());
        }
        file::replace(path, before.as_deref(), after.as_deref(), Mode::Private)
    }
}

/// Removes folders that were made here, unless something lies in them by now.
pub(super) fn remove_folders(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        // Whoever made it may have been killed in the middle of writing.
        file::sweep(folder);
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}
