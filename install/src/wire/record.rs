//! `wiring.json` beside `connectors.toml` records the changes to the clients' files, so that
//! `logout` can undo them exactly. It contains no secrets. Without it, `logout` still finds
//! profiles and clusters, which name their connector, but not registries, and it leaves lists
//! behind that `login` created.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use aws_connector_core::error::{Error, Result};
use serde::{Deserialize, Serialize};

use super::file;
use super::replace::{Mode, replace, sweep};

/// A word in each of our entries, in all three files.
pub(super) const MARK: &str = "aws-connector";

/// The whole record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    files: BTreeMap<String, FileRecord>,
}

/// The record of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// Whether the file was created.
    #[serde(default)]
    pub(crate) created: bool,
    /// The folders that were created for it, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) folders: Vec<PathBuf>,
    /// The previous text of each list or key that was changed; `null` if it was created.
    #[serde(default)]
    pub(crate) made: BTreeMap<String, Option<String>>,
    /// The connector of each wired registry.
    #[serde(default)]
    pub(crate) registries: BTreeMap<String, String>,
    /// The wired registries that `login` added to their connector.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) listed: BTreeSet<String>,
    /// The connector of each AWS CLI profile with a name that the user chose.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) profiles: BTreeMap<String, String>,
}

impl Record {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        match file::read(path)? {
            None => Ok(Self::default()),
            Some(text) => serde_json::from_str(&text).map_err(|error| {
                Error::local(format!("{}", path.display()))
                    .because(error)
                    .fix("remove the file; logout then leaves empty lists behind")
            }),
        }
    }

    pub(crate) fn file(&mut self, path: &Path) -> &mut FileRecord {
        self.files.entry(path.display().to_string()).or_default()
    }

    /// Forgets a file that no longer contains our entries; returns the folders that were created
    /// for it.
    pub(crate) fn forget(&mut self, path: &Path) -> Vec<PathBuf> {
        let gone = self.files.remove(&path.display().to_string());
        gone.map(|file| file.folders).unwrap_or_default()
    }

    /// Forgets files that do not contain our entries: the process was killed before it wrote them,
    /// or someone removed them by hand.
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

    /// A record that can undo the files as they are before a change and after it, since a process
    /// may be killed between two files.
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
            one.listed.extend(file.listed.clone());
            one.profiles.extend(file.profiles.clone());
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
                .map_err(|error| Error::local(format!("{}", path.display())).because(error))?;
            Some(format!("{text}\n"))
        };
        if before == after {
            return Ok(());
        }
        replace(path, before.as_deref(), after.as_deref(), Mode::Private)
    }
}

/// Removes the folders that were created, unless they contain files.
pub(super) fn remove_folders(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        // A process that was killed while writing may have left a draft.
        sweep(folder);
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}
