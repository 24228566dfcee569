//! Replaces this process by another program.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Replaces this process by a program, with the same environment. Returns only on failure.
///
/// The standard library would run a file without an executable format as a shell script.
#[expect(unsafe_code, reason = "execv has no safe form in std or rustix")]
pub(crate) fn exec<'a>(program: &'a Path, args: impl Iterator<Item = &'a OsStr>) -> io::Error {
    let words = [program.as_os_str()].into_iter().chain(args);
    let words: Result<Vec<CString>, _> = words.map(|word| CString::new(word.as_bytes())).collect();
    let words = match words {
        Ok(words) => words,
        Err(error) => return error.into(),
    };
    let mut argv: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr()).collect();
    let Some(path) = argv.first().copied() else {
        return io::ErrorKind::InvalidInput.into();
    };
    argv.push(std::ptr::null());
    // SAFETY: every pointer is to a NUL-terminated string that outlives the call, and the list ends
    // with a null pointer.
    unsafe {
        libc::execv(path, argv.as_ptr());
    }
    io::Error::last_os_error()
}
