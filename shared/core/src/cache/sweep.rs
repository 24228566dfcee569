//! Lists and clears entries, and sweeps out stale files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::folder::{Folder, LONGEST_ENTRY};
use super::lock::{self, Guard, Try};
use super::{Cleared, Listed};
use crate::credential::LONGEST_ARN;
use crate::fs::insecure;

/// The minimum time between two sweeps for expired entries.
const PAUSE: Duration = Duration::from_secs(3600);
/// The file whose modification time is that of the last such sweep.
const MARK: &str = "swept";
/// Temporary files written without a lock are stale after this.
const MOMENTS: Duration = Duration::from_secs(60);
/// Failures are irrelevant after this.
const FAILURE_KEPT: TimeDelta = TimeDelta::minutes(2);

/// The fields that all entries have, whatever their payload.
#[derive(Deserialize)]
struct Outline {
    kind: String,
    connector: String,
    label: Option<String>,
    obtained_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    principal_arn: Option<String>,
}

/// The file names that belong to the cache. Other files are left alone.
#[derive(Default)]
struct Names {
    /// For each key, the extensions of its files.
    keys: BTreeMap<String, BTreeSet<String>>,
    /// The temporary files of the clock.
    clocks: Vec<String>,
}

fn names(folder: &Folder) -> Names {
    let mut names = Names::default();
    let Ok(list) = fs::read_dir(folder.path()) else {
        return names;
    };
    for item in list.flatten() {
        let name = item.file_name();
        let Some((stem, kind)) = name.to_str().and_then(|name| name.rsplit_once('.')) else {
            continue;
        };
        let is_key = stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_hexdigit());
        if is_key && (["json", "tmp", "lock"].contains(&kind) || is_pid(kind)) {
            let kinds = names.keys.entry(stem.to_owned()).or_default();
            kinds.insert(kind.to_owned());
        } else if stem == "clock" && is_pid(kind) {
            names.clocks.push(format!("{stem}.{kind}"));
        }
    }
    names
}

/// Whether a temporary file was written without a lock, under its writer's process id.
fn is_pid(kind: &str) -> bool {
    !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_digit())
}

fn file(folder: &Folder, stem: &str, kind: &str) -> PathBuf {
    folder.path().join(format!("{stem}.{kind}"))
}

/// Lists every readable entry, the next to expire first.
pub(super) fn list(folder: &Folder) -> Vec<Listed> {
    let mut all: Vec<Listed> = names(folder)
        .keys
        .into_iter()
        .filter(|(_, kinds)| kinds.contains("json"))
        .filter_map(|(stem, _)| {
            let bytes = read(folder, &stem)?;
            let outline: Outline = serde_json::from_slice(&bytes).ok()?;
            Some(Listed {
                kind: outline.kind,
                connector: outline.connector,
                label: outline.label,
                // Anything longer is not an ARN, and would break the table.
                identity: outline
                    .payload
                    .principal_arn
                    .filter(|arn| arn.len() <= LONGEST_ARN),
                obtained_at: outline.obtained_at,
                expires_at: outline.expires_at,
                size: bytes.len() as u64,
                key: stem,
            })
        })
        .collect();
    all.sort_by(|a, b| (a.expires_at, &a.key).cmp(&(b.expires_at, &b.key)));
    all
}

fn read(folder: &Folder, stem: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    crate::fs::open_no_follow(&file(folder, stem, "json"))
        .and_then(|entry| entry.read(LONGEST_ENTRY))
        .ok()
}

/// Removes every file of the selected keys, readable or not.
pub(super) fn clear(folder: &Folder, choose: impl Fn(&str) -> bool) -> Cleared {
    let mut cleared = Cleared::default();
    for (stem, kinds) in names(folder).keys {
        if !choose(&stem) {
            continue;
        }
        match lock(folder, &stem) {
            Some(guard) => {
                cleared.removed += usize::from(remove(folder, &stem, &kinds));
                guard.unlink();
            }
            // The lock's holder may be minting the first entry.
            None => cleared.kept += 1,
        }
    }
    cleared
}

/// Removes the files of a key other than its lock, which the caller holds.
fn remove(folder: &Folder, stem: &str, kinds: &BTreeSet<String>) -> bool {
    let files = kinds.iter().filter(|kind| *kind != "lock");
    let removed = files.filter(|kind| fs::remove_file(file(folder, stem, kind)).is_ok());
    removed.count() > 0
}

/// Locks a key, unless another process holds its lock.
fn lock(folder: &Folder, stem: &str) -> Option<Guard> {
    let path = file(folder, stem, "lock");
    // Lock regular files of this user only.
    if fs::symlink_metadata(&path).is_ok_and(|meta| !meta.is_file() || insecure(&meta).is_some()) {
        let _ = fs::remove_file(&path);
    }
    match lock::try_lock(&path) {
        Ok(Try::Locked(guard)) => Some(guard),
        _ => None,
    }
}

/// Removes temporary files whose writer has died, lock files without an entry and, at intervals,
/// expired entries.
pub(super) fn after_a_miss(folder: &Folder, now: DateTime<Utc>) {
    let names = names(folder);
    let is_due = is_due(folder);
    for name in &names.clocks {
        remove_if_old(&folder.path().join(name));
    }
    for (stem, kinds) in &names.keys {
        for kind in kinds.iter().filter(|kind| is_pid(kind)) {
            remove_if_old(&file(folder, stem, kind));
        }
        let has_entry = kinds.contains("json");
        // A live writer holds the lock.
        if kinds.contains("tmp")
            && let Some(guard) = lock(folder, stem)
        {
            let _ = fs::remove_file(file(folder, stem, "tmp"));
            if !has_entry {
                guard.unlink();
            }
        } else if !has_entry
            && kinds.contains("lock")
            && let Some(mut guard) = lock(folder, stem)
        {
            let fresh = guard
                .note()
                .failure
                .is_some_and(|failure| (Utc::now() - failure.ended).abs() < FAILURE_KEPT);
            // The entry may have been written since the names were read.
            if !fresh && !file(folder, stem, "json").exists() {
                guard.unlink();
            }
        }
        // Check again under the lock: it may have been refreshed meanwhile.
        if is_due
            && has_entry
            && has_expired(folder, stem, now)
            && let Some(guard) = lock(folder, stem)
            && has_expired(folder, stem, now)
        {
            let _ = fs::remove_file(file(folder, stem, "json"));
            guard.unlink();
        }
    }
}

/// Whether an entry has expired, or cannot be read.
fn has_expired(folder: &Folder, stem: &str, now: DateTime<Utc>) -> bool {
    read(folder, stem).is_none_or(|bytes| {
        serde_json::from_slice::<Outline>(&bytes).map_or(true, |outline| outline.expires_at <= now)
    })
}

fn remove_if_old(path: &Path) {
    if age(path).is_some_and(|age| age > MOMENTS) {
        let _ = fs::remove_file(path);
    }
}

fn age(path: &Path) -> Option<Duration> {
    let at = fs::symlink_metadata(path)
        .and_then(|meta| meta.modified())
        .ok()?;
    SystemTime::now().duration_since(at).ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "creating the mark decides which process sweeps"
)]
fn is_due(folder: &Folder) -> bool {
    let mark = folder.path().join(MARK);
    if age(&mark).is_some_and(|age| age < PAUSE) {
        return false;
    }
    use std::os::unix::fs::OpenOptionsExt as _;
    let _ = fs::remove_file(&mark);
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&mark)
        .is_ok()
}

#[cfg(test)]
#[path = "sweep_test.rs"]
mod tests;
