//! A crash during a call to AWS writes no memory to disk.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;

use aws_standin::FaultKind;
use rustix::process::Signal;

use crate::support::{Client, House, Started, until};

#[test]
fn a_crash_leaves_no_core() {
    let house = House::new();
    house.fault("sts", FaultKind::Hang);
    let script = format!(
        "ulimit -c unlimited; exec {} --connector dev",
        Client::CredentialProcess.path().display()
    );
    let asking = Started::new(house.command("/bin/sh").args(["-c", &script]));
    until("AWS is asked", || !house.shelf().names().is_empty());
    // Debuggers of the same user cannot read its memory either.
    let memory = format!("/proc/{}/mem", asking.pid());
    assert_eq!(
        std::os::unix::fs::MetadataExt::uid(&fs::metadata(memory).unwrap()),
        0
    );
    asking.kill(Signal::ABORT);
    let run = asking.wait();
    assert_eq!(run.status.signal(), Some(6));
    assert!(!run.status.core_dumped());
    let left: Vec<_> = fs::read_dir(house.home()).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}
