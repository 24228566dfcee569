//! Guarded reads: a named pipe, a device or a huge file where a small regular file is expected is
//! an immediate error, instead of a hang or unbounded memory use.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// How long to wait for the writer of a pipe.
const PIPE_TIMEOUT: Duration = Duration::from_secs(20);

/// A file opened for reading, known to be regular or, if allowed, a pipe.
#[derive(Debug)]
pub struct Opened {
    file: File,
    meta: Metadata,
}

/// Opens a regular file, following symbolic links.
///
/// # Errors
/// The file cannot be opened, or is not a regular file.
pub fn open(path: &Path) -> Result<Opened> {
    regular(open_with(path, OFlags::empty())?)
}

/// As [`open`], but refuses a symbolic link as the last component.
///
/// # Errors
/// As [`open`].
pub fn open_no_follow(path: &Path) -> Result<Opened> {
    regular(open_with(path, OFlags::NOFOLLOW)?)
}

/// As [`open`], but also accepts a pipe, such as a shell's `<(command)`. Reads from it time out.
///
/// # Errors
/// As [`open`].
pub fn open_or_pipe(path: &Path) -> Result<Opened> {
    let opened = open_with(path, OFlags::empty())?;
    if opened.meta.file_type().is_fifo() {
        return Ok(opened);
    }
    regular(opened)
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open`], or the file is larger.
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>> {
    open(path)?.read(limit)
}

/// As [`read`], for a file that must be UTF-8 text.
///
/// # Errors
/// As [`read`], or the file is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> Result<Zeroizing<String>> {
    let mut bytes = read(path, limit)?;
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
        }
    }
}

/// Whether a path is the null device, which users pass to say "no configuration file".
pub fn is_null_device(path: &Path) -> bool {
    let device = |path: &Path| {
        let meta = std::fs::metadata(path).ok()?;
        meta.file_type().is_char_device().then(|| meta.rdev())
    };
    device(path).is_some_and(|found| device(Path::new("/dev/null")) == Some(found))
}

fn open_with(path: &Path, more: OFlags) -> Result<Opened> {
    // Opening a named pipe must not block, and a terminal must not become the controlling one.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | more;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|error| {
            match rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::NXIO) {
                true => not_regular("socket"),
                false => error,
            }
        })?;
    let meta = file.metadata()?;
    Ok(Opened { file, meta })
}

fn regular(opened: Opened) -> Result<Opened> {
    require_regular(&opened.meta).map(|()| opened)
}

/// Fails unless the file is a regular file.
///
/// # Errors
/// The file is not regular; the error says what it is.
pub(crate) fn require_regular(meta: &Metadata) -> Result<()> {
    let kind = meta.file_type();
    if kind.is_file() {
        Ok(())
    } else if kind.is_dir() {
        Err(not_regular("directory"))
    } else if kind.is_fifo() {
        Err(not_regular("named pipe"))
    } else {
        Err(not_regular("device"))
    }
}

fn not_regular(kind: &str) -> Error {
    let text = format!("it is a {kind}, not a regular file");
    Error::new(ErrorKind::InvalidInput, text)
}

impl Opened {
    /// Wraps a file that was opened another way, for example relative to a folder.
    ///
    /// # Errors
    /// The file is not regular.
    pub fn of(file: File) -> Result<Self> {
        let meta = file.metadata()?;
        regular(Self { file, meta })
    }

    /// The metadata of the open file.
    pub fn meta(&self) -> &Metadata {
        &self.meta
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Reads the whole file, at most `limit` bytes.
    ///
    /// # Errors
    /// The file cannot be read or is larger, or a pipe's writer is too slow.
    pub fn read(&self, limit: u64) -> Result<Zeroizing<Vec<u8>>> {
        if self.meta.file_type().is_fifo() {
            return self.read_pipe(limit, PIPE_TIMEOUT);
        }
        if self.meta.len() > limit {
            return Err(too_large(limit));
        }
        // Allocate the whole size: a growing buffer leaves copies of secrets behind.
        let room = usize::try_from(self.meta.len()).unwrap_or(0) + 1;
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        // `take` avoids the system calls that query a plain file's size and position.
        (&self.file).take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(too_large(limit));
        }
        Ok(bytes)
    }

    fn read_pipe(&self, limit: u64, timeout: Duration) -> Result<Zeroizing<Vec<u8>>> {
        let end = Instant::now() + timeout;
        let room = usize::try_from(limit).unwrap_or(0) + 1;
        let mut bytes = Zeroizing::new(vec![0; room]);
        let mut length = 0;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(Error::other)?;
            let mut ready = [PollFd::new(&self.file, PollFlags::IN)];
            match poll(&mut ready, Some(&left)) {
                Ok(0) => {
                    let text = format!("timed out after {} s waiting for data", timeout.as_secs());
                    return Err(Error::new(ErrorKind::TimedOut, text));
                }
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            match (&self.file).read(bytes.get_mut(length..).unwrap_or_default()) {
                Ok(0) if length == room => return Err(too_large(limit)),
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(length);
        Ok(bytes)
    }
}

fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn too_large(limit: u64) -> Error {
    let text = match limit / 1024 {
        kib if kib >= 1024 => format!("it is larger than {} MiB", kib / 1024),
        kib => format!("it is larger than {kib} KiB"),
    };
    Error::new(ErrorKind::FileTooLarge, text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::fs;
    use std::io::Write as _;

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    #[test]
    fn a_special_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, kind) in [
            (pipe.as_path(), "named pipe"),
            (socket.as_path(), "socket"),
            (folder.path(), "directory"),
            (Path::new("/dev/zero"), "device"),
            (Path::new("/dev/null"), "device"),
        ] {
            let error = read(path, 1024).unwrap_err().to_string();
            assert_eq!(error, format!("it is a {kind}, not a regular file"));
        }
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![b'x'; 1024]).unwrap();
        assert_eq!(read(&path, 1024).unwrap().len(), 1024);
        fs::write(&path, vec![b'x'; 1025]).unwrap();
        let error = read(&path, 1024).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 1 KiB");
        fs::write(&path, b"\xff").unwrap();
        assert!(read_text(&path, 1024).is_err());
        // Files in /proc report size 0.
        assert!(read(Path::new("/proc/self/status"), 10).is_err() || !cfg!(target_os = "linux"));
    }

    #[test]
    fn a_link_is_followed_unless_that_is_not_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        assert_eq!(**open(&link).unwrap().read(10).unwrap(), *b"x");
        assert!(open_no_follow(&link).is_err());
    }

    #[test]
    fn only_the_null_device_is_the_null_device() {
        assert!(is_null_device(Path::new("/dev/null")));
        assert!(!is_null_device(Path::new("/dev/zero")));
        assert!(!is_null_device(Path::new("/no/such/file")));
    }

    #[test]
    fn a_pipe_is_read_to_its_end_within_its_limit_and_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        let reader = open_or_pipe(&pipe).unwrap();
        let mut writer = OpenOptions::new().write(true).open(&pipe).unwrap();
        writer.write_all(b"0123456789").unwrap();
        let error = reader.read_pipe(1024, Duration::from_millis(20));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::TimedOut);
        writer.write_all(b"0123456789").unwrap();
        drop(writer);
        assert_eq!(**reader.read(10).unwrap(), *b"0123456789");
        let mut writer = OpenOptions::new().write(true).open(&pipe).unwrap();
        writer.write_all(b"0123456789").unwrap();
        drop(writer);
        let error = reader.read(9).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }
}
