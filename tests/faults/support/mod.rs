//! Shared by the tests of this target: a house for each test (home, connectors file, cache, AWS), programs that run in
//! it, and ways to make entries older without waiting.

mod dice;
mod entry;
mod house;
mod issued;
mod run;
mod stage;
mod terminal;
mod trace;

pub(crate) use dice::Dice;
pub(crate) use entry::{Shelf, hold};
pub(crate) use house::{House, REGISTRY};
pub(crate) use issued::issued;
pub(crate) use run::{Client, Run, Started, until};
pub(crate) use stage::{Stage, State, mount_small};
pub(crate) use terminal::Terminal;
pub(crate) use trace::{Call, Event, Tracer, kill};

use std::time::Duration;

/// Longer than any test takes on a busy machine. Not a measure of speed.
pub(crate) const LONG: Duration = Duration::from_secs(100);

/// A number from the environment, which can make runs larger.
pub(crate) fn size(variable: &str, everyday: usize) -> usize {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(everyday)
}

/// Whether this is root, which some tests need to run as two users.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether to run the tests that take minutes.
pub(crate) fn is_exhaustive() -> bool {
    std::env::var_os("FAULTS_EXHAUSTIVE").is_some()
}

/// Reports that something cannot be tested here. A skipped test looks like one that passed, so this one fails, unless
/// `FAULTS_SKIPPED` names a file that lists what was skipped.
pub(crate) fn skip(what: &str) {
    let Some(list) = std::env::var_os("FAULTS_SKIPPED") else {
        panic!(
            "cannot test here: {what}; fix: set FAULTS_SKIPPED to a file that lists skipped tests"
        );
    };
    use std::io::Write as _;
    let mut list = std::fs::File::options()
        .create(true)
        .append(true)
        .open(list)
        .expect("the file that FAULTS_SKIPPED names");
    list.write_all(format!("{what}\n").as_bytes())
        .expect("a line");
}
