//! The programs, how to start them, and their output.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{LONG, REGISTRY};

/// The three kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    CredentialProcess,
    Docker,
    EksToken,
}

impl Client {
    pub(crate) const ALL: [Self; 3] = [Self::CredentialProcess, Self::Docker, Self::EksToken];

    /// The path of the program: the one just built, or the one in the folder that `FAULTS_BINARIES` names.
    pub(crate) fn path(self) -> PathBuf {
        let built = PathBuf::from(match self {
            Self::CredentialProcess => env!("CARGO_BIN_EXE_aws-connector-credential-process"),
            Self::Docker => env!("CARGO_BIN_EXE_docker-credential-aws-connector"),
            Self::EksToken => env!("CARGO_BIN_EXE_aws-connector-eks-token"),
        });
        match (std::env::var_os("FAULTS_BINARIES"), built.file_name()) {
            (Some(folder), Some(name)) => PathBuf::from(folder).join(name),
            _ => built,
        }
    }

    /// The path of `aws-connector`: next to the three, or else the one just built.
    pub(crate) fn everyday() -> PathBuf {
        let built = PathBuf::from(env!("CARGO_BIN_EXE_aws-connector-credential-process"));
        let paths = [Self::folder(), built.with_file_name("")];
        let mut paths = paths.iter().map(|folder| folder.join("aws-connector"));
        paths
            .find(|path| path.exists())
            .expect("aws-connector is not built: test the whole workspace")
    }

    /// The folder of the programs.
    pub(crate) fn folder() -> PathBuf {
        let path = Self::CredentialProcess.path();
        path.parent().expect("a binary is in a folder").to_owned()
    }

    /// Adds the client's arguments and input.
    pub(crate) fn question(self, command: &mut Command) {
        match self {
            Self::CredentialProcess => {
                command.args(["--connector", "dev"]);
            }
            Self::Docker => {
                command.arg("get").stdin(registry());
            }
            Self::EksToken => {
                command.args(["--cluster", "prod", "--connector", "dev"]).env(
                    "KUBERNETES_EXEC_INFO",
                    r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}"#,
                );
            }
        }
    }

    /// Whether a text is a complete document of this protocol that has not expired.
    pub(crate) fn is_document(self, text: &str) -> bool {
        let Ok(document) = serde_json::from_str::<Value>(text) else {
            return false;
        };
        let (parts, end): (&[&str], Option<&str>) = match self {
            Self::CredentialProcess => (
                &[
                    "/AccessKeyId",
                    "/SecretAccessKey",
                    "/SessionToken",
                    "/Expiration",
                ],
                Some("/Expiration"),
            ),
            Self::Docker => (&["/ServerURL", "/Username", "/Secret"], None),
            Self::EksToken => (
                &[
                    "/apiVersion",
                    "/status/token",
                    "/status/expirationTimestamp",
                ],
                Some("/status/expirationTimestamp"),
            ),
        };
        let text = |place: &str| {
            document
                .pointer(place)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        parts.iter().all(|place| !text(place).is_empty())
            && end.is_none_or(|end| {
                DateTime::parse_from_rfc3339(text(end)).is_ok_and(|end| end.to_utc() > Utc::now())
            })
    }
}

/// A standard input with the registry's name.
fn registry() -> Stdio {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(REGISTRY.as_bytes()).expect("a few bytes");
    file.rewind().expect("a file has a beginning");
    file.into()
}

/// Status and output of a program.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Run {
    /// Runs a program to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        Started::new(command).wait()
    }

    /// The document on standard output.
    pub(crate) fn document(&self) -> Value {
        assert!(self.status.success(), "{self:#?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The access key id in a `credential_process` document.
    pub(crate) fn key(&self) -> String {
        self.document()["AccessKeyId"]
            .as_str()
            .expect("a key id")
            .to_owned()
    }

    /// The expiration in that document.
    pub(crate) fn end(&self) -> DateTime<Utc> {
        let document = self.document();
        DateTime::parse_from_rfc3339(document["Expiration"].as_str().expect("an end"))
            .expect("a time")
            .to_utc()
    }

    /// Asserts failure without standard output, and returns the one-line error.
    pub(crate) fn failure(&self) -> &str {
        assert!(
            !self.status.success() && self.stdout.is_empty(),
            "{self:#?}"
        );
        let mut lines = self
            .stderr
            .lines()
            .filter(|line| !line.contains(": debug: "));
        let line = lines.next().unwrap_or_else(|| panic!("silent: {self:#?}"));
        assert_eq!(lines.next(), None, "more than one line: {self:#?}");
        line
    }

    /// Asserts success with one warning, and returns it.
    pub(crate) fn warning(&self) -> &str {
        self.document();
        let mut lines = self.stderr.lines();
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("no warning: {self:#?}"));
        assert!(line.starts_with("aws-connector: warning: "), "{self:#?}");
        assert_eq!(lines.next(), None, "more than one line: {self:#?}");
        line
    }

    /// Asserts success without a warning.
    pub(crate) fn quiet(self) -> Self {
        assert!(self.status.success() && self.stderr.is_empty(), "{self:#?}");
        self
    }
}

/// A running program. It writes into files, so that many can run at once without blocking on their reader.
pub(crate) struct Started {
    pub(crate) child: Child,
    stdout: File,
    stderr: File,
    began: Instant,
}

impl Started {
    pub(crate) fn new(command: &mut Command) -> Self {
        Self::try_new(command).unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    pub(crate) fn try_new(command: &mut Command) -> std::io::Result<Self> {
        let file = || tempfile::tempfile().expect("a temporary file");
        let (stdout, stderr) = (file(), file());
        let copy = |file: &File| Stdio::from(file.try_clone().expect("a descriptor"));
        let began = Instant::now();
        let child = command
            .stdout(copy(&stdout))
            .stderr(copy(&stderr))
            .spawn()?;
        Ok(Self {
            child,
            stdout,
            stderr,
            began,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its output on standard error so far.
    pub(crate) fn stderr(&self) -> String {
        text(&self.stderr)
    }

    pub(crate) fn kill(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // It may have ended already.
        let _ = rustix::process::kill_process(pid, signal);
    }

    /// Waits for its end; a program that hangs fails the test.
    pub(crate) fn wait(mut self) -> Run {
        let status = loop {
            match self.child.try_wait().expect("a child can be waited for") {
                Some(status) => break status,
                None if self.began.elapsed() > LONG => {
                    self.kill(rustix::process::Signal::KILL);
                    panic!("hangs: {}", self.stderr());
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        self.ended(status)
    }

    /// Status and output, for a caller that has waited for its end.
    pub(crate) fn ended(self, status: ExitStatus) -> Run {
        Run {
            status,
            took: self.began.elapsed(),
            stdout: text(&self.stdout),
            stderr: text(&self.stderr),
        }
    }
}

fn text(file: &File) -> String {
    // The children's descriptors share this file offset, so read from the start without moving it.
    use std::os::unix::fs::FileExt as _;
    let length = file.metadata().expect("a file").len();
    let mut bytes = vec![0; usize::try_from(length).expect("a short text")];
    file.read_exact_at(&mut bytes, 0).expect("what was written");
    String::from_utf8(bytes).expect("UTF-8")
}

/// Waits until a condition is true.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONG, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
