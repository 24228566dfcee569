//! Runs a program and captures its output: without a shell or a terminal, within a deadline.

use std::io::{ErrorKind, Read as _};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::shown::shown;

/// Passes the names of the connectors being served to child processes, outermost first, to detect
/// credential loops.
pub const CHAIN_VARIABLE: &str = "AWS_CONNECTOR_CHAIN";

/// How a program reports a loop on stderr. Stderr is the only channel back through intermediate
/// programs such as the AWS CLI, so [`reported_circle`] parses this text, and it is passed on
/// unchanged.
const CIRCLE: &str = "credential loop: ";
/// The maximum length of a loop in a message.
const LONGEST_CIRCLE: usize = 1000;

/// The size limit of a secret.
const LONGEST_OUTPUT: usize = 1024 * 1024;
/// How often to poll a child process.
const TICK: Duration = Duration::from_millis(10);

/// The error for a chain of connectors that forms a loop.
pub fn circle(chain: &str) -> Error {
    Error::profile(format!("{CIRCLE}{chain}")).fix(
        "the command or AWS CLI profile that provides this connector's credentials calls the \
         connector again; give it another source",
    )
}

/// Parses a loop that one of our programs reported on stderr.
fn reported_circle(line: &str) -> Option<Error> {
    let (_, rest) = line.split_once(CIRCLE)?;
    let (chain, _) = rest.split_once("; fix: ")?;
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    (chain.len() <= LONGEST_CIRCLE && chain.split(" -> ").all(is_name)).then(|| circle(chain))
}

/// Runs `argv` and returns its standard output. `chain` becomes [`CHAIN_VARIABLE`].
///
/// # Errors
/// The program cannot be started, exceeds the deadline, or exits with a nonzero status. The error
/// quotes its stderr, never its stdout.
pub fn run(argv: &[String], chain: &str, deadline: Instant) -> Result<Zeroizing<Vec<u8>>> {
    let name = argv.first().map_or("", String::as_str);
    let fail = |what: String| {
        Error::new(
            Kind::NoCredentials,
            format!("command {} {what}", shown(name)),
        )
    };
    crate::sys::signals::keep_children();
    let mut child = Command::new(name)
        .args(argv.iter().skip(1))
        .env(CHAIN_VARIABLE, chain)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            fail("cannot be started".to_owned())
                .because(error)
                .fix("use a program on PATH or its full path")
        })?;
    let mut output = Stream::new(child.stdout.take().map(OwnedFd::from));
    let mut said = Stream::new(child.stderr.take().map(OwnedFd::from));
    let status = wait(&mut child, &mut output, &mut said, deadline)
        .map_err(|error| fail("cannot be waited for".to_owned()).because(error))?;
    let Some(status) = status else {
        return Err(fail("timed out and was stopped".to_owned()));
    };
    if !status.success() {
        let said = String::from_utf8_lossy(&said.bytes);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        if let Some(error) = last.and_then(reported_circle) {
            return Err(error);
        }
        let said = last.map_or_else(String::new, |line| format!(": {}", shown(line.trim())));
        return Err(fail(format!("failed ({status}){said}")));
    }
    Ok(output.bytes)
}

/// One of a child's streams, and what was read from it so far.
struct Stream {
    pipe: Option<std::fs::File>,
    bytes: Zeroizing<Vec<u8>>,
}

impl Stream {
    fn new(pipe: Option<OwnedFd>) -> Self {
        let pipe = pipe.filter(|pipe| rustix::io::ioctl_fionbio(pipe, true).is_ok());
        Self {
            pipe: pipe.map(std::fs::File::from),
            bytes: Zeroizing::new(Vec::with_capacity(4096)),
        }
    }

    /// Reads what is available, without blocking.
    fn drain(&mut self) {
        let mut chunk = Zeroizing::new([0; 4096]);
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut *chunk) {
                Ok(count) if count > 0 => {
                    let room = LONGEST_OUTPUT.saturating_sub(self.bytes.len());
                    self.bytes.extend(chunk.iter().take(count.min(room)));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // After a read error, the exit status decides.
                _ => self.pipe = None,
            }
        }
    }
}

