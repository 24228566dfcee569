//! The lock beside an entry: one process mints, the others wait for what it mints. The lock
//! file contains its holder, and how the last mint failed.
//!
//! The only file that locks: `fs2`'s methods are called by their full path, because the standard
//! library has methods of the same names that would silently win.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the room that the list in clippy.toml keeps locking in"
)]

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use fs2::FileExt;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fs::insecure;

/// The size limit of a note.
const LONGEST_NOTE: u64 = 64 * 1024;

/// The content of a lock file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The holder, while there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<Holder>,
    /// The last mint, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
}

/// The holder of a lock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) pid: u32,
    pub(crate) host: String,
    /// The program that the client called, in a word.
    pub(crate) client: String,
    pub(crate) since: DateTime<Utc>,
    pub(crate) state: State,
}

/// What a holder is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Minting,
    Prompting,
}

/// A mint that failed; every process that waited for it fails with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) ended: DateTime<Utc>,
    pub(crate) error: Error,
    /// It only concerns this process, and prevents an immediate retry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) own: bool,
}

impl Failure {
    /// Whether a process that started at `started` waited for this. An end in the future was
    /// written by a clock that ran ahead.
    pub(crate) fn concerns(&self, started: DateTime<Utc>) -> bool {
        !self.own && (started..=Utc::now()).contains(&self.ended)
    }
}

/// A lock that is held; released when dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Guard {
    file: File,
    path: PathBuf,
}

/// Updates the note for the processes that wait for a lock. It keeps the lock like its guard: it
/// must not outlive the work that the lock is for.
#[derive(Debug)]
pub(crate) struct Teller(File);

impl Teller {
    /// Updates the note for the waiting processes.
    pub(crate) fn say(&self, note: &Note) {
        say(&self.0, note);
    }
}

/// A full disk must not stop a mint, so a failed write is ignored: the other processes then wait
/// without knowing the holder.
fn say(mut file: &File, note: &Note) {
    let bytes = serde_json::to_vec(note).unwrap_or_default();
    let _ = file
        .rewind()
        .and_then(|()| file.set_len(0))
        .and_then(|()| file.write_all(&bytes));
}

/// How one try for a lock went.
pub(crate) enum Try {
    Locked(Guard),
    Busy,
}

/// Tries once, without waiting.
///
/// # Errors
/// The file cannot be opened, other users could have written it, or the file system has no locks.
pub(crate) fn try_lock(path: &Path) -> std::io::Result<Try> {
    try_with(path, open_own)
}

fn try_with(path: &Path, open: fn(&Path) -> std::io::Result<File>) -> std::io::Result<Try> {
    loop {
        if let Some(outcome) = try_opened(path, open(path)?)? {
            return Ok(outcome);
        }
    }
}

/// As [`try_lock`], but waits for another process for at most `longest`.
///
/// # Errors
/// As [`try_lock`].
pub(crate) fn lock_within(path: &Path, longest: Duration) -> std::io::Result<Try> {
    wait_with(path, open_own, longest)
}

fn wait_with(
    path: &Path,
    open: fn(&Path) -> std::io::Result<File>,
    longest: Duration,
) -> std::io::Result<Try> {
    let began = Instant::now();
    let mut pause = Pause::default();
    loop {
        let outcome = try_with(path, open)?;
        let left = longest.saturating_sub(began.elapsed());
        if left.is_zero() || matches!(outcome, Try::Locked(_)) {
            return Ok(outcome);
        }
        pause.sleep(left);
    }
}

/// The time between two tries for a lock: short at first, since most locks are released soon.
pub(super) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(Duration::from_millis(2))
    }
}

impl Pause {
    /// Sleeps, but not longer than `left`. The next pause is longer.
    pub(super) fn sleep(&mut self, left: Duration) {
        std::thread::sleep(self.0.min(left));
        self.0 = (self.0 * 3 / 2).min(Duration::from_millis(40));
    }

    /// Whether the wait is no longer a short one.
    pub(super) fn is_long(&self) -> bool {
        self.0 >= Duration::from_millis(30)
    }
}

