//! Reads the connectors file and checks its owner and permissions.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::error::Error;
use crate::paths::FILE_VARIABLE;
use crate::user::{Runner, Trust};

/// The maximum size of a connectors file, in bytes.
pub(crate) const LONGEST_FILE: u64 = 16 * 1024 * 1024;

/// How root can use another user's file although it refuses its commands and references.
pub(crate) fn not_as_root(path: &Path) -> String {
    format!(
        "run it as that user (without sudo), or, if you trust the file, run 'chown root {}'",
        path.display()
    )
}

/// A connectors file as read.
pub(super) struct ReadFile {
    pub(super) text: String,
    pub(super) owner: u32,
    /// Whether other users can read it.
    pub(super) by_others: bool,
}

/// Why the file could not be read.
pub(super) enum ReadError {
    Missing,
    Other(Error),
}

pub(super) fn read(path: &Path, runner: &Runner) -> std::result::Result<ReadFile, ReadError> {
    let failed = |error: std::io::Error| {
        let kind = error.kind();
        let wrong = Error::profile(format!("cannot read {}", path.display())).because(error);
        ReadError::Other(match kind {
            ErrorKind::InvalidInput => {
                wrong.fix(format!("replace it with a file, or set {FILE_VARIABLE}"))
            }
            _ => wrong,
        })
    };
    let file = match crate::fs::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(ReadError::Missing),
        Err(error) => return Err(failed(error)),
    };
    let meta = file.meta();
    let refuse = |what: &str, fix: String| {
        ReadError::Other(Error::profile(format!("{} {what}", path.display())).fix(fix))
    };
    if runner.trusts(meta.uid()) == Trust::None {
        return Err(refuse(
            &format!("belongs to another user (uid {})", meta.uid()),
            if runner.is_root() {
                format!(
                    "run it as that user, or, to let root use the file, run 'chown root {}'",
                    path.display()
                )
            } else {
                format!("use a file that you own, or set {FILE_VARIABLE}")
            },
        ));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(refuse(
            "is writable by other users, who could run commands as you",
            format!("chmod go-w {}", path.display()),
        ));
    }
    let mut bytes = file.read(LONGEST_FILE).map_err(failed)?;
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| {
        let line = 1 + error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to())
            .filter(|byte| **byte == b'\n')
            .count();
        ReadError::Other(Error::profile(format!(
            "{}:{line}: not UTF-8 text",
            path.display()
        )))
    })?;
    // Some Windows editors start a file with a byte order mark.
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    Ok(ReadFile {
        text,
        owner: meta.uid(),
        by_others: meta.mode() & 0o044 != 0,
    })
}