/// Waits for a child and reads its streams; `None` if the deadline passed and the child was killed.
///
/// Only the child's own exit counts, because a helper that it left in the background may keep the
/// streams open indefinitely. By then, the pipes contain everything the child wrote.
fn wait(
    child: &mut Child,
    output: &mut Stream,
    said: &mut Stream,
    deadline: Instant,
) -> std::io::Result<Option<ExitStatus>> {
    loop {
        let ended = child.try_wait()?;
        output.drain();
        said.drain();
        if ended.is_some() {
            return Ok(ended);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // Kill the children first, while they can still be found through their parents.
            stop_children(child.id());
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        let tick = TICK.min(left);
        let mut open: Vec<PollFd<'_>> = [&output.pipe, &said.pipe]
            .into_iter()
            .flatten()
            .map(|pipe| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN))
            .collect();
        if open.is_empty() {
            thread::sleep(tick / 4);
        } else if let Ok(time) = Timespec::try_from(tick) {
            // Interrupted or not, the next iteration checks again.
            let _ = poll(&mut open, Some(&time));
        }
    }
}

/// Kills the children of a process: killing only a wrapper would leave the hanging program behind.
/// A process group is no alternative, because its members could not read from the terminal.
#[cfg(target_os = "linux")]
fn stop_children(of: u32) {
    /// Room for a hundred thousand process ids.
    const LONGEST_LIST: u64 = 1024 * 1024;
    // Each thread lists only the children that it started itself.
    let threads = std::fs::read_dir(format!("/proc/{of}/task"));
    let lists = threads.into_iter().flatten().flatten().map(|thread| {
        let list = crate::fs::read_text(&thread.path().join("children"), LONGEST_LIST);
        list.map_or_else(|_| String::new(), |list| list.to_string())
    });
    for pid in lists.collect::<String>().split_ascii_whitespace() {
        let Ok(pid) = pid.parse() else { continue };
        stop_children(pid);
        if let Some(pid) = rustix::process::Pid::from_raw(pid.cast_signed()) {
            // It may have exited already.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn stop_children(_of: u32) {}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn sh(script: &str, seconds: u64) -> Result<String> {
        let argv = ["sh", "-c", script].map(str::to_owned);
        run(&argv, "dev", Instant::now() + Duration::from_secs(seconds))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn output_is_returned_and_the_chain_is_passed_on() {
        assert_eq!(sh("echo $AWS_CONNECTOR_CHAIN", 20).unwrap(), "dev\n");
    }

    #[test]
    fn a_failure_quotes_stderr_but_never_the_output() {
        let error = sh("echo s3cret; echo 'no such vault' >&2; exit 3", 20)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no such vault") && error.contains("exit status: 3"),
            "{error}"
        );
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        let error = sh("exec sleep 60", 0).unwrap_err().to_string();
        assert!(error.contains("timed out"), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_that_hangs_is_stopped_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let script = format!("sh -c 'echo $$ >{}; sleep 60; :'; :", path.display());
        let error = sh(&script, 1).unwrap_err().to_string();
        assert!(error.contains("timed out"), "{error}");
        // On a very busy machine the script may not have started within the second.
        let Ok(pid) = std::fs::read_to_string(&path) else {
            return;
        };
        // The kernel may take a while to reap a process.
        let began = Instant::now();
        while let Ok(stat) = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
            && !stat.contains(") Z ")
        {
            assert!(began.elapsed() < Duration::from_secs(20), "{stat}");
            thread::sleep(TICK);
        }
    }

    #[test]
    fn a_helper_left_in_the_background_does_not_block() {
        let began = Instant::now();
        assert_eq!(sh("sleep 60 & echo s3cret", 50).unwrap(), "s3cret\n");
        assert!(began.elapsed() < Duration::from_secs(40));
    }

    #[test]
    fn a_long_output_is_read_completely() {
        let text = sh("head -c 300000 /dev/zero | tr '\\0' x", 50).unwrap();
        assert_eq!(text.len(), 300_000);
    }

    #[test]
    fn only_a_reported_loop_is_passed_on_unchanged() {
        let found = circle("dev -> other -> dev").of("other").to_string();
        let script = format!("printf '%s\\n' \"aws-connector: {found}\" >&2; exit 1");
        let error = sh(&script, 50).unwrap_err();
        assert_eq!(error, circle("dev -> other -> dev"));
        let error = sh(
            &format!("echo '{CIRCLE}a\u{7} -> b; fix: x' >&2; exit 1"),
            50,
        )
        .unwrap_err();
        assert_eq!(error.kind, Kind::NoCredentials);
    }

    #[test]
    fn a_missing_program_is_named() {
        let argv = ["/no/such/program".to_owned()];
        let error = run(&argv, "", Instant::now()).unwrap_err().to_string();
        assert!(
            error.contains("/no/such/program") && error.contains("cannot be started"),
            "{error}"
        );
    }
}
