//! The folder of entries: who may own it, how an entry is read and written.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::key::Key;

/// An entry is a few kilobytes; what is larger was not written by us.
const LONGEST_ENTRY: u64 = 256 * 1024;

/// Why the cache is not used, in words that complete `the cache is not used: …`.
pub(crate) type Unusable = String;

/// A cache folder that has been looked at.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

/// What lies under a key.
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
            |error: std::io::Error| format!("cannot make {}: {error}", self.path.display());
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
        let file = match fs::OpenOptions::new()
            .read(true)
            // Nor is a named pipe waited for.
            .custom_flags(no_follow() | rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(&path)
        {
            Ok(file) => file,
            Err(_) => return Ok(Found::Nothing),
        };
        let Ok(meta) = file.metadata() else {
            return Ok(Found::Nothing);
        };
        if !meta.is_file() || meta.len() > LONGEST_ENTRY {
            return Ok(Found::Nothing);
        }
        let why = insecure(&meta).or_else(|| {
            // It was born 0600: whoever has read it may use what it holds.
            (meta.mode() & 0o044 != 0)
                .then(|| format!("can be read by others (mode {:03o})", meta.mode() & 0o777))
        });
        if let Some(why) = why {
            return Err(format!("{} {why}", path.display()));
        }
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(
            usize::try_from(meta.len()).unwrap_or(0) + 1,
        ));
        // `take` spares the questions for size and place that a file of its own would ask again.
        match file.take(LONGEST_ENTRY + 1).read_to_end(&mut bytes) {
            Ok(_) => Ok(Found::Bytes(bytes)),
            Err(_) => Ok(Found::Nothing),
        }
    }

    /// Replaces an entry whole. The caller holds the key's lock, so that the temporary name is
    /// its own; one left by a process that was killed is overwritten.
    pub(crate) fn write(&self, key: Key, bytes: &[u8]) -> Result<(), Unusable> {
        self.write_by(&self.temporary_path(key), key, bytes)
    }

    /// The same for somebody without the lock, whose temporary file has a name of its own.
    pub(crate) fn write_unlocked(&self, key: Key, bytes: &[u8]) -> Result<(), Unusable> {
        let name = format!("{}.{}", key.hex(), std::process::id());
        self.write_by(&self.path.join(name), key, bytes)
    }

    fn write_by(&self, temporary: &Path, key: Key, bytes: &[u8]) -> Result<(), Unusable> {
        if bytes.len() as u64 > LONGEST_ENTRY {
            return Err(format!("{} bytes are too many for an entry", bytes.len()));
        }
        let failed = |error: std::io::Error| {
            // Half a file must not stay where there is no room for a whole one.
            let _ = fs::remove_file(temporary);
            format!("cannot write {}: {error}", temporary.display())
        };
        // An interrupt waits until the temporary file is gone.
        let _shield = crate::sys::signals::Shield::new();
        let _ = fs::remove_file(temporary);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(no_follow())
            .open(temporary)
            .map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        drop(file);
        fs::rename(temporary, self.entry_path(key)).map_err(failed)
    }
}

fn no_follow() -> i32 {
    // The bits are the same type on every platform that has the flag.
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}

fn check_folder(path: &Path, meta: &fs::Metadata) -> Result<(), Unusable> {
    let shown = path.display();
    if meta.file_type().is_symlink() {
        return Err(format!(
            "{shown} is a symbolic link; name the folder itself"
        ));
    }
    if !meta.is_dir() {
        return Err(format!("{shown} is not a folder; remove it"));
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
            "can be written by others (mode {:03o}); chmod go-w it",
            meta.mode() & 0o777
        ));
    }
    None
}
