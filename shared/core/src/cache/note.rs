//! The note in a lock file: the lock's holder, and how the last mint failed.

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
    /// The current holder, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<Holder>,
    /// How the last mint failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
}

/// The holder of a lock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) pid: u32,
    pub(crate) host: String,
    /// The short name of the program that the client called.
    pub(crate) client: String,
    pub(crate) since: DateTime<Utc>,
    pub(crate) state: State,
}

/// What the holder is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Minting,
    Prompting,
}

/// A failed mint; every process that waited for it fails with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) ended: DateTime<Utc>,
    pub(crate) error: Error,
    /// Whether the failure concerns only the process that recorded it. It then only delays the next
    /// attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) own: bool,
}

impl Failure {
    /// Whether a process that started at `started` was waiting for this mint. A failure time in the
    /// future came from a wrong clock.
    pub(crate) fn concerns(&self, started: DateTime<Utc>) -> bool {
        !self.own && (started..=Utc::now()).contains(&self.ended)
    }
}

/// Writes the note. A full disk must not stop a mint, so errors are ignored: waiting processes then
/// do not see the holder.
pub(super) fn say(mut file: &File, note: &Note) {
    let bytes = serde_json::to_vec(note).unwrap_or_default();
    let _ = file
        .rewind()
        .and_then(|()| file.set_len(0))
        .and_then(|()| file.write_all(&bytes));
}

/// Reads the note in a lock file, held or not. Invalid content counts as empty, and so does a file
/// that another user could have written.
pub(crate) fn read_note(path: &Path) -> Note {
    crate::fs::open_no_follow(path)
        .ok()
        .filter(|file| insecure(file.meta()).is_none())
        .and_then(|file| file.read(LONGEST_NOTE).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}
