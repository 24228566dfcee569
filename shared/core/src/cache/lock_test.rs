#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
use std::os::unix::fs::PermissionsExt as _;

use chrono::{DateTime, Utc};

use super::super::note::{Failure, read_note};
use super::*;
use crate::error::Error;

fn locked(path: &Path) -> Guard {
    match try_lock(path).unwrap() {
        Try::Locked(guard) => guard,
        Try::Busy => panic!("busy"),
    }
}

#[test]
fn a_lock_excludes_and_ends_with_its_guard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.lock");
    let guard = locked(&path);
    assert!(matches!(try_lock(&path).unwrap(), Try::Busy));
    drop(guard);
    locked(&path);
}

#[test]
fn a_lock_file_that_was_unlinked_is_not_mistaken_for_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.lock");
    let (gone, old) = (open(&path).unwrap(), open(&path).unwrap());
    locked(&path).unlink();
    assert!(try_opened(&path, gone).unwrap().is_none());
    // The old file stays open, so the new one cannot reuse its inode.
    let _guard = locked(&path);
    assert!(try_opened(&path, old).unwrap().is_none());
    assert!(matches!(try_lock(&path).unwrap(), Try::Busy));
}

#[test]
fn a_failure_concerns_those_who_were_waiting_for_it() {
    let now = Utc::now();
    let ended = |seconds: i64, own| Failure {
        ended: now + chrono::TimeDelta::seconds(seconds),
        error: Error::refused("no"),
        own,
    };
    let started = now - chrono::TimeDelta::seconds(10);
    assert!(ended(-5, false).concerns(started));
    assert!(!ended(-15, false).concerns(started));
    assert!(!ended(-5, true).concerns(started));
    // Written by a clock that was ahead: it would repeat until that time.
    assert!(!ended(3600, false).concerns(started));
}

#[test]
fn notes_are_read_back_and_garbage_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.lock");
    let mut guard = locked(&path);
    let what = "a".repeat(60_000);
    guard.say(&Note {
        holder: None,
        failure: Some(Failure {
            ended: DateTime::UNIX_EPOCH,
            error: Error::refused(what.as_str()),
            own: false,
        }),
    });
    assert_eq!(read_note(&path).failure.unwrap().error.what, what);
    guard.say_nothing();
    assert!(guard.note().failure.is_none());
    fs::write(&path, "{garbage").unwrap();
    assert!(read_note(&path).holder.is_none());
}

#[test]
fn a_lock_file_that_others_can_write_is_neither_locked_nor_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.lock");
    locked(&path).say(&Note {
        holder: None,
        failure: Some(Failure {
            ended: DateTime::UNIX_EPOCH,
            error: Error::refused("no"),
            own: false,
        }),
    });
    assert!(read_note(&path).failure.is_some());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(read_note(&path).failure.is_none());
    let error = try_lock(&path).err().unwrap().to_string();
    assert!(error.contains("is writable by other users"), "{error}");
}

#[test]
fn a_lock_file_for_others_excludes_and_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.lock");
    let lock = || LockFile::lock(&path, Duration::ZERO).unwrap();
    let held = lock();
    assert!(held.is_some() && lock().is_none());
    drop(held);
    assert!(!path.exists());
}

#[test]
fn a_link_is_not_locked() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("k.lock"), folder.path().join("link"));
    locked(&path);
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(try_lock(&link).is_err());
}

#[test]
fn only_contention_means_that_another_process_holds_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.lock");
    let file = open(&path).unwrap();
    assert!(is_still(&path.join("below"), &file).is_err());
    // A file opened with O_PATH cannot be locked.
    let flags = rustix::fs::OFlags::PATH.bits().cast_signed();
    let path_only = fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(&path);
    assert!(try_lock_open(&path_only.unwrap()).is_err());
}
