//! Reads the clients' files.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use aws_connector_core::error::{Error, Result};
use aws_connector_core::fs as guarded;

/// Config files are smaller than this.
pub(super) const LONGEST: u64 = 16 * 1024 * 1024;

/// The kernel's own limit.
const MOST_LINKS: usize = 40;

/// Resolves symbolic links, also to a file that does not exist yet.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(Error::local(format!("{}: too many links", path.display())))
}

/// A file's text; `None` if the file does not exist.
pub(crate) fn read(path: &Path) -> Result<Option<String>> {
    match guarded::read_text(path, LONGEST) {
        Ok(mut text) => Ok(Some(std::mem::take(&mut *text))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}

pub(super) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::local(format!("{} cannot be read", path.display())).because(error)
}

/// Whether a file contains a word; true if it cannot be read.
pub(super) fn holds(path: &Path, word: &str) -> bool {
    match guarded::read(path, LONGEST) {
        Ok(bytes) => bytes
            .windows(word.len())
            .any(|part| part == word.as_bytes()),
        // We write only regular files, so anything else cannot contain our entries.
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput),
    }
}

/// A file's text; empty if it cannot be read.
pub(crate) fn read_or_empty(path: &Path) -> String {
    read(path).ok().flatten().unwrap_or_default()
}

/// The folders above a file that do not exist yet, outermost first.
pub(super) fn missing_folders(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = folder_of(path)
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .map(Path::to_owned)
        .collect();
    all.reverse();
    all
}

/// Creates the folder of a file, for its owner only.
pub(crate) fn make_folder(path: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder_of(path))
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
