//! exec writes a configuration that is run as code, so other users must not be able to change it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use crate::support::{Machine, Ran, ran};

fn exec(machine: &Machine, cache: &Path, flags: &[&str]) -> Ran {
    let mut command = machine.command();
    command
        .env("AWS_CONNECTOR_CACHE_DIR", cache)
        .args(["exec", "dev"])
        .args(flags)
        .args(["--", "sh", "-c", "echo ran; echo $AWS_CONFIG_FILE"]);
    ran(&mut command)
}

/// Creates a folder with exactly this mode, regardless of the umask.
fn folder(path: PathBuf, mode: u32) -> PathBuf {
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[track_caller]
fn is_refused(machine: &Machine, cache: &Path, why: &str) {
    let refused = exec(machine, cache, &[]);
    assert_eq!(refused.status, 1, "{refused:#?}");
    assert_eq!(refused.stdout, "", "the command must not run");
    let line = refused.stderr.lines().last().unwrap();
    for part in [why, "--env", "AWS_CONNECTOR_CACHE_DIR"] {
        assert!(line.contains(part), "{part}: {refused:#?}");
    }
    // The fix works.
    let ran = exec(machine, cache, &["--env"]).ok();
    assert_eq!(ran.stdout, "ran\n\n");
}

#[test]
fn a_cache_folder_that_others_can_write_is_refused() {
    let machine = Machine::with_connectors();
    let cache = folder(machine.path("cache"), 0o777);
    is_refused(&machine, &cache, "is writable by other users (mode 777)");
    assert!(!cache.join("exec").exists());
}

#[test]
fn an_exec_folder_that_others_can_write_is_refused() {
    let machine = Machine::with_connectors();
    let cache = folder(machine.path("cache"), 0o700);
    let inner = folder(cache.join("exec"), 0o777);
    is_refused(&machine, &cache, "exec is writable by other users");
    assert_eq!(fs::read_dir(inner).unwrap().count(), 0);
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let machine = Machine::with_connectors();
    let elsewhere = folder(machine.path("elsewhere"), 0o700);
    let cache = folder(machine.path("cache"), 0o700);
    symlink(&elsewhere, cache.join("exec")).unwrap();
    is_refused(&machine, &cache, "is a symbolic link");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    let link = machine.path("link");
    symlink(&elsewhere, &link).unwrap();
    is_refused(&machine, &link, "is a symbolic link");
    assert!(!elsewhere.join("exec").exists());
}

#[test]
fn a_folder_below_one_that_others_can_write_is_refused() {
    let machine = Machine::with_connectors();
    let open = folder(machine.path("open"), 0o777);
    let cache = folder(open.join("inner/cache"), 0o700);
    folder(open.join("inner"), 0o700);
    is_refused(
        &machine,
        &cache,
        "open is writable by other users (mode 777)",
    );
    // Also if none of it exists yet.
    let missing = open.join("missing/cache");
    let refused = exec(&machine, &missing, &[]);
    assert_eq!(refused.status, 1, "{refused:#?}");
    assert!(!missing.join("exec").exists());
    // In a sticky folder only the owner can replace a file.
    folder(open, 0o1777);
    assert!(exec(&machine, &cache, &[]).ok().stdout.starts_with("ran\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_another_user_can_write_by_its_acl_is_refused() {
    use rustix::fs::{XattrFlags, setxattr};
    let machine = Machine::with_connectors();
    let shared = folder(machine.path("shared"), 0o775);
    let cache = folder(shared.join("cache"), 0o700);
    let meta = fs::metadata(&shared).unwrap();
    if [0, meta.uid()].contains(&meta.gid()) {
        // The group is root's or the user's own.
        exec(&machine, &cache, &[]).ok();
    }
    // user::rwx, user:65534:rwx, group::r-x, mask::rwx, other::r-x
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in [
        (0x01_u16, 7_u16, u32::MAX),
        (0x02, 7, 65534),
        (0x04, 5, u32::MAX),
        (0x10, 7, u32::MAX),
        (0x20, 5, u32::MAX),
    ] {
        acl.extend(tag.to_le_bytes());
        acl.extend(permissions.to_le_bytes());
        acl.extend(id.to_le_bytes());
    }
    match setxattr(
        &shared,
        "system.posix_acl_access",
        &acl,
        XattrFlags::empty(),
    ) {
        // The file system has no ACLs.
        Err(rustix::io::Errno::OPNOTSUPP) => return,
        set => set.unwrap(),
    }
    assert_eq!(fs::metadata(&shared).unwrap().mode() & 0o777, 0o775);
    is_refused(
        &machine,
        &cache,
        "shared can be written by others (mode 775)",
    );
}

#[test]
fn a_folder_of_another_user_is_refused() {
    let machine = Machine::with_connectors();
    // Only root can change the owner of a file.
    if fs::metadata(machine.home()).unwrap().uid() != 0 {
        return;
    }
    let cache = folder(machine.path("cache"), 0o700);
    let inner = folder(cache.join("exec"), 0o700);
    chown(&inner, Some(65534), None).unwrap();
    is_refused(&machine, &cache, "exec belongs to another user (uid 65534)");
    let parent = folder(machine.path("theirs"), 0o755);
    let cache = folder(parent.join("cache"), 0o700);
    chown(&parent, Some(65534), None).unwrap();
    is_refused(&machine, &cache, "theirs belongs to another user");
}

#[test]
fn a_planted_file_is_replaced_and_not_written_through() {
    let machine = Machine::with_connectors();
    let cache = machine.path("cache");
    let file = |ran: Ran| PathBuf::from(ran.ok().stdout.lines().nth(1).unwrap());
    let path = file(exec(&machine, &cache, &[]));
    let text = fs::read_to_string(&path).unwrap();
    let victim = machine.write("victim", "precious");
    let same = machine.write("same", &text);

    let is_whole = || {
        assert_eq!(file(exec(&machine, &cache, &[])), path);
        let meta = fs::symlink_metadata(&path).unwrap();
        assert!(meta.is_file() && meta.nlink() == 1);
        assert_eq!(meta.mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    };
    for target in [&victim, &same] {
        fs::remove_file(&path).unwrap();
        symlink(target, &path).unwrap();
        is_whole();
        fs::remove_file(&path).unwrap();
        fs::hard_link(target, &path).unwrap();
        is_whole();
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    // Another process may have the old file open.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    is_whole();
}

#[test]
fn a_variable_with_a_line_break_does_not_add_lines_to_the_configuration() {
    let machine = Machine::with_connectors();
    for value in [
        "x\ncredential_process = touch injected",
        "x\r",
        "x\u{1b}[2J",
        "x\u{85}",
    ] {
        let run = |flags: &[&str]| {
            let mut command = machine.command();
            command.env("AWS_WEB_IDENTITY_TOKEN_FILE", value);
            command
                .args(["exec", "dev"])
                .args(flags)
                .args(["--", "true"]);
            ran(&mut command)
        };
        let refused = run(&[]);
        assert_eq!(refused.status, 2, "{refused:#?}");
        let told = "AWS_WEB_IDENTITY_TOKEN_FILE contains a control character; fix: unset AWS_WEB_IDENTITY_TOKEN_FILE, or pass --env";
        assert!(refused.stderr.contains(told), "{refused:#?}");
        run(&["--env"]).ok();
    }
}

#[test]
fn the_command_sees_no_credentials_of_the_caller() {
    let machine = Machine::with_connectors();
    let names = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN",
    ];
    for flags in [&[][..], &["--env"]] {
        let mut command = machine.command();
        for name in names {
            command.env(name, "callers-own");
        }
        command.args(["exec", "dev"]).args(flags);
        command.args(["--", "sh", "-c", "env; echo ran"]);
        let ran = ran(&mut command).ok();
        assert!(ran.stdout.contains("ran\n"), "{ran:#?}");
        assert!(!ran.stdout.contains("=callers-own"), "{ran:#?}");
    }
}
