//! Replaces the clients' files atomically.

use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use aws_connector_core::cache::try_lock_open;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::fs::{self as guarded, Draft, Opened};

use super::file::{LONGEST, folder_of, make_folder, unreadable};

/// The prefix of drafts, which are written next to a file and renamed.
const DRAFT: &str = ".aws-connector-";

/// The permissions of a replaced file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those of the old file; owner only for a new file.
    Kept,
    /// Owner only.
    Private,
}

/// Replaces `before` with `after`: writes a draft with mode 0600, gives it the old file's owner and
/// mode, and renames it. Fails if the file no longer contains `before`.
pub(crate) fn replace(
    path: &Path,
    before: Option<&str>,
    after: Option<&str>,
    mode: Mode,
) -> Result<()> {
    sweep(folder_of(path));
    let old = match guarded::open(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(unreadable(path, error)),
    };
    let found = old.as_ref().map(|old| old.read(LONGEST)).transpose();
    let found = found.map_err(|error| unreadable(path, error))?;
    if found.as_ref().map(|bytes| bytes.as_slice()) != before.map(str::as_bytes) {
        return Err(changed(path));
    }
    replace_opened(path, old.as_ref(), after, mode)
}

/// Replaces the file that was read with `after`. In another user's folder, a path can lead to a
/// different file on every use. Owner and mode therefore come from the file that was read, and only
/// that file is replaced.
fn replace_opened(
    path: &Path,
    old: Option<&Opened>,
    after: Option<&str>,
    mode: Mode,
) -> Result<()> {
    let fail = |error: std::io::Error| {
        let fix = match error.kind() {
            // Typically a file that is mounted into a container.
            ErrorKind::ResourceBusy => {
                "the file is a mount point and cannot be replaced: edit it by hand"
            }
            _ => "check the permissions of the file and its folder",
        };
        Error::local(format!("{} cannot be written", path.display()))
            .because(error)
            .fix(fix)
    };
    let Some(after) = after else {
        if old.is_some() {
            require_unchanged(path, old)?;
            fs::remove_file(path).map_err(fail)?;
        }
        return Ok(());
    };
    make_folder(path).map_err(fail)?;
    let draft = draft(folder_of(path)).map_err(fail)?;
    draft.file().write_all(after.as_bytes()).map_err(fail)?;
    if let Some(old) = old {
        take_on(draft.file(), old.meta(), mode).map_err(fail)?;
    }
    // Sync, so that the file is the old or the new one after a power failure.
    draft.file().sync_all().map_err(fail)?;
    require_unchanged(path, old)?;
    draft.put(path).map_err(fail)
}

/// Fails unless a path still leads to the file that was read, or still to no file.
fn require_unchanged(path: &Path, old: Option<&Opened>) -> Result<()> {
    let now = match fs::symlink_metadata(path) {
        Ok(now) => Some(now),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(unreadable(path, error)),
    };
    let place = |meta: &Metadata| (meta.dev(), meta.ino());
    match now.as_ref().map(place) == old.map(Opened::meta).map(place) {
        true => Ok(()),
        false => Err(changed(path)),
    }
}

fn changed(path: &Path) -> Error {
    Error::local(format!("{} was changed by another program", path.display())).fix("retry")
}

/// Copies owner, group and mode of the replaced file: root must not take a user's file away.
fn take_on(draft: &File, old: &Metadata, mode: Mode) -> std::io::Result<()> {
    let new = draft.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        fchown(draft, Some(old.uid()), Some(old.gid()))?;
    }
    match mode {
        Mode::Kept => draft.set_permissions(fs::Permissions::from_mode(
            old.permissions().mode() & 0o7777,
        )),
        Mode::Private => Ok(()),
    }
}

/// A new file that is locked while it is written, so that a sweep does not remove it.
fn draft(folder: &Path) -> std::io::Result<Draft> {
    let mut count = 0;
    loop {
        let name = format!("{DRAFT}{}-{count}", std::process::id());
        count += 1;
        let draft = match Draft::create(folder.join(name)) {
            // Another thread, or a process in another container, uses this name.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            draft => draft?,
        };
        // A sweep may have removed it before it was locked. Without locks there are no sweeps.
        let locked = try_lock_open(draft.file()).unwrap_or(true);
        if locked && draft.path().exists() {
            return Ok(draft);
        }
    }
}

