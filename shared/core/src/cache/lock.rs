//! The lock beside an entry: one process mints, the others wait for the result. The lock file says
//! who holds the lock, and how the last mint failed.
//!
//! Only this file locks. It calls `fs2`'s methods by their full path, because the standard
//! library's methods of the same names would silently take precedence.

#![expect(
    clippy::disallowed_methods,
    reason = "clippy.toml allows locking in this file only"
)]

use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use fs2::FileExt;

use super::note::{LONGEST_NOTE, Note, say};
use crate::fs::insecure;

/// A held lock. Released on drop, or when the process ends.
#[derive(Debug)]
pub(crate) struct Guard {
    file: File,
    path: PathBuf,
}

/// Updates the note of a held lock. It keeps the lock as its guard does, so it must not outlive the
/// work that the lock protects.
#[derive(Debug)]
pub(crate) struct Teller(File);

impl Teller {
    /// Updates the note for the waiting processes.
    pub(crate) fn say(&self, note: &Note) {
        say(&self.0, note);
    }
}

/// The result of one attempt to lock.
pub(crate) enum Try {
    Locked(Guard),
    Busy,
}

/// Makes one attempt, without waiting.
///
/// # Errors
/// The file cannot be opened, other users could have written it, or the file system does not
/// support locks.
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

/// The time between two attempts: short at first, since most locks are released soon.
pub(super) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(Duration::from_millis(2))
    }
}

impl Pause {
    /// Sleeps, but not longer than `left`. The next pause will be longer.
    pub(super) fn sleep(&mut self, left: Duration) {
        std::thread::sleep(self.0.min(left));
        self.0 = (self.0 * 3 / 2).min(Duration::from_millis(40));
    }

    /// Whether the pauses have become long.
    pub(super) fn is_long(&self) -> bool {
        self.0 >= Duration::from_millis(30)
    }
}

/// Locks an open file; `None` if a sweep has unlinked it since. Its lock would then exclude no
/// process, because new processes open the new file at that path.
fn try_opened(path: &Path, file: File) -> std::io::Result<Option<Try>> {
    if !try_lock_open(&file)? {
        return Ok(Some(Try::Busy));
    }
    let path = path.to_owned();
    Ok(is_still(&path, &file)?.then(|| Try::Locked(Guard { file, path })))
}

/// A lock file for writers of files outside the cache; only its owner can open it. Dropping it
/// removes the file.
#[derive(Debug)]
pub struct LockFile(Option<Guard>);

impl LockFile {
    /// Creates and locks the file; `None` if another process still holds it after `longest`.
    ///
    /// # Errors
    /// The file cannot be created, or the file system does not support locks.
    pub fn lock(path: &Path, longest: Duration) -> std::io::Result<Option<Self>> {
        // Nothing is read from this file, so any user who can edit the same files may own it.
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

/// Locks an open file without waiting; `false` while another process holds the lock. Closing `file`
/// releases it.
///
/// # Errors
/// The file system does not support locks.
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
        // Do not block on a named pipe.
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    crate::fs::require_regular(&file.metadata()?)?;
    Ok(file)
}

/// Opens a lock file, and refuses one that another user could have created or written: they could
/// block this process, and it would believe their note.
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

impl Guard {
    /// Reads the note of the previous holder.
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

    /// A handle for updating the note without the guard.
    pub(crate) fn teller(&self) -> Option<Teller> {
        self.file.try_clone().ok().map(Teller)
    }

    /// Clears the note.
    pub(crate) fn say_nothing(&self) {
        let _ = self.file.set_len(0);
        let _ = self.file.set_modified(SystemTime::UNIX_EPOCH);
    }

    /// Records an attempt in the file's modification time, which survives a crash and needs no disk
    /// space. [`Guard::say_nothing`] clears it.
    pub(crate) fn mark_attempt(&self) {
        let _ = self.file.set_modified(SystemTime::now());
    }

    /// How long ago an attempt started, if it left no other trace.
    pub(crate) fn since_attempt(&self) -> Option<Duration> {
        let began = self.file.metadata().and_then(|meta| meta.modified()).ok()?;
        began.elapsed().ok()
    }

    /// Removes the lock file while holding the lock.
    pub(crate) fn unlink(self) {
        let _ = fs::remove_file(&self.path);
    }

    /// The locked file, to hand the lock over to another process.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// Takes over a lock that another process handed over, if its file is still in place.
    pub(crate) fn adopt(file: File, path: &Path) -> Option<Self> {
        let is_ours = is_still(path, &file).ok()? && try_lock_open(&file).ok()?;
        is_ours.then(|| Self {
            file,
            path: path.to_owned(),
        })
    }
}

#[cfg(test)]
#[path = "lock_test.rs"]
mod tests;
