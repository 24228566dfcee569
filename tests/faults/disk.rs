//! Disk faults: the command works without the cache and prints a one-line warning, or fails with a one-line error.
//! Over 300 lines, because one file system of faults serves all of it.

mod inject;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;

use crate::support::{Client, House, Run, is_root};
use crate::table::Scenario;
use inject::{
    SOMEBODY, as_somebody, mounted, readable_folder, refused, repaired, uncached, without_locks,
};

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        uncached("the cache folder is on a read-only file system", |house| {
            mounted(house, "size=64k", "mount -o remount,ro CACHE")
        }),
        uncached("the file system is full", |house| {
            mounted(
                house,
                "size=64k",
                "{ head -c 65536 /dev/zero >CACHE/full || true; }",
            )
        }),
        uncached("the file system has no inodes left", |house| {
            mounted(house, "nr_inodes=2", "touch CACHE/full")
        }),
        uncached("the file system has no locks", |house| {
            let mut command = house.credential_process();
            without_locks(&mut command);
            command
        }),
        uncached("the cache folder is not writable", |house| {
            fs::create_dir(house.cache()).unwrap();
            house.set_mode("cache", 0o500);
            as_somebody(house)
        }),
        uncached("no home folder", |house| {
            let mut command = house.credential_process();
            command
                .env_remove("HOME")
                .env_remove("AWS_CONNECTOR_CACHE_DIR");
            // A user without an entry in /etc/passwd has no home there either.
            house.give_to(SOMEBODY);
            command.uid(SOMEBODY).gid(SOMEBODY);
            command
        }),
        uncached(
            "a home folder that does not exist and cannot be created",
            |house| {
                let mut command = house.credential_process();
                command
                    .env("HOME", "/proc/nowhere")
                    .env_remove("AWS_CONNECTOR_CACHE_DIR");
                command
            },
        ),
        uncached("the cache folder is a file", |house| {
            house.write("cache", "");
            house.credential_process()
        }),
        uncached("the cache folder is a symbolic link", |house| {
            fs::create_dir(house.path("elsewhere")).unwrap();
            house.set_mode("elsewhere", 0o700);
            symlink(house.path("elsewhere"), house.cache()).unwrap();
            house.credential_process()
        }),
        uncached("others can write the cache folder", |house| {
            fs::create_dir(house.cache()).unwrap();
            house.set_mode("cache", 0o777);
            house.credential_process()
        }),
        uncached("the cache folder belongs to another user", |house| {
            fs::create_dir(house.cache()).unwrap();
            house.set_mode("cache", 0o755);
            std::os::unix::fs::chown(house.cache(), Some(SOMEBODY + 1), None).unwrap();
            let cache = house.cache();
            let command = as_somebody(house);
            std::os::unix::fs::chown(cache, Some(SOMEBODY + 1), None).unwrap();
            command
        }),
        uncached("run with sudo, in the home of another user", |house| {
            fs::create_dir(house.cache()).unwrap();
            house.set_mode("cache", 0o700);
            std::os::unix::fs::chown(house.cache(), Some(SOMEBODY), None).unwrap();
            house.credential_process()
        }),
        uncached("the lock is a symbolic link", |house| {
            Run::of(&mut house.credential_process()).quiet();
            let (entry, lock) = (house.shelf().entry("session"), house.shelf().lock());
            fs::remove_file(entry).unwrap();
            fs::remove_file(&lock).unwrap();
            let target = house.write("precious", "precious");
            symlink(target, lock).unwrap();
            house.credential_process()
        }),
        readable_folder(),
        repaired("the entry is a symbolic link", |house| {
            let entry = house.shelf().entry("session");
            fs::rename(&entry, house.path("elsewhere")).unwrap();
            symlink(house.path("elsewhere"), entry).unwrap();
        }),
        repaired("others can write the entry", |house| {
            set_entry_mode(house, 0o622)
        }),
        repaired("others can read the entry", |house| {
            set_entry_mode(house, 0o644)
        }),
        repaired("the entry belongs to another user", |house| {
            std::os::unix::fs::chown(house.shelf().entry("session"), Some(SOMEBODY), None).unwrap();
        }),
        repaired("the entry is truncated", |house| {
            let entry = house.shelf().entry("session");
            let text = fs::read(&entry).unwrap();
            fs::write(&entry, &text[..text.len() / 2]).unwrap();
        }),
        repaired("the entry is empty", |house| {
            fs::write(house.shelf().entry("session"), "").unwrap()
        }),
        repaired("the entry has an unknown schema version", |house| {
            let entry = house.shelf().entry("session");
            let text = fs::read_to_string(&entry).unwrap();
            let older = text.replacen("\"schema\":", "\"schema\":9", 1);
            assert_ne!(older, text);
            fs::write(&entry, older).unwrap();
        }),
        repaired("the entry is a named pipe", |house| {
            let entry = house.shelf().entry("session");
            fs::remove_file(&entry).unwrap();
            rustix::fs::mkfifoat(rustix::fs::CWD, &entry, rustix::fs::Mode::RUSR).unwrap();
        }),
        repaired(
            "a killed writer left a temporary file and no entry",
            |house| {
                let entry = house.shelf().entry("session");
                fs::rename(&entry, entry.with_extension("tmp")).unwrap();
            },
        ),
        refused("others can write the connectors file", |house| {
            house.set_mode("connectors.toml", 0o666);
            house.credential_process()
        }),
        refused(
            "others can read the connectors file, which contains a secret",
            |house| {
                house.set_mode("connectors.toml", 0o644);
                house.credential_process()
            },
        ),
        refused("the connectors file belongs to another user", |house| {
            house.set_mode("connectors.toml", 0o644);
            let command = as_somebody(house);
            std::os::unix::fs::chown(house.profile(), Some(SOMEBODY + 1), None).unwrap();
            command
        }),
        refused("the connectors file is a folder", |house| {
            fs::remove_file(house.profile()).unwrap();
            fs::create_dir(house.profile()).unwrap();
            house.credential_process()
        }),
        refused(
            "`AWS_CONNECTOR_FILE` names a file that does not exist",
            |house| {
                fs::remove_file(house.profile()).unwrap();
                house.credential_process()
            },
        ),
    ]
}

