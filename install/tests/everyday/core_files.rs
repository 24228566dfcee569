//! What a crash may write to disk.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::Machine;

/// A user who is not root.
const NOBODY: u32 = 65534;

/// More time than any machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a command that waits for input, as a user who is not root.
fn start(command: &mut Command) -> Child {
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    command.spawn().unwrap()
}

/// Whether a crash may write a core file: if so, the kernel lets the user inspect the process.
fn may_dump(child: &Child) -> bool {
    let file = format!("/proc/{}/environ", child.id());
    fs::metadata(file).unwrap().uid() != 0
}

#[test]
fn a_crash_of_the_command_writes_no_core_file() {
    let machine = Machine::new();
    fs::set_permissions(machine.home(), fs::Permissions::from_mode(0o777)).unwrap();
    let args = [
        "register",
        "dev",
        "--auth-method",
        "secret-key",
        "--region",
        "us-east-1",
        "--access-key-id",
        "AKIAIOSFODNN7EXAMPLE",
        "--secret-from",
        "stdin",
        "--store-plaintext",
        "--no-verify",
    ];
    let mut usual = start(Command::new("cat").env_clear());
    assert!(may_dump(&usual));
    let mut guarded = start(machine.command().args(args));
    let end = Instant::now() + PATIENCE;
    while may_dump(&guarded) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    let is_guarded = !may_dump(&guarded);
    // A process that has ended looks protected too, so check that it still runs.
    let mut stdin = guarded.stdin.take().unwrap();
    let answered = stdin.write_all(b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n");
    drop(stdin);
    let ended = guarded.wait().unwrap();
    usual.kill().unwrap();
    usual.wait().unwrap();
    assert!(is_guarded && answered.is_ok() && ended.success());
}
