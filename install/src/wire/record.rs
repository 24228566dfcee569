//! What was done to files of others, so that it can be undone exactly: `wiring.json` beside
//! `connectors.toml`. Nothing in it is secret. Without it logout still finds profiles and clusters,
//! which name their connector, but leaves registries alone, which do not, and an emptied list stays
//! behind where there was none.

use std::collections::BTreeMap;
use std::path::Path;

use aws_connector_core::error::{Error, Result};
use serde::{Deserialize, Serialize};

use super::file;

/// The whole record.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    files: BTreeMap<String, FileRecord>,
}

/// The record of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// Whether there was no such file before.
    #[serde(default)]
    pub(crate) created: bool,
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

    pub(crate) fn forget(&mut self, path: &Path) {
        self.files.remove(&path.display().to_string());
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
        file::replace(path, before.as_deref(), after.as_deref())
    }
}
