//! The kernel's interface to traced processes.

use std::io;
use std::ptr::null_mut;

/// Ends a process as kill -9 does.
pub(crate) fn kill(pid: i32) {
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        // It may have ended already.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

#[expect(unsafe_code, reason = "another program's memory, by address")]
pub(super) fn memory(pid: i32, at: u64, ours: &mut [u8], write: bool) -> Option<usize> {
    let local = libc::iovec {
        iov_base: ours.as_mut_ptr().cast(),
        iov_len: ours.len(),
    };
    let remote = libc::iovec {
        iov_base: at as *mut libc::c_void,
        iov_len: ours.len(),
    };
    // SAFETY: `local` is our own buffer and its length; the kernel checks the remote address.
    let count = unsafe {
        if write {
            libc::process_vm_writev(pid, &raw const local, 1, &raw const remote, 1, 0)
        } else {
            libc::process_vm_readv(pid, &raw const local, 1, &raw const remote, 1, 0)
        }
    };
    usize::try_from(count).ok().filter(|count| *count > 0)
}

pub(super) fn result(code: i64) -> io::Result<()> {
    match code {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[expect(unsafe_code, reason = "ptrace has no safe form in std or rustix")]
pub(super) fn request(what: libc::c_uint, pid: i32, at: i64, data: i64) -> io::Result<()> {
    // SAFETY: only requests that take numbers, not addresses, are made here.
    result(unsafe { libc::ptrace(what, pid, at, data) })
}

/// The id of the thread that the last event is about.
#[expect(unsafe_code, reason = "as above")]
pub(super) fn message(pid: i32) -> i32 {
    let mut message: libc::c_ulong = 0;
    // SAFETY: the kernel writes one number of that type.
    unsafe {
        libc::ptrace(
            libc::PTRACE_GETEVENTMSG,
            pid,
            null_mut::<u8>(),
            &raw mut message,
        );
    }
    i32::try_from(message).expect("a task's number")
}

/// The system call that a thread is stopped at; `None` if it was killed meanwhile.
#[expect(unsafe_code, reason = "as above")]
pub(super) fn info(pid: i32) -> Option<libc::ptrace_syscall_info> {
    // SAFETY: all zeros are a valid value; the kernel writes at most `size` bytes.
    unsafe {
        let mut info: libc::ptrace_syscall_info = std::mem::zeroed();
        let size = std::mem::size_of_val(&info);
        let count = libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, &raw mut info);
        (count > 0).then_some(info)
    }
}

/// The process that a thread belongs to.
pub(super) fn process_of(task: i32) -> i32 {
    let status = std::fs::read_to_string(format!("/proc/{task}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    line.and_then(|id| id.trim().parse().ok()).unwrap_or(task)
}
