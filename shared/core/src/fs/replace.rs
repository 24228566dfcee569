//! The atomic replacement: a file that is written under another name and renamed when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{Result, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A file beside the one that it is to replace; removed unless it is put in place.
#[derive(Debug)]
pub struct Draft {
    file: File,
    path: PathBuf,
    in_place: bool,
}

impl Draft {
    /// Creates it under a name that nothing has yet, with mode 0600 from the start.
    ///
    /// # Errors
    /// It exists, or cannot be created.
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

    /// Its name until it is put in place.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Renames it over `target`.
    ///
    /// # Errors
    /// The rename fails; the draft is removed.
    pub fn put(mut self, target: &Path) -> Result<()> {
        fs::rename(&self.path, target)?;
        self.in_place = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // A partial file must not remain when the disk is full.
        if !self.in_place {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Replaces `target` by `bytes`, through a new file called `temporary` beside it.
///
/// # Errors
/// `temporary` exists, or one of the steps fails; `target` is then as before.
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
