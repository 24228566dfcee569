//! Runs a program for its output: without a shell, without our terminal, within a deadline.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::shown::shown;

/// Carries the names of the connectors that are being served, outermost first, to children, so
/// that a program which asks us again is found out.
pub const CHAIN_VARIABLE: &str = "AWS_CONNECTOR_CHAIN";

/// More output than this is no secret.
const LONGEST_OUTPUT: u64 = 1024 * 1024;

/// Runs `argv` and returns its standard output. `chain` becomes [`CHAIN_VARIABLE`].
///
/// # Errors
/// The program cannot be started, runs past the deadline, or ends with another status than 0;
/// what it wrote to stderr is quoted, its output never.
pub fn run(argv: &[String], chain: &str, deadline: Instant) -> Result<Zeroizing<Vec<u8>>> {
    let name = argv.first().map_or("", String::as_str);
    let fail = |what: String| {
        Error::new(
            Kind::NoCredentials,
            format!("command {} {what}", shown(name)),
        )
    };
    let mut child = Command::new(name)
        .args(argv.iter().skip(1))
        .env(CHAIN_VARIABLE, chain)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            fail(format!("cannot be started: {error}"))
                .fix("name a program on PATH or by its full path")
        })?;
    let stdout = child
        .stdout
        .take()
        .map(|pipe| thread::spawn(move || read_all(pipe)));
    let stderr = child
        .stderr
        .take()
        .map(|pipe| thread::spawn(move || read_all(pipe)));
    let status = wait(&mut child, deadline);
    let Some(status) = status.map_err(|error| fail(format!("cannot be waited for: {error}")))?
    else {
        // A grandchild may hold the pipes open: the readers are left behind.
        return Err(fail("did not end in time and was stopped".to_owned()));
    };
    let collect = |reader: Option<thread::JoinHandle<Zeroizing<Vec<u8>>>>| {
        reader
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default()
    };
    let output = collect(stdout);
    if !status.success() {
        let stderr = collect(stderr);
        let said = String::from_utf8_lossy(&stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        let said = last.map_or_else(String::new, |line| format!(": {}", shown(line.trim())));
        return Err(fail(format!("failed ({status}){said}")));
    }
    Ok(output)
}

fn read_all(pipe: impl Read) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::new());
    // What was read before an error is judged by the exit status.
    let _ = pipe.take(LONGEST_OUTPUT).read_to_end(&mut bytes);
    bytes
}

/// Waits with short naps; `None` when the deadline passed and the child was killed.
fn wait(child: &mut Child, deadline: Instant) -> std::io::Result<Option<std::process::ExitStatus>> {
    let mut nap = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(20));
    }
}

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
    fn output_comes_back_and_the_chain_is_told() {
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
        assert!(error.contains("did not end in time"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let argv = ["/no/such/program".to_owned()];
        let error = run(&argv, "", Instant::now()).unwrap_err().to_string();
        assert!(
            error.contains("/no/such/program") && error.contains("cannot be started"),
            "{error}"
        );
    }
}