/// Tries to lock a file that was opened; `None` if a sweep has unlinked it since. Its lock
/// would exclude no process: the file at that path now is the one to lock.
fn try_opened(path: &Path, file: File) -> std::io::Result<Option<Try>> {
    if !try_lock_open(&file)? {
        return Ok(Some(Try::Busy));
    }
    let path = path.to_owned();
    Ok(is_still(&path, &file)?.then(|| Try::Locked(Guard { file, path })))
}

/// A lock file for the writers of other files than the cache's, which only its owner can open.
/// Dropping it removes the file.
#[derive(Debug)]
pub struct LockFile(Option<Guard>);

impl LockFile {
    /// Creates and locks the file; `None` if another process still holds it after `longest`.
    ///
    /// # Errors
    /// The file cannot be created, or the file system has no locks.
    pub fn lock(path: &Path, longest: Duration) -> std::io::Result<Option<Self>> {
        // Nothing is read from this file, so it may belong to another user who can edit the same files.
        Ok(match wait_with(path, open, longest)? {
            Try::Locked(guard) => Some(Self(Some(guard))),
            Try::Busy => None,
        })
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Guard::unlink);
    }
}

/// Takes the lock of an open file, without waiting; `false` while another process holds it. It
/// ends when `file` is closed.
///
/// # Errors
/// The file system has no locks.
pub fn try_lock_open(file: &File) -> std::io::Result<bool> {
    match FileExt::try_lock_exclusive(file) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == fs2::lock_contended_error().raw_os_error() => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        // A named pipe must not be waited for.
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    crate::fs::require_regular(&file.metadata()?)?;
    Ok(file)
}

/// A lock file that no other user could have made or written: another user's would hold us up,
/// and its note be believed.
fn open_own(path: &Path) -> std::io::Result<File> {
    let file = open(path)?;
    match insecure(&file.metadata()?) {
        Some(why) => Err(std::io::Error::other(format!("it {why}"))),
        None => Ok(file),
    }
}

