//! Locks out other commands that edit the same files.

use std::path::Path;
use std::time::Duration;

use aws_connector_core::cache::LockFile;
use aws_connector_core::error::{Error, Result};

use super::file;

/// How long a command waits for another one that edits the same files.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The lock file. Only its owner can open it, while anyone who can read the folder could lock the
/// folder itself.
const LOCK: &str = ".aws-connector.lock";

/// Locks out other commands that edit the same files, with a lock file next to `path`. `None` if no
/// lock file can be created or locked there.
pub(crate) fn lock(path: &Path) -> Result<Option<LockFile>> {
    lock_within(path, LONGEST_WAIT)
}

fn lock_within(path: &Path, longest: Duration) -> Result<Option<LockFile>> {
    let folder = file::folder_of(path);
    match LockFile::lock(&folder.join(LOCK), longest) {
        Ok(Some(lock)) => Ok(Some(lock)),
        Err(_) => Ok(None),
        Ok(None) => Err(Error::local(format!(
            "timed out waiting for another aws-connector that is editing files in {}",
            folder.display()
        ))
        .fix("answer its prompt or end it, then retry")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use aws_connector_core::cache::try_lock_open;

    use super::*;

    #[test]
    fn waiting_for_another_command_times_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connectors.toml");
        let held = lock(&path).unwrap().unwrap();
        let error = lock_within(&path, Duration::from_millis(30)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "timed out waiting for another aws-connector that is editing files in {}; fix: answer its prompt or end it, then retry",
                folder.path().display()
            )
        );
        // It gets the lock once the other is released.
        let waiting = std::thread::spawn(move || lock(&path).unwrap().is_some());
        std::thread::sleep(Duration::from_millis(50));
        drop(held);
        assert!(waiting.join().unwrap());
        assert!(!folder.path().join(LOCK).exists());
        // Without a folder, no other command can hold the lock.
        assert!(lock(&folder.path().join("a/b")).unwrap().is_none());
    }

    #[test]
    fn a_lock_on_the_folder_by_another_user_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = std::fs::File::open(folder.path()).unwrap();
        assert!(try_lock_open(&theirs).unwrap());
        let path = folder.path().join("connectors.toml");
        assert!(lock_within(&path, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn only_its_owner_can_open_the_lock() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let _held = lock(&folder.path().join("connectors.toml")).unwrap();
        let meta = std::fs::metadata(folder.path().join(LOCK)).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    }
}
