//! One run of a client, and its output.

use std::process::Command;

/// A client that hangs fails the test. The slowest client needs a few seconds on a busy machine.
const TIMEOUT_SECONDS: &str = "90";

/// A finished run of a client.
pub(crate) struct Run {
    what: String,
    status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs `command` to its end.
    pub(crate) fn of(command: &Command) -> Self {
        let mut limited = Command::new("timeout");
        limited
            .args(["--kill-after=5", TIMEOUT_SECONDS])
            .arg(command.get_program())
            .args(command.get_args());
        limited.env_clear().envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        if let Some(folder) = command.get_current_dir() {
            limited.current_dir(folder);
        }
        let output = limited
            .stdin(std::process::Stdio::null())
            .output()
            .expect("timeout (coreutils) runs");
        Self {
            what: format!("{command:?}"),
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts success, and returns standard output.
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert!(self.status == Some(0), "{self}");
        self.stdout
    }

    /// Asserts failure, and returns standard output and standard error.
    #[track_caller]
    pub(crate) fn failed(self) -> String {
        assert!(!matches!(self.status, Some(0 | 124 | 137) | None), "{self}");
        self.stdout + &self.stderr
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            what,
            status,
            stdout,
            stderr,
        } = self;
        write!(
            out,
            "{what}\nended with {status:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        )
    }
}
