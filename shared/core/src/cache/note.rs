//! What a lock file says: its holder, and how the last mint failed.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fs::insecure;

/// The size limit of a note.
pub(super) const LONGEST_NOTE: u64 = 64 * 1024;

/// The content of a lock file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The holder, while there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<Holder>,
    /// The last mint, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
}

/// The holder of a lock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) pid: u32,
    pub(crate) host: String,
    /// The program that the client called, in a word.
    pub(crate) client: String,
    pub(crate) since: DateTime<Utc>,
    pub(crate) state: State,
}

/// What a holder is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Minting,
    Prompting,
}

/// A mint that failed; every process that waited for it fails with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) ended: DateTime<Utc>,
    pub(crate) error: Error,
    /// It only concerns this process, and prevents an immediate retry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) own: bool,
}

impl Failure {
    /// Whether a process that started at `started` waited for this. An end in the future was
    /// written by a clock that ran ahead.
    pub(crate) fn concerns(&self, started: DateTime<Utc>) -> bool {
        !self.own && (started..=Utc::now()).contains(&self.ended)
    }
}

/// A full disk must not stop a mint, so a failed write is ignored: the other processes then wait
/// without knowing the holder.
pub(super) fn say(mut file: &File, note: &Note) {
    let bytes = serde_json::to_vec(note).unwrap_or_default();
    let _ = file
        .rewind()
        .and_then(|()| file.set_len(0))
        .and_then(|()| file.write_all(&bytes));
}

/// Reads the note in a lock file, held or not. Invalid content counts as empty, and so does what
/// another user could have written.
pub(crate) fn read_note(path: &Path) -> Note {
    crate::fs::open_no_follow(path)
        .ok()
        .filter(|file| insecure(file.meta()).is_none())
        .and_then(|file| file.read(LONGEST_NOTE).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}
