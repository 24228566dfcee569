//! The folder of entries: who may own it, how an entry is read and written.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::key::Key;

/// An entry is a few kilobytes; what is larger was not written by us.
pub(super) const LONGEST_ENTRY: u64 = 256 * 1024;

/// Why the cache is not used, in words that complete `the cache is not used: …`.
pub(crate) type Unusable = String;

/// A cache folder that has been looked at.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

/// What is stored under a key.
pub(crate) enum Found {
    /// Nothing that could be used.
    Nothing,
    /// These bytes.
    Bytes(zeroize::Zeroizing<Vec<u8>>),
}

impl Folder {
    /// Checks the folder; one that does not exist yet is fine, and created by [`Folder::create`].
    pub(crate) fn open(path: &Path) -> Result<Self, Unusable> {
        match fs::symlink_metadata(path) {
            Ok(meta) => check_folder(path, &meta)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Makes the folder, for its owner only.
    pub(crate) fn create(&self) -> Result<(), Unusable> {
        let failed =
            |error: std::io::Error| format!("cannot create {}: {error}", self.path.display());
        if let Some(parent) = self.path.parent()
            && !parent.as_os_str().is_empty()
        {
            let mut parents = fs::DirBuilder::new();
            parents.recursive(true).mode(0o700);
            parents.create(parent).map_err(failed)?;
        }
        match fs::DirBuilder::new().mode(0o700).create(&self.path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let meta = fs::symlink_metadata(&self.path).map_err(failed)?;
                check_folder(&self.path, &meta)
            }
            Err(error) => Err(failed(error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn entry_path(&self, key: Key) -> PathBuf {
        self.path.join(format!("{}.json", key.hex()))
    }

    pub(crate) fn lock_path(&self, key: Key) -> PathBuf {
        self.path.join(format!("{}.lock", key.hex()))
    }

    fn temporary_path(&self, key: Key) -> PathBuf {
        self.path.join(format!("{}.tmp", key.hex()))
    }

    /// Reads an entry's bytes, without a lock: entries are replaced whole.
    ///
    /// # Errors
    /// The file is one that others could have written.
    pub(crate) fn read(&self, key: Key) -> Result<Found, Unusable> {
        let path = self.entry_path(key);
        let Ok(file) = crate::fs::open_no_follow(&path) else {
            return Ok(Found::Nothing);
        };
        let meta = file.meta();
        let why = insecure(meta).or_else(|| {
            // It was created 0600: its content must be considered leaked.
            (meta.mode() & 0o044 != 0).then(|| {
                format!(
                    "is readable by other users (mode {:03o})",
                    meta.mode() & 0o777
                )
            })
        });
        if let Some(why) = why {
            return Err(format!("{} {why}", path.display()));
        }
        match file.read(LONGEST_ENTRY) {
            Ok(bytes) => Ok(Found::Bytes(bytes)),
            Err(_) => Ok(Found::Nothing),
        }
    }

    /// Replaces an entry whole. The caller holds the key's lock, so that the temporary name is
    /// its own; one left by a process that was killed is overwritten.
    pub(crate) fn write(&self, key: Key, bytes: &[u8]) -> Result<(), Unusable> {
        self.write_by(&self.temporary_path(key), key, bytes)
    }

    /// The same without the lock, through a uniquely named temporary file.
    pub(crate) fn write_unlocked(&self, key: Key, bytes: &[u8]) -> Result<(), Unusable> {
        let name = format!("{}.{}", key.hex(), std::process::id());
        self.write_by(&self.path.join(name), key, bytes)
    }

    fn write_by(&self, temporary: &Path, key: Key, bytes: &[u8]) -> Result<(), Unusable> {
        if bytes.len() as u64 > LONGEST_ENTRY {
            return Err(format!(
                "{} bytes is too large for a cache entry",
                bytes.len()
            ));
        }
        // An interrupt waits until the temporary file is gone.
        let _shield = crate::sys::signals::Shield::new();
        let _ = fs::remove_file(temporary);
        crate::fs::replace(temporary.to_owned(), &self.entry_path(key), bytes)
            .map_err(|error| format!("cannot write {}: {error}", temporary.display()))
    }
}

fn check_folder(path: &Path, meta: &fs::Metadata) -> Result<(), Unusable> {
    let shown = path.display();
    if meta.file_type().is_symlink() {
        return Err(format!(
            "{shown} is a symbolic link; use the path of the directory itself"
        ));
    }
    if !meta.is_dir() {
        return Err(format!("{shown} is not a directory; remove it"));
    }
    match insecure(meta) {
        Some(why) => Err(format!("{shown} {why}")),
        None => Ok(()),
    }
}

/// Why a file or folder cannot be trusted or should not be touched: another user could have
/// written it, or it is another user's and this is `sudo`.
pub fn insecure(meta: &fs::Metadata) -> Option<String> {
    let me = crate::user::effective_uid();
    if meta.uid() != me && (meta.uid() != 0 || me == 0) {
        return Some(format!("belongs to another user (uid {})", meta.uid()));
    }
    if meta.mode() & 0o022 != 0 {
        return Some(format!(
            "is writable by other users (mode {:03o}); run chmod go-w on it",
            meta.mode() & 0o777
        ));
    }
    None
}
