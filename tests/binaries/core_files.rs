//! Crashes write no core files.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An unprivileged user id.
const NOBODY: u32 = 65534;

/// Longer than this test takes on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a program that waits for input, as an unprivileged user.
fn start(command: &mut Command) -> Child {
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.env_clear().stdin(Stdio::piped());
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Whether a crash of the process can write a core file: if so, its user can also read its memory.
fn may_dump(child: &Child) -> bool {
    let file = format!("/proc/{}/environ", child.id());
    fs::metadata(file).unwrap().uid() != 0
}

#[test]
fn a_crash_of_a_client_writes_no_core_file() {
    // Accessible to the other user, and therefore not below TMPDIR.
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (own, helper) = (
        env!("CARGO_BIN_EXE_docker-credential-aws-connector"),
        folder.path().join("helper"),
    );
    fs::hard_link(own, &helper)
        .or_else(|_| fs::copy(own, &helper).map(drop))
        .unwrap();
    let mut usual = start(&mut Command::new("/bin/cat"));
    assert!(may_dump(&usual));
    usual.kill().unwrap();
    usual.wait().unwrap();
    let mut guarded = start(Command::new(&helper).arg("get"));
    let end = Instant::now() + PATIENCE;
    while may_dump(&guarded) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    let is_guarded = !may_dump(&guarded);
    // A process that has ended looks protected too, so check that this one still answers.
    let mut stdin = guarded.stdin.take().unwrap();
    let asked = stdin.write_all(b"docker.io\n");
    drop(stdin);
    let answer = guarded.wait_with_output().unwrap().stdout;
    assert!(is_guarded && asked.is_ok());
    assert_eq!(answer, b"credentials not found in native keychain\n");
}
