//! Hands a request from a small program over to the full one, `aws-connector`, when it needs AWS, a
//! keyring or another process. The small program becomes the full one with `exec`, or starts it to
//! refresh an entry.
//!
//! The arguments of the full program are [`VERB`], [`CONTRACT`], the client's short name, the entry
//! to refresh or `-`, the time of the client's call (milliseconds of Unix time by the local clock),
//! and then the client's own arguments. Its standard input repeats the client's. For a refresh, its
//! standard output is the locked file.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::io::{Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};

use crate::cache::Renewal;
use crate::error::{Error, Result};
use crate::log;
use crate::request::Client;
use crate::shown::shown;
use crate::sys::process::exec;
use crate::sys::signals::{Deaf, outlive_file_limits};
use crate::sys::streams::nameless_file;
use crate::sys::user::effective_uid;

/// The first argument, which marks a call from a small program.
pub const VERB: &str = "answer-for";
/// The version of this protocol. Increase it with every incompatible change.
pub const CONTRACT: &str = "1";

/// A pipe holds this much before its reader starts.
const PIPE_BUFFER: usize = 4096;

/// The full program's file name.
const PROGRAM: &str = "aws-connector";
/// Its path, for packages that do not install it next to the small programs.
const PLACE: Option<&str> = option_env!("AWS_CONNECTOR_PROGRAM");

/// The client's request, as passed to the full program.
#[derive(Debug)]
pub struct HandOver<'a> {
    /// The program that the client called.
    pub client: Client,
    /// When the client called it.
    pub called: DateTime<Utc>,
    /// The arguments after its name.
    pub args: &'a [OsString],
    /// The text read from standard input, if any.
    pub stdin: Option<&'a str>,
}

/// A call to the full program.
#[derive(Debug)]
pub struct Call {
    /// The program that the client called.
    pub client: Client,
    /// When the client called it, by the local clock.
    pub called: DateTime<Utc>,
    /// The entry to refresh, if no client is waiting for a response.
    pub entry: Option<String>,
    /// The client's arguments.
    pub args: Vec<OsString>,
}

impl HandOver<'_> {
    /// Replaces this process with the full program. Returns only on failure.
    pub fn exec(&self) -> Error {
        let become_it = || -> Result<Infallible> {
            let program = find()?;
            if let Some(stdin) = self.input()? {
                rustix::stdio::dup2_stdin(&stdin).map_err(|error| cannot_pass_on(error.into()))?;
            }
            let args = self.full_args("-");
            let error = exec(&program, args.iter().map(OsString::as_os_str));
            Err(cannot_start(&program, error))
        };
        match become_it() {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    /// Starts the full program to refresh an entry, without waiting for it. Terminal interrupts and
    /// hangups are held back until it has its own session.
    pub fn renew(&self, renewal: Renewal) {
        let start = || {
            let program = find()?;
            let stdin = self.input()?.map_or_else(Stdio::null, Stdio::from);
            let mut command = Command::new(&program);
            command
                .args(self.full_args(&renewal.entry))
                .stdin(stdin)
                .stdout(renewal.lock)
                .stderr(Stdio::null());
            let _deaf = Deaf::new();
            command
                .spawn()
                .map_err(|error| cannot_start(&program, error))
        };
        match start() {
            Ok(child) => log::debug(format_args!(
                "pid {} refreshes in the background",
                child.id()
            )),
            Err(error) => log::debug(format_args!("cannot refresh in the background: {error}")),
        }
    }

    /// The arguments of the full program.
    fn full_args(&self, entry: &str) -> Vec<OsString> {
        let called = self.called.timestamp_millis().to_string();
        let mut args: Vec<OsString> = [VERB, CONTRACT, self.client.id(), entry, &called]
            .map(OsString::from)
            .into();
        args.extend_from_slice(self.args);
        args
    }

    /// The client's standard input.
    fn input(&self) -> Result<Option<OwnedFd>> {
        let Some(text) = self.stdin else {
            return Ok(None);
        };
        if text.len() <= PIPE_BUFFER {
            let (reader, mut writer) = std::io::pipe().map_err(cannot_pass_on)?;
            writer.write_all(text.as_bytes()).map_err(cannot_pass_on)?;
            return Ok(Some(reader.into()));
        }
        outlive_file_limits();
        let mut file = nameless_file().map_err(cannot_pass_on)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.rewind())
            .map_err(cannot_pass_on)?;
        Ok(Some(file.into()))
    }
}