fn is_still(path: &Path, file: &File) -> std::io::Result<bool> {
    let mine = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok(there.dev() == mine.dev() && there.ino() == mine.ino()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads the note in a lock file, held or not. Invalid content counts as empty, and so does what
/// another user could have written.
pub(crate) fn read_note(path: &Path) -> Note {
    crate::fs::open_no_follow(path)
        .ok()
        .filter(|file| insecure(file.meta()).is_none())
        .and_then(|file| file.read(LONGEST_NOTE).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

impl Guard {
    /// Reads what the last holder left.
    pub(crate) fn note(&mut self) -> Note {
        let mut bytes = Vec::new();
        let read = self
            .file
            .rewind()
            .and_then(|()| (&self.file).take(LONGEST_NOTE).read_to_end(&mut bytes));
        match read {
            Ok(_) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(_) => Note::default(),
        }
    }

    /// Updates the note for the waiting processes.
    pub(crate) fn say(&self, note: &Note) {
        say(&self.file, note);
    }

    /// A way to say something later, from a place that does not hold the guard.
    pub(crate) fn teller(&self) -> Option<Teller> {
        self.file.try_clone().ok().map(Teller)
    }

    /// Says nothing any more.
    pub(crate) fn say_nothing(&self) {
        let _ = self.file.set_len(0);
        let _ = self.file.set_modified(SystemTime::UNIX_EPOCH);
    }

    /// Records an attempt in the file's time, which survives a crash and needs no disk space.
    /// [`Guard::say_nothing`] removes it.
    pub(crate) fn mark_attempt(&self) {
        let _ = self.file.set_modified(SystemTime::now());
    }

    /// How long ago an attempt began of which nothing else is known.
    pub(crate) fn since_attempt(&self) -> Option<Duration> {
        let began = self.file.metadata().and_then(|meta| meta.modified()).ok()?;
        began.elapsed().ok()
    }

    /// Removes the lock file while it is held, so that no stale name remains.
    pub(crate) fn unlink(self) {
        let _ = fs::remove_file(&self.path);
    }

    /// The locked file, for another process that carries the lock on.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// The guard of a lock that another process took and passed on, if its file is still in
    /// place.
    pub(crate) fn adopt(file: File, path: &Path) -> Option<Self> {
        let is_ours = is_still(path, &file).ok()? && try_lock_open(&file).ok()?;
        is_ours.then(|| Self {
            file,
            path: path.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn locked(path: &Path) -> Guard {
        match try_lock(path).unwrap() {
            Try::Locked(guard) => guard,
            Try::Busy => panic!("busy"),
        }
    }

    #[test]
    fn a_lock_excludes_and_ends_with_its_guard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.lock");
        let guard = locked(&path);
        assert!(matches!(try_lock(&path).unwrap(), Try::Busy));
        drop(guard);
        locked(&path);
    }

    #[test]
    fn a_lock_file_that_was_unlinked_is_not_mistaken_for_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.lock");
        let (gone, old) = (open(&path).unwrap(), open(&path).unwrap());
        locked(&path).unlink();
        assert!(try_opened(&path, gone).unwrap().is_none());
        // The old file is still open, so that the new one cannot have its inode.
        let _guard = locked(&path);
        assert!(try_opened(&path, old).unwrap().is_none());
        assert!(matches!(try_lock(&path).unwrap(), Try::Busy));
    }

    #[test]
    fn a_failure_concerns_those_who_were_waiting_for_it() {
        let now = Utc::now();
        let ended = |seconds: i64, own| Failure {
            ended: now + chrono::TimeDelta::seconds(seconds),
            error: Error::refused("no"),
            own,
        };
        let started = now - chrono::TimeDelta::seconds(10);
        assert!(ended(-5, false).concerns(started));
        assert!(!ended(-15, false).concerns(started));
        assert!(!ended(-5, true).concerns(started));
        // Written by a clock that ran ahead: it would be repeated until that time comes.
        assert!(!ended(3600, false).concerns(started));
    }

    #[test]
    fn notes_are_read_back_and_garbage_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.lock");
        let mut guard = locked(&path);
        let what = "a".repeat(60_000);
        guard.say(&Note {
            holder: None,
            failure: Some(Failure {
                ended: DateTime::UNIX_EPOCH,
                error: Error::refused(what.as_str()),
                own: false,
            }),
        });
        assert_eq!(read_note(&path).failure.unwrap().error.what, what);
        guard.say_nothing();
        assert!(guard.note().failure.is_none());
        fs::write(&path, "{garbage").unwrap();
        assert!(read_note(&path).holder.is_none());
    }

    #[test]
    fn a_lock_file_that_others_can_write_is_neither_locked_nor_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.lock");
        locked(&path).say(&Note {
            holder: None,
            failure: Some(Failure {
                ended: DateTime::UNIX_EPOCH,
                error: Error::refused("no"),
                own: false,
            }),
        });
        assert!(read_note(&path).failure.is_some());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(read_note(&path).failure.is_none());
        let error = try_lock(&path).err().unwrap().to_string();
        assert!(error.contains("is writable by other users"), "{error}");
    }

    #[test]
    fn a_lock_file_for_others_excludes_and_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.lock");
        let lock = || LockFile::lock(&path, Duration::ZERO).unwrap();
        let held = lock();
        assert!(held.is_some() && lock().is_none());
        drop(held);
        assert!(!path.exists());
    }

    #[test]
    fn a_link_is_not_locked() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("k.lock"), folder.path().join("link"));
        locked(&path);
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(try_lock(&link).is_err());
    }

    #[test]
    fn only_contention_means_that_another_process_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.lock");
        let file = open(&path).unwrap();
        assert!(is_still(&path.join("below"), &file).is_err());
        // Opened without access, it cannot be locked at all.
        let flags = rustix::fs::OFlags::PATH.bits().cast_signed();
        let path_only = fs::OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(&path);
        assert!(try_lock_open(&path_only.unwrap()).is_err());
    }
}
