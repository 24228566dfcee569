#![expect(clippy::unwrap_used, reason = "tests")]
use std::os::unix::fs::{PermissionsExt as _, symlink};

use chrono::TimeDelta;
use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::json;
use tempfile::TempDir;

use super::super::note::{Failure, Note};
use super::*;

fn folder() -> (TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let folder = Folder::open(place.path()).unwrap();
    (place, folder)
}

/// A stem of 64 hexadecimal digits, repeating `digits`.
fn stem(digits: &str) -> String {
    digits.repeat(64 / digits.len())
}

fn write(folder: &Folder, name: &str, text: &str) {
    fs::write(folder.path().join(name), text).unwrap();
}

fn write_entry(folder: &Folder, stem: &str, expires_at: DateTime<Utc>) {
    let entry = json!({
        "kind": "session", "connector": "dev", "obtained_at": expires_at - TimeDelta::hours(1),
        "expires_at": expires_at, "payload": {},
    });
    write(folder, &format!("{stem}.json"), &entry.to_string());
}

fn make_pipe(folder: &Folder, name: &str) {
    mkfifoat(CWD, folder.path().join(name), Mode::RUSR | Mode::WUSR).unwrap();
}

fn all_names(folder: &Folder) -> BTreeSet<String> {
    let list = fs::read_dir(folder.path()).unwrap();
    list.map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Backdates the last full sweep.
fn make_due(folder: &Folder) {
    let mark = fs::File::create(folder.path().join(MARK)).unwrap();
    mark.set_modified(SystemTime::now() - PAUSE * 2).unwrap();
}

#[test]
fn a_full_sweep_removes_what_has_expired_and_keeps_what_has_not() {
    let (_place, folder) = folder();
    let now = Utc::now();
    let left = |seconds| now + TimeDelta::seconds(seconds);
    for (digits, seconds) in [("a", 43_200), ("b", 600), ("c", 1), ("d", 0), ("e", -600)] {
        write_entry(&folder, &stem(digits), left(seconds));
    }
    write(&folder, &format!("{}.json", stem("f")), "{half an ent");
    make_pipe(&folder, &format!("{}.json", stem("0")));
    write(&folder, MARK, "");
    after_a_miss(&folder, now);
    assert_eq!(all_names(&folder).len(), 8, "it is not due yet");

    make_due(&folder);
    after_a_miss(&folder, now);
    let live = ["a", "b", "c"].map(|digits| format!("{}.json", stem(digits)));
    let kept: BTreeSet<String> = live.into_iter().chain([MARK.to_owned()]).collect();
    assert_eq!(all_names(&folder), kept);
}

#[test]
fn an_entry_in_use_is_not_swept() {
    let (_place, folder) = folder();
    let now = Utc::now();
    write_entry(&folder, &stem("a"), now - TimeDelta::hours(1));
    make_due(&folder);
    let held = lock(&folder, &stem("a"));
    assert!(held.is_some());
    after_a_miss(&folder, now);
    assert!(file(&folder, &stem("a"), "json").exists());
}

#[test]
fn a_pipe_under_any_of_our_names_blocks_nothing_and_is_swept() {
    let (_place, folder) = folder();
    let now = Utc::now();
    write_entry(&folder, &stem("a"), now + TimeDelta::hours(1));
    for name in ["json", "lock", "tmp"] {
        make_pipe(&folder, &format!("{}.{name}", stem("b")));
    }
    make_pipe(&folder, &format!("{}.lock", stem("c")));
    let listed = list(&folder);
    assert_eq!(listed.len(), 1, "{listed:?}");
    make_due(&folder);
    after_a_miss(&folder, now);
    let kept = [format!("{}.json", stem("a")), MARK.to_owned()];
    assert_eq!(all_names(&folder), kept.into_iter().collect());
}

#[test]
fn clearing_removes_all_of_our_files_and_no_others() {
    let (_place, folder) = folder();
    write_entry(&folder, &stem("a"), Utc::now());
    write(&folder, &format!("{}.lock", stem("a")), "");
    write(
        &folder,
        &format!("{}.json", stem("b")),
        "{\"payload\":\"s3cret",
    );
    write(&folder, &format!("{}.tmp", stem("c")), "s3cret");
    write(&folder, &format!("{}.4711", stem("d")), "s3cret");
    write(&folder, &format!("{}.lock", stem("e")), "");
    make_pipe(&folder, &format!("{}.json", stem("f")));
    symlink("/etc/passwd", file(&folder, &stem("0"), "json")).unwrap();
    let foreign = [
        "notes.txt".to_owned(),
        "clock".to_owned(),
        format!("{}.txt", stem("a")),
        format!("{}.", stem("a")),
        format!("{}.json", stem("ag")),
        format!("{}.json", "a".repeat(63)),
    ];
    for name in &foreign {
        write(&folder, name, "");
    }
    let cleared = clear(&folder, |_| true);
    assert_eq!((cleared.removed, cleared.kept), (6, 0));
    assert_eq!(all_names(&folder), foreign.into_iter().collect());
}

#[test]
fn clearing_keeps_and_counts_what_another_process_is_refreshing() {
    let (_place, folder) = folder();
    write_entry(&folder, &stem("a"), Utc::now());
    write_entry(&folder, &stem("b"), Utc::now());
    let held = lock(&folder, &stem("a"));
    assert!(held.is_some());
    let cleared = clear(&folder, |_| true);
    assert_eq!((cleared.removed, cleared.kept), (1, 1));
    assert!(file(&folder, &stem("a"), "json").exists());
}

#[test]
fn clearing_counts_an_entry_that_is_about_to_be_made() {
    let (_place, folder) = folder();
    let _held = lock(&folder, &stem("a")).unwrap();
    let cleared = clear(&folder, |_| true);
    assert_eq!((cleared.removed, cleared.kept), (0, 1));
}

#[test]
fn clearing_removes_a_lock_file_that_is_never_locked() {
    let (_place, folder) = folder();
    write_entry(&folder, &stem("a"), Utc::now());
    let name = format!("{}.lock", stem("a"));
    write(&folder, &name, "");
    fs::set_permissions(folder.path().join(&name), fs::Permissions::from_mode(0o666)).unwrap();
    let cleared = clear(&folder, |_| true);
    assert_eq!((cleared.removed, cleared.kept), (1, 0));
    assert_eq!(all_names(&folder), BTreeSet::new());
}

#[test]
fn a_listing_has_no_identity_that_is_longer_than_an_arn() {
    let (_place, folder) = folder();
    let now = Utc::now();
    for (digits, length) in [("a", 2048), ("b", 66_000)] {
        let entry = json!({
            "kind": "session", "connector": "dev", "obtained_at": now, "expires_at": now,
            "payload": { "principal_arn": "x".repeat(length) },
        });
        write(
            &folder,
            &format!("{}.json", stem(digits)),
            &entry.to_string(),
        );
    }
    let lengths = list(&folder)
        .into_iter()
        .map(|listed| listed.identity.map(|arn| arn.len()));
    assert_eq!(lengths.collect::<Vec<_>>(), [Some(2048), None]);
}

#[test]
fn temporary_files_are_removed_once_they_are_old_or_their_writer_is_gone() {
    let (_place, folder) = folder();
    write(&folder, MARK, "");
    let old = ["clock.12".to_owned(), format!("{}.34", stem("a"))];
    old.iter().for_each(|name| write(&folder, name, ""));
    let tmp = [format!("{}.tmp", stem("b")), format!("{}.tmp", stem("c"))];
    write_entry(&folder, &stem("b"), Utc::now() + TimeDelta::hours(1));
    let held = lock(&folder, &stem("d"));
    assert!(held.is_some());
    tmp.iter().for_each(|name| write(&folder, name, ""));
    let kept = [
        MARK.to_owned(),
        "clock".to_owned(),
        "clock.56".to_owned(),
        "clock.toml".to_owned(),
        "other.12".to_owned(),
        format!("{}.78", stem("a")),
        format!("{}.json", stem("b")),
        format!("{}.lock", stem("b")),
        format!("{}.lock", stem("d")),
        format!("{}.tmp", stem("d")),
    ];
    for name in kept.iter().filter(|name| !name.ends_with(".json")) {
        if !folder.path().join(name).exists() {
            write(&folder, name, "");
        }
    }
    let others = ["clock.toml", "other.12"].map(|name| folder.path().join(name));
    for path in old
        .iter()
        .map(|name| folder.path().join(name))
        .chain(others)
    {
        let file = fs::File::open(path).unwrap();
        file.set_modified(SystemTime::now() - MOMENTS * 2).unwrap();
    }
    after_a_miss(&folder, Utc::now());
    assert_eq!(all_names(&folder), kept.into_iter().collect());
}

#[test]
fn a_lock_file_is_removed_unless_it_is_held_or_records_a_recent_failure() {
    let (_place, folder) = folder();
    let now = Utc::now();
    for (digits, ended) in [("a", now), ("b", now - FAILURE_KEPT * 2)] {
        lock(&folder, &stem(digits)).unwrap().say(&Note {
            holder: None,
            failure: Some(Failure {
                ended,
                error: crate::error::Error::refused("no"),
                own: false,
            }),
        });
    }
    drop(lock(&folder, &stem("c")));
    let held = lock(&folder, &stem("d"));
    assert!(held.is_some());
    write(&folder, MARK, "");
    after_a_miss(&folder, now);
    let kept = [
        format!("{}.lock", stem("a")),
        format!("{}.lock", stem("d")),
        MARK.to_owned(),
    ];
    assert_eq!(all_names(&folder), kept.into_iter().collect());
}
