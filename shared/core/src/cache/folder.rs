//! The cache directory: its ownership checks, and how entries are read and written.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::key::Key;
use zeroize::Zeroizing;

use crate::fs::insecure;

/// An entry takes a few kilobytes; a larger file was not written by this program.
pub(super) const LONGEST_ENTRY: u64 = 256 * 1024;

/// Why the cache is not used, in words that complete `the cache is not used: …`.
pub(crate) type Unusable = String;

/// A cache directory that passed its checks.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Checks the directory. If it does not exist yet, [`Folder::create`] creates it later.
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

    /// Creates the directory, accessible to its owner only.
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
            Err(error) => match fs::symlink_metadata(&self.path) {
                Ok(meta) => check_folder(&self.path, &meta),
                Err(_) => Err(failed(error)),
            },
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

    /// Reads an entry without a lock, because entries are replaced atomically. `None` if it does
    /// not exist or cannot be read.
    ///
    /// # Errors
    /// Other users could have written the file.
    pub(crate) fn read(&self, key: Key) -> Result<Option<Zeroizing<Vec<u8>>>, Unusable> {
        let path = self.entry_path(key);
        let Ok(file) = crate::fs::open_no_follow(&path) else {
            return Ok(None);
        };
        let meta = file.meta();
        let why = insecure(meta).or_else(|| {
            // It was created with mode 0600, so treat the content as leaked.
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
        Ok(file.read(LONGEST_ENTRY).ok())
    }

    /// Replaces an entry atomically. The caller holds the key's lock, so no other process uses the
    /// temporary name; a leftover of a killed process is overwritten.
    pub(crate) fn write(&self, key: Key, bytes: &[u8]) -> Result<(), Unusable> {
        self.write_by(&self.temporary_path(key), key, bytes)
    }

    /// As [`Folder::write`], but without the lock: uses a unique temporary name.
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
        // Block interrupts until the temporary file is removed.
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::cache::key::tests::some_key;

    fn bytes(folder: &Folder) -> Result<Option<usize>, Unusable> {
        Ok(folder.read(some_key(1))?.map(|bytes| bytes.len()))
    }

    #[test]
    fn a_folder_that_cannot_be_trusted_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        fs::create_dir(path("open")).unwrap();
        fs::set_permissions(path("open"), fs::Permissions::from_mode(0o770)).unwrap();
        fs::write(path("file"), "").unwrap();
        symlink(place.path(), path("link")).unwrap();
        for name in ["open", "file", "link", "file/below"] {
            assert!(Folder::open(&path(name)).is_err(), "{name}");
        }
        let folder = Folder::open(&path("new/cache")).unwrap();
        folder.create().unwrap();
        folder.create().unwrap();
        let mode = fs::metadata(folder.path()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o770)).unwrap();
        assert!(folder.create().is_err());
    }

    #[test]
    fn an_entry_is_read_back_unless_others_could_have_read_it() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        assert_eq!(bytes(&folder), Ok(None));
        folder.write(some_key(1), b"entry").unwrap();
        assert_eq!(bytes(&folder), Ok(Some(5)));
        folder.write_unlocked(some_key(1), b"another").unwrap();
        assert_eq!(bytes(&folder), Ok(Some(7)));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        for mode in [0o640, 0o604] {
            let path = folder.entry_path(some_key(1));
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(bytes(&folder).is_err());
        }
    }

    #[test]
    fn what_is_too_long_to_be_read_is_not_written() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let length = 256 * 1024;
        let longest = vec![b'x'; length + 2];
        folder
            .write(some_key(1), longest.get(..length).unwrap())
            .unwrap();
        assert_eq!(bytes(&folder), Ok(Some(length)));
        assert!(folder.write(some_key(1), &longest).is_err());
    }
}
