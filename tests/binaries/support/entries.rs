//! Cache entries on disk.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rustix::fs::{FlockOperation, flock};
use serde_json::Value;

/// A file of the cache that ends in `.json`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
}

impl Entry {
    pub(crate) fn all(folder: &Path) -> Vec<Self> {
        let Ok(list) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut all: Vec<Self> = list
            .map(|item| Self {
                path: item.unwrap().path(),
            })
            .filter(|entry| entry.path.extension().is_some_and(|end| end == "json"))
            .collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes()).unwrap()
    }

    /// Overwrites the entry and keeps its mode.
    pub(crate) fn write(&self, bytes: &[u8]) {
        fs::write(&self.path, bytes).unwrap();
    }

    /// Overwrites one field, by its name or its `/path`.
    pub(crate) fn set(&self, pointer: &str, value: Value) {
        let mut json = self.json();
        *json.pointer_mut(pointer).unwrap() = value;
        self.write(json.to_string().as_bytes());
    }

    pub(crate) fn time(&self, pointer: &str) -> DateTime<Utc> {
        self.json()
            .pointer(pointer)
            .unwrap()
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Makes the entry older by this much.
    pub(crate) fn age(&self, by: TimeDelta) {
        let mut json = self.json();
        for pointer in [
            "/obtained_at",
            "/expires_at",
            "/refresh_at",
            "/payload/expires_at",
        ] {
            let at = self.time(pointer) - by;
            *json.pointer_mut(pointer).unwrap() =
                Value::from(at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        }
        self.write(json.to_string().as_bytes());
    }

    pub(crate) fn lock_path(&self) -> PathBuf {
        self.path.with_extension("lock")
    }

    /// Holds the entry's lock until the result is dropped.
    pub(crate) fn hold(&self) -> File {
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false);
        let file = file.open(self.lock_path()).unwrap();
        fs::set_permissions(self.lock_path(), fs::Permissions::from_mode(0o600)).unwrap();
        flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
        file
    }
}
