//! The limit of open files (`ulimit -n`).

use std::fs::File;

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use crate::error::{Error, Result};

/// Fails unless `count` more files can be opened: some libraries abort when they cannot open a
/// file.
///
/// # Errors
/// The limit of this process or the system is too low.
#[expect(clippy::disallowed_methods, reason = "a device that is never read")]
pub fn require_descriptors(count: usize) -> Result<()> {
    let opened = (0..count)
        .map(|_| File::open("/dev/null"))
        .collect::<std::io::Result<Vec<File>>>();
    // Without /dev/null the limit is unknown; whatever opens the files reports the error.
    let Err(error) = opened else { return Ok(()) };
    match Errno::from_io_error(&error) {
        Some(Errno::MFILE) => {
            let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
            Err(Error::local(format!(
                "too many open files: the limit of this process is {limit}"
            ))
            .fix("raise the limit: ulimit -n 256"))
        }
        Some(Errno::NFILE) => Err(Error::local("too many open files on this system")
            .fix("raise fs.file-max, or stop other programs")),
        _ => Ok(()),
    }
}
