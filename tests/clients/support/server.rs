//! A server process for one test.

use std::{
    fs::{self, File},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::Machine;

const STARTS_WITHIN: Duration = Duration::from_secs(60);
const ENDS_WITHIN: Duration = Duration::from_secs(10);
const LOG_LINES_SHOWN: usize = 30;
const POLL: Duration = Duration::from_millis(20);

/// A running server. It is killed when this value is dropped or the test's thread ends.
pub(crate) struct Server {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command` and waits until `ready`.
    pub(crate) fn start(
        machine: &Machine,
        name: &str,
        command: &Command,
        ready: impl Fn() -> bool,
    ) -> Self {
        let log = machine.path(&format!("{name}.log"));
        let output = File::create(&log).expect("a log file");
        let errors = output.try_clone().expect("the same log file");
        // The kernel kills it even if the test is killed.
        let mut bound = machine.command("setpriv");
        bound
            .args(["--pdeathsig", "TERM"])
            .arg(command.get_program())
            .args(command.get_args());
        bound.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let child = bound
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let mut server = Self {
            name: name.to_owned(),
            child,
            log,
        };
        let started = Instant::now();
        while !ready() {
            let ended = server.child.try_wait().expect("the state of a child");
            assert!(
                ended.is_none(),
                "{name} ended before it was ready: {ended:?}"
            );
            assert!(
                started.elapsed() < STARTS_WITHIN,
                "{name} was not ready within {STARTS_WITHIN:?}"
            );
            thread::sleep(POLL);
        }
        server
    }

    /// Whether a server listens there.
    pub(crate) fn listens(address: &str) -> bool {
        TcpStream::connect(address).is_ok()
    }

    fn end(&mut self) {
        // The child is not reaped yet, so the pid is still its own.
        let pid = Pid::from_child(&self.child);
        if matches!(self.child.try_wait(), Ok(None)) && kill_process(pid, Signal::TERM).is_ok() {
            let asked = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && asked.elapsed() < ENDS_WITHIN {
                thread::sleep(POLL);
            }
        }
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        if thread::panicking() {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(LOG_LINES_SHOWN).collect();
            eprintln!("--- the end of the log of {}", self.name);
            lines.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}
