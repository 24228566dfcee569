//! One run of a binary.

use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aws_standin::SECRET_ACCESS_KEY;

use super::{Answer, Binary};

/// A program to run.
pub(crate) struct Run {
    pub(super) binary: Binary,
    pub(super) command: Command,
    pub(super) stdin: Option<Vec<u8>>,
}

impl Run {
    pub(crate) fn env(self, name: &str, value: &str) -> Self {
        self.set(name, Some(value))
    }

    /// The program of the same name in another folder.
    pub(crate) fn from(mut self, folder: &Path) -> Self {
        let name = Path::new(self.binary.path()).file_name().unwrap();
        let mut moved = Command::new(folder.join(name));
        moved.args(self.command.get_args()).env_clear();
        for (name, value) in self.command.get_envs() {
            moved.env(name, value.unwrap_or_default());
        }
        moved.current_dir(self.command.get_current_dir().unwrap());
        moved.process_group(0);
        self.command = moved;
        self
    }

    /// Sets a variable, or removes one that every run has.
    pub(crate) fn set(mut self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.command.env(name, value),
            None => self.command.env_remove(name),
        };
        self
    }

    /// Sets a variable to a value that need not be UTF-8.
    pub(crate) fn env_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.command.env(name, std::ffi::OsStr::from_bytes(value));
        self
    }

    /// Adds an argument that need not be UTF-8.
    pub(crate) fn arg(mut self, bytes: &[u8]) -> Self {
        self.command.arg(std::ffi::OsStr::from_bytes(bytes));
        self
    }

    /// Sets what a Kubernetes client with this API version passes, not interactive.
    pub(crate) fn exec_info(self, version: &str) -> Self {
        let info = format!(
            r#"{{"apiVersion":"client.authentication.k8s.io/{version}","kind":"ExecCredential","spec":{{"interactive":false}}}}"#
        );
        self.env("KUBERNETES_EXEC_INFO", &info)
    }

    pub(crate) fn stdin(self, text: &str) -> Self {
        self.stdin_bytes(text.as_bytes())
    }

    pub(crate) fn stdin_bytes(mut self, bytes: &[u8]) -> Self {
        self.stdin = Some(bytes.to_vec());
        self
    }

    /// Starts it with this standard error.
    pub(crate) fn start_with_stderr(mut self, stderr: impl Into<Stdio>) -> Child {
        let command = self.command.stdin(Stdio::null());
        command
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap()
    }

    /// Starts it and writes its standard input at once, which must therefore be short.
    pub(crate) fn start(mut self) -> (Binary, Child) {
        let stdin = if self.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let mut child = self
            .command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if let (Some(bytes), Some(mut pipe)) = (self.stdin, child.stdin.take()) {
            // A program need not read all of its input.
            let _ = pipe.write_all(&bytes);
        }
        (self.binary, child)
    }

    /// Runs it to its end. Asserts that no secret of the user appears in its output.
    #[track_caller]
    pub(crate) fn answer(self) -> Answer {
        let (binary, child) = self.start();
        finish(binary, child)
    }
}

/// Waits for a started process, and returns its output.
#[track_caller]
pub(crate) fn finish(binary: Binary, child: Child) -> Answer {
    let output = child.wait_with_output().unwrap();
    let answer = Answer {
        status: output
            .status
            .code()
            .unwrap_or_else(|| panic!("{binary:?}: {}", output.status)),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(
        !answer.stderr.contains(SECRET_ACCESS_KEY),
        "{}",
        answer.stderr
    );
    if answer.status != 0 {
        assert!(
            !answer.stdout.contains(SECRET_ACCESS_KEY),
            "{}",
            answer.stdout
        );
    }
    answer
}
