//! Reading and replacing files of others: whole or not at all.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_connector_core::error::{Error, Result};

/// Configuration files are small; what is larger is something else.
const LONGEST: u64 = 16 * 1024 * 1024;

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;

/// Where a path leads, links followed, also to a file that does not exist yet.
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

/// A file's text; `None` where there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>> {
    let fail = |what: String| Error::local(format!("{} {what}", path.display()));
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => return Err(fail("is not a file".to_owned())),
        Ok(meta) if meta.len() > LONGEST => return Err(fail("is larger than 16 MiB".to_owned())),
        _ => {}
    }
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| fail("is not UTF-8 text".to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fail(format!("cannot be read: {error}"))),
    }
}

/// Puts `after` in the place of `before`: through a file beside it that is born with mode 0600
/// and takes on the old file's, and a rename. Refuses when the file is no longer `before`.
pub(crate) fn replace(path: &Path, before: Option<&str>, after: Option<&str>) -> Result<()> {
    let fail = |error: std::io::Error| {
        Error::local(format!("{} cannot be written: {error}", path.display()))
            .fix("check the permissions of the file and its folder")
    };
    if read(path)?.as_deref() != before {
        return Err(Error::local(format!("{} changed meanwhile", path.display())).fix("try again"));
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Some(after) = after else {
        if before.is_some() {
            fs::remove_file(path).map_err(fail)?;
        }
        return Ok(());
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(fail)?;
    let mut file = tempfile::Builder::new()
        .prefix(".aws-connector-")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(fail)?;
    file.write_all(after.as_bytes()).map_err(fail)?;
    if let Ok(meta) = fs::metadata(path) {
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(
                meta.permissions().mode() & 0o7777,
            ))
            .map_err(fail)?;
    }
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_replaced_file_keeps_its_mode_and_the_link_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        replace(&resolve(&link).unwrap(), Some("old"), Some("new")).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::metadata(&real).unwrap().permissions().mode() & 0o777,
            0o644
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_new_file_is_born_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        replace(&path, None, Some("x")).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::metadata(folder.path().join("a"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o700
        );
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "theirs").unwrap();
        let error = replace(&path, Some("old"), Some("new"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("changed meanwhile"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }
}