/// Removes the drafts of killed processes from a folder.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let dead = || {
            let ours = entry.file_name().to_str()?.starts_with(DRAFT);
            let is_file = entry.file_type().ok()?.is_file();
            (ours && is_file).then_some(())?;
            let file = guarded::open_no_follow(&entry.path()).ok()?;
            try_lock_open(file.file()).ok().filter(|locked| *locked)
        };
        if dead().is_some() {
            // Another sweep may have removed it first.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::wire::file::{holds, missing_folders, read, resolve};

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_the_link_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        let path = resolve(&link).unwrap();
        replace(&path, Some("old"), Some("new"), Mode::Kept).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(mode_of(&real), 0o644);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        replace(&path, Some("new"), Some("newer"), Mode::Private).unwrap();
        assert_eq!(mode_of(&real), 0o600);
    }

    #[test]
    fn a_replaced_file_keeps_its_owner_and_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "old").unwrap();
        // Only root can change the owner; others can choose among their groups.
        let is_root = rustix::process::geteuid().is_root();
        let own = fs::metadata(&path).unwrap();
        let (owner, group) = if is_root {
            (4711, 4712)
        } else {
            let groups = rustix::process::getgroups().unwrap();
            let mut all = groups.into_iter().map(|group| group.as_raw());
            let other = all.find(|group| *group != own.gid());
            (own.uid(), other.unwrap_or(own.gid()))
        };
        std::os::unix::fs::chown(&path, Some(owner), Some(group)).unwrap();
        replace(&path, Some("old"), Some("new"), Mode::Kept).unwrap();
        let new = fs::metadata(&path).unwrap();
        assert_eq!((new.uid(), new.gid()), (owner, group));
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn a_pipe_or_a_device_is_not_read() {
        use rustix::fs::{CWD, Mode, mkfifoat};
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("config");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        let error = read(&pipe).unwrap_err().to_string();
        let shown = pipe.display();
        assert_eq!(
            error,
            format!("{shown} cannot be read: it is a named pipe, not a regular file")
        );
        assert!(!holds(&pipe, "aws-connector"));
        assert!(read(Path::new("/dev/zero")).is_err());
        assert!(!holds(Path::new("/dev/null"), "aws-connector"));
        let error = replace(&pipe, None, Some("new"), super::Mode::Kept);
        assert!(error.is_err() && !pipe.is_file());
    }

    #[test]
    fn a_new_file_is_created_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        assert_eq!(missing_folders(&path), [folder.path().join("a")]);
        replace(&path, None, Some("x"), Mode::Kept).unwrap();
        assert!(missing_folders(&path).is_empty());
        assert_eq!(mode_of(&path), 0o600);
        assert_eq!(mode_of(&folder.path().join("a")), 0o700);
    }

    #[test]
    fn a_file_that_another_program_changed_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "theirs").unwrap();
        let error = replace(&path, Some("old"), Some("new"), Mode::Kept)
            .unwrap_err()
            .to_string();
        assert!(error.contains("was changed by another program"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }

    #[test]
    fn a_file_that_is_exchanged_after_it_was_read_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, secret) = (folder.path().join("config"), folder.path().join("secret"));
        fs::write(&secret, "old").unwrap();
        let read = guarded::open(&secret).unwrap();
        let refused = |old, after| {
            let error = replace_opened(&path, old, after, Mode::Kept).unwrap_err();
            assert!(
                error.to_string().contains("was changed by another program"),
                "{error}"
            );
        };
        // A file is read through a link, which then leads to another one.
        std::os::unix::fs::symlink(&secret, &path).unwrap();
        refused(Some(&read), Some("new"));
        refused(Some(&read), None);
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        let error = replace(&path, Some("old"), Some("new"), Mode::Kept);
        assert!(error.is_err());
        fs::remove_file(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        refused(Some(&read), Some("new"));
        refused(None, Some("new"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(fs::read_to_string(&secret).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        replace_opened(&secret, Some(&read), Some("new"), Mode::Kept).unwrap();
        assert_eq!(fs::read_to_string(&secret).unwrap(), "new");
    }

    #[test]
    fn sweep_removes_drafts_of_killed_processes_but_not_active_ones() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".aws-connector-dead"), "half").unwrap();
        let alive = draft(folder.path()).unwrap();
        replace(&folder.path().join("x"), None, Some("new"), Mode::Kept).unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, [alive.path().file_name().unwrap(), "x".as_ref()]);
    }
}