fn cannot_pass_on(error: std::io::Error) -> Error {
    Error::local("cannot pass on standard input").because(error)
}

/// Parses a small program's call to the full one; `None` if this is not such a call.
///
/// # Errors
/// The contract is another version's. The client is returned as well, so that the error reaches it
/// in its own protocol.
pub fn read(args: &[OsString]) -> Option<Result<Call, (Client, Error)>> {
    let [verb, contract, client, rest @ ..] = args else {
        return None;
    };
    if verb != VERB {
        return None;
    }
    let client = client.to_str().and_then(Client::of_id)?;
    if contract != CONTRACT {
        let error = Error::local(format!(
            "{PROGRAM} {} and {} are incompatible versions",
            env!("CARGO_PKG_VERSION"),
            client.program()
        ));
        return Some(Err((
            client,
            error.fix("install all programs from the same release"),
        )));
    }
    let [entry, called, args @ ..] = rest else {
        return None;
    };
    let called = called.to_str().and_then(|called| called.parse().ok());
    Some(Ok(Call {
        client,
        called: called
            .and_then(DateTime::from_timestamp_millis)
            .unwrap_or_else(Utc::now),
        entry: entry
            .to_str()
            .filter(|entry| *entry != "-")
            .map(str::to_owned),
        args: args.to_vec(),
    }))
}

/// Finds the full program: next to this one, with links resolved, never on `PATH`.
fn find() -> Result<PathBuf> {
    let own = std::env::current_exe();
    let owner = own
        .as_ref()
        .ok()
        .and_then(|own| fs::metadata(own).ok())
        .map_or_else(effective_uid, |own| own.uid());
    let path = match (PLACE, own) {
        (Some(place), _) => PathBuf::from(place),
        (None, Ok(own)) => own.with_file_name(PROGRAM),
        (None, Err(error)) => {
            return Err(Error::local("cannot find the path of this program").because(error));
        }
    };
    // Check links too: in a folder like /tmp, other users can create one even if they cannot
    // replace it.
    let link = fs::symlink_metadata(&path).map_err(|error| cannot_start(&path, error))?;
    let meta = fs::metadata(&path).map_err(|error| cannot_start(&path, error))?;
    let why = if !meta.is_file() {
        "is not a file"
    } else if !is_trusted(link.uid(), owner) || !is_trusted(meta.uid(), owner) {
        "has a different owner than this program"
    } else if meta.mode() & 0o022 != 0 {
        "is writable by other users"
    } else {
        return Ok(path);
    };
    let shown = shown(&path.to_string_lossy());
    Err(Error::local(format!("{shown}, which is required, {why}"))
        .fix(format!("install {PROGRAM} again")))
}

/// Whether to run a file of this user: root, or the owner of this program.
fn is_trusted(user: u32, owner: u32) -> bool {
    user == 0 || user == owner
}

fn cannot_start(path: &Path, error: std::io::Error) -> Error {
    let folder = path.parent().unwrap_or(path);
    let program = shown(&path.to_string_lossy());
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::local(format!("{program}, which calls AWS, is missing"))
        }
        _ => Error::local(format!("{program}, which calls AWS, cannot be started")).because(error),
    }
    .fix(format!(
        "install {PROGRAM} from the same release into {}",
        shown(&folder.to_string_lossy())
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::io::Read as _;
    use std::os::unix::fs::FileTypeExt as _;

    use super::*;

    #[test]
    fn only_a_short_text_is_passed_on_in_a_pipe() {
        for (length, is_pipe) in [(0, true), (PIPE_BUFFER, true), (PIPE_BUFFER + 1, false)] {
            let text = "a".repeat(length);
            let hand_over = HandOver {
                client: Client::Docker,
                called: Utc::now(),
                args: &[],
                stdin: Some(&text),
            };
            let mut input = fs::File::from(hand_over.input().unwrap().unwrap());
            let kind = input.metadata().unwrap().file_type();
            assert_eq!(kind.is_fifo(), is_pipe, "{length}");
            let mut read = String::new();
            input.read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn a_program_of_root_or_of_the_same_owner_is_run() {
        assert!(is_trusted(0, 1000) && is_trusted(1000, 1000) && is_trusted(0, 0));
        assert!(!is_trusted(1000, 0) && !is_trusted(1001, 1000));
    }
}
