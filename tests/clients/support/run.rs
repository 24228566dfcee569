//! One run of a client and what it said.

use std::process::Command;

/// No client may hang a test; the slowest needs a few seconds on a busy machine.
const TIMEOUT_SECONDS: &str = "90";

/// A client's run that has ended.
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

    /// What it printed; a failed run fails the test with all that it said.
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert!(self.status == Some(0), "{self}");
        self.stdout
    }

    /// Both its channels; a run that succeeded, or hung, fails the test.
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
