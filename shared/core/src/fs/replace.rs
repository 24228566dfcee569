//! Atomic replacement: writes a file under a temporary name and renames it when complete.

use std::fs::{self, File, OpenOptions};
use std::io::{Result, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A temporary file; removed on drop unless it was renamed into place.
#[derive(Debug)]
pub struct Draft {
    file: File,
    path: PathBuf,
    in_place: bool,
}

impl Draft {
    /// Creates the file exclusively, with mode 0600 from the start.
    ///
    /// # Errors
    /// The file exists, or cannot be created.
    pub fn create(path: PathBuf) -> Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)?;
        Ok(Self {
            file,
            path,
            in_place: false,
        })
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Its temporary path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Renames it over `target`.
    ///
    /// # Errors
    /// The rename fails; the temporary file is removed.
    pub fn put(mut self, target: &Path) -> Result<()> {
        fs::rename(&self.path, target)?;
        self.in_place = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Do not leave a partial file when the disk is full.
        if !self.in_place {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Replaces `target` with `bytes`, through a new file `temporary` in the same directory.
///
/// # Errors
/// `temporary` exists, or a step fails; `target` is then unchanged.
pub fn replace(temporary: PathBuf, target: &Path, bytes: &[u8]) -> Result<()> {
    let draft = Draft::create(temporary)?;
    draft.file().write_all(bytes)?;
    draft.put(target)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_replaced_file_is_whole_and_private_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (target, temporary) = (folder.path().join("target"), folder.path().join("new"));
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        replace(temporary.clone(), &target, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&target).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(!temporary.exists());
    }

    #[test]
    fn a_failure_leaves_the_target_and_removes_the_draft() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::create_dir(&target).unwrap();
        let temporary = folder.path().join("new");
        replace(temporary.clone(), &target, b"new").unwrap_err();
        assert!(!temporary.exists() && target.is_dir());
    }

    #[test]
    fn a_link_under_the_temporary_name_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("new"));
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        replace(link.clone(), &folder.path().join("target"), b"new").unwrap_err();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(link.is_symlink());
    }
}
