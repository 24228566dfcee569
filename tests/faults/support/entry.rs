//! The cache folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use rustix::fs::{FlockOperation, flock};
use serde_json::Value;

/// The files of a cache folder.
pub(crate) struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let Ok(list) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut names: Vec<String> = list
            .flatten()
            .map(|item| item.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The files that belong to no entry.
    pub(crate) fn litter(&self) -> Vec<String> {
        let names = self.names();
        let is_kept = |name: &String| match name.strip_suffix(".lock") {
            Some(stem) => names.contains(&format!("{stem}.json")),
            None => name.ends_with(".json") || name == "swept" || name == "clock",
        };
        names
            .iter()
            .filter(|name| !is_kept(name))
            .cloned()
            .collect()
    }

    /// The only entry of a kind.
    pub(crate) fn entry(&self, kind: &str) -> PathBuf {
        let mut found = self.entries(kind);
        assert_eq!(found.len(), 1, "{kind}: {:?}", self.names());
        found.remove(0)
    }

    pub(crate) fn entries(&self, kind: &str) -> Vec<PathBuf> {
        let paths = self
            .names()
            .into_iter()
            .filter(|name| name.ends_with(".json"));
        paths
            .map(|name| self.folder.join(name))
            .filter(|path| read(path)["kind"] == kind)
            .collect()
    }

    /// The lock of the session.
    pub(crate) fn lock(&self) -> PathBuf {
        self.entry("session").with_extension("lock")
    }

    /// Takes the session's lock, like a process that calls AWS.
    pub(crate) fn hold(&self) -> File {
        hold(&self.lock())
    }

    /// Makes an entry of one hour older, so that it has `left` seconds left.
    pub(crate) fn age(&self, kind: &str, left: i64) {
        let path = self.entry(kind);
        let entry = aged(read(&path), left);
        // Replaced by renaming, as the programs do.
        let temporary = path.with_extension("aged");
        fs::write(&temporary, entry.to_string()).expect("an entry");
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o600)).expect("its mode");
        fs::rename(&temporary, &path).expect("an entry");
    }

    /// Past `refresh_at`, and well before the margin.
    pub(crate) fn make_due(&self) {
        self.age("session", 1000);
    }

    /// Within the margin, but valid.
    pub(crate) fn make_short(&self) {
        self.age("session", 600);
    }
}

/// An entry with `left` seconds left.
pub(crate) fn aged(mut entry: Value, left: i64) -> Value {
    let by = time(&entry["expires_at"]) - (Utc::now() + TimeDelta::seconds(left));
    for place in [
        "/obtained_at",
        "/expires_at",
        "/refresh_at",
        "/payload/expires_at",
    ] {
        if let Some(value) = entry.pointer_mut(place) {
            *value = (time(value) - by).to_rfc3339().into();
        }
    }
    entry
}

/// Takes a lock, and releases it when dropped. The last holder may still be exiting: a killed
/// process with several threads looks dead before its files are closed.
pub(crate) fn hold(path: &Path) -> File {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .expect("a lock");
    super::until("the lock is free", || {
        flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
    });
    file
}

pub(crate) fn read(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

pub(crate) fn time(value: &Value) -> DateTime<Utc> {
    let text = value.as_str().expect("a time");
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}
