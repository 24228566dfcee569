//! Listing, clearing, and sweeping out what is past use.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::Listed;
use super::folder::Folder;
use super::lock::{self, Try};

/// Entries are looked into for their end at most this often.
const PAUSE: Duration = Duration::from_secs(3600);
/// The file whose time says when that was last done.
const MARK: &str = "swept";
/// Temporary files that no lock stands beside live for moments.
const MOMENTS: Duration = Duration::from_secs(60);
/// A failure is of no interest any more after this.
const FAILURE_KEPT: TimeDelta = TimeDelta::minutes(2);

/// What every entry says, whatever its payload.
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

/// The names in the folder, by what they are.
#[derive(Default)]
struct Names {
    entries: BTreeSet<String>,
    locks: BTreeSet<String>,
    temporaries: Vec<String>,
    /// Full names of temporary files that no lock stands beside.
    unlocked: Vec<String>,
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
        // The clock's temporary files, and those of entries that were written without a lock.
        let is_key = stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_hexdigit());
        if (stem == "clock" || is_key) && kind.bytes().all(|b| b.is_ascii_digit()) {
            names.unlocked.push(format!("{stem}.{kind}"));
        }
        // Whatever else lies here is not ours to touch.
        if !is_key {
            continue;
        }
        match kind {
            "json" => drop(names.entries.insert(stem.to_owned())),
            "lock" => drop(names.locks.insert(stem.to_owned())),
            "tmp" => names.temporaries.push(stem.to_owned()),
            _ => {}
        }
    }
    names
}

fn file(folder: &Folder, stem: &str, kind: &str) -> PathBuf {
    folder.path().join(format!("{stem}.{kind}"))
}

/// Everything that can be read, soonest to end first.
pub(super) fn list(folder: &Folder) -> Vec<Listed> {
    let mut all: Vec<Listed> = names(folder)
        .entries
        .into_iter()
        .filter_map(|stem| {
            let bytes = zeroize::Zeroizing::new(fs::read(file(folder, &stem, "json")).ok()?);
            let outline: Outline = serde_json::from_slice(&bytes).ok()?;
            Some(Listed {
                kind: outline.kind,
                connector: outline.connector,
                label: outline.label,
                identity: outline.payload.principal_arn,
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

/// Removes the entries that are chosen, with their locks.
pub(super) fn clear(folder: &Folder, choose: impl Fn(&Listed) -> bool) -> usize {
    let chosen = list(folder).into_iter().filter(|listed| choose(listed));
    chosen.filter(|listed| remove(folder, &listed.key)).count()
}

/// Removes an entry under its lock, and the lock with it; not while somebody holds it.
fn remove(folder: &Folder, stem: &str) -> bool {
    match lock::try_lock(&file(folder, stem, "lock")) {
        Ok(Try::Locked(guard)) => {
            let removed = fs::remove_file(file(folder, stem, "json")).is_ok();
            let _ = fs::remove_file(file(folder, stem, "tmp"));
            guard.unlink();
            removed
        }
        _ => false,
    }
}

/// Sweeps: temporary files whose writer is dead, locks without an entry, and now and then the
/// entries that have ended.
pub(super) fn after_a_miss(folder: &Folder, now: DateTime<Utc>) {
    let names = names(folder);
    for stem in &names.temporaries {
        // Its writer holds the lock while it lives.
        if let Ok(Try::Locked(guard)) = lock::try_lock(&file(folder, stem, "lock")) {
            let _ = fs::remove_file(file(folder, stem, "tmp"));
            if !names.entries.contains(stem) {
                guard.unlink();
            }
        }
    }
    for name in &names.unlocked {
        let path = folder.path().join(name);
        if age(&path).is_some_and(|age| age > MOMENTS) {
            let _ = fs::remove_file(path);
        }
    }
    for stem in names.locks.difference(&names.entries) {
        if let Ok(Try::Locked(mut guard)) = lock::try_lock(&file(folder, stem, "lock")) {
            let fresh = guard
                .note()
                .failure
                .is_some_and(|failure| (Utc::now() - failure.ended).abs() < FAILURE_KEPT);
            // The entry may have come since the names were read.
            if !fresh && !file(folder, stem, "json").exists() {
                guard.unlink();
            }
        }
    }
    if is_due(folder) {
        for stem in &names.entries {
            // Looked at again under the lock: it may have been renewed meanwhile.
            if has_ended(folder, stem, now)
                && let Ok(Try::Locked(guard)) = lock::try_lock(&file(folder, stem, "lock"))
                && has_ended(folder, stem, now)
            {
                let _ = fs::remove_file(file(folder, stem, "json"));
                guard.unlink();
            }
        }
    }
}

fn has_ended(folder: &Folder, stem: &str, now: DateTime<Utc>) -> bool {
    fs::read(file(folder, stem, "json"))
        .map(zeroize::Zeroizing::new)
        .ok()
        .is_none_or(|bytes| {
            serde_json::from_slice::<Outline>(&bytes)
                .map_or(true, |outline| outline.expires_at <= now)
        })
}

fn age(path: &std::path::Path) -> Option<Duration> {
    let at = fs::symlink_metadata(path)
        .and_then(|meta| meta.modified())
        .ok()?;
    SystemTime::now().duration_since(at).ok()
}

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