fn set_entry_mode(house: &House, mode: u32) {
    fs::set_permissions(
        house.shelf().entry("session"),
        fs::Permissions::from_mode(mode),
    )
    .unwrap();
}

#[test]
fn new_files_are_private_whatever_the_umask() {
    let house = House::new();
    let script = format!(
        "umask 0; exec '{}' --connector dev",
        Client::CredentialProcess.path().display()
    );
    Run::of(house.command("/bin/sh").args(["-c", &script])).quiet();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(house.cache()), 0o700);
    for name in house.shelf().names() {
        assert_eq!(mode(house.cache().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn a_link_in_place_of_an_entry_is_replaced_and_its_target_is_untouched() {
    let house = House::new();
    Run::of(&mut house.credential_process()).quiet();
    let entry = house.shelf().entry("session");
    let precious = house.write("precious", "precious");
    fs::remove_file(&entry).unwrap();
    symlink(&precious, &entry).unwrap();
    Run::of(&mut house.credential_process()).quiet();
    assert_eq!(fs::read_to_string(precious).unwrap(), "precious");
}

#[test]
fn a_hit_works_in_a_read_only_folder() {
    let house = House::new();
    let first = Run::of(&mut house.credential_process()).quiet().key();
    let script = format!(
        "mount --bind '{0}' '{0}' && mount -o remount,bind,ro '{0}' && exec '{1}' --connector dev",
        house.cache().display(),
        Client::CredentialProcess.path().display()
    );
    let user = if is_root() { "" } else { "--map-root-user " };
    let outer = format!("exec unshare {user}--mount /bin/sh -c \"{script}\"");
    let run = Run::of(house.command("/bin/sh").args(["-c", &outer]));
    assert_eq!(run.quiet().key(), first);
}

/// If the caller has closed the standard streams, the next files to be opened get their numbers.
#[test]
fn output_to_closed_streams_does_not_end_up_in_the_cache() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let house = House::new();
        let ours = Client::CredentialProcess.path();
        let script = format!("'{}' --connector dev {closed}", ours.display());
        for _ in 0..2 {
            let run = Run::of(house.command("/bin/sh").args(["-c", &script]));
            assert!(
                run.stdout.is_empty() || Client::CredentialProcess.is_document(&run.stdout),
                "{run:#?}"
            );
        }
        // Whether the streams are open or closed, there is one session and one intact entry.
        let run = Run::of(&mut house.credential_process()).quiet();
        assert!(Client::CredentialProcess.is_document(&run.stdout));
        assert_eq!(house.sts_calls(), 1, "{closed}");
        let lock = fs::read_to_string(house.shelf().lock()).unwrap();
        assert!(!lock.contains("SecretAccessKey"), "{closed}: {lock}");
    }
}

/// A closed pipe must not stop the program from storing the session.
#[test]
fn a_closed_pipe_on_standard_output_leaves_the_cache_intact() {
    let house = House::new();
    let ours = Client::CredentialProcess.path();
    let script = format!("'{}' --connector dev | true", ours.display());
    Run::of(house.command("/bin/sh").args(["-c", &script]));
    let run = Run::of(&mut house.credential_process()).quiet();
    assert!(Client::CredentialProcess.is_document(&run.stdout));
    assert_eq!(house.shelf().litter(), Vec::<String>::new());
}

#[test]
fn a_file_size_limit_is_a_warning_and_not_a_crash() {
    let house = House::new();
    // Output goes through pipes, because the limit would apply to files.
    let script = format!(
        "{{ (ulimit -S -f 0; exec {} --connector dev 2>&1 >&3) | cat >&2; }} 3>&1 | cat",
        Client::CredentialProcess.path().display()
    );
    let run = Run::of(
        house
            .command("/bin/bash")
            .args(["-o", "pipefail", "-c", &script]),
    );
    assert!(
        run.warning().contains("not using the cache: cannot write"),
        "{run:#?}"
    );
    assert_eq!(
        house
            .shelf()
            .names()
            .iter()
            .filter(|name| name.ends_with(".json") || name.ends_with(".tmp"))
            .count(),
        0
    );
}

#[test]
fn a_named_pipe_in_place_of_the_clock_or_a_lock_does_not_block() {
    let house = House::new();
    Run::of(&mut house.credential_process()).quiet();
    let lock = house.shelf().lock();
    fs::remove_file(&lock).unwrap();
    for path in [house.cache().join("clock"), lock] {
        assert!(
            house
                .command("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
    }
    Run::of(&mut house.credential_process()).quiet();
    house.shelf().make_short();
    assert!(Run::of(&mut house.credential_process()).status.success());
}
