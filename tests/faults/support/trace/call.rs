//! A system call of a process that is traced.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use super::kernel::memory;

/// A system call that a process is about to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) pid: i32,
    pub(crate) number: i64,
    pub(crate) args: [u64; 6],
}

impl Call {
    /// The string that an argument points to; `None` if the memory of the process cannot be read.
    pub(crate) fn text(&self, argument: usize) -> Option<PathBuf> {
        let mut bytes = Vec::new();
        let mut at = self.args[argument];
        while at != 0 && bytes.len() < 4096 {
            // Up to the end of the page: the next one may not be mapped.
            let mut chunk = [0_u8; 256];
            let length = chunk.len().min(4096 - (at as usize & 4095));
            let count = memory(self.pid, at, &mut chunk[..length], false)?;
            let read = &chunk[..count];
            if let Some(end) = read.iter().position(|byte| *byte == 0) {
                bytes.extend_from_slice(&read[..end]);
                return Some(OsString::from_vec(bytes).into());
            }
            bytes.extend_from_slice(read);
            at += count as u64;
        }
        None
    }

    /// Overwrites what an argument points to with zeros, for example the length of a sleep.
    pub(crate) fn zero(&self, argument: usize, length: usize) {
        let _ = memory(self.pid, self.args[argument], &mut vec![0; length], true);
    }
}
