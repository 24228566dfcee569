//! A child that outlives the command: its own session, nothing inherited but the lock, cwd `/`,
//! and an alarm that ends it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

/// The child is ended by the kernel after this many seconds, whatever it hangs on: longer than
/// its own budget, shorter than anybody's patience with a lock.
const ALARM_SECONDS: u32 = 25;

/// Descriptors are closed one by one up to this number, where that is the only way.
const MOST_CLOSED: i32 = 65_536;

/// Which process this is after a fork.
pub(super) enum Side {
    Parent,
    Child,
}

/// Forks. In the child, everything inherited but `keep` is closed, standard streams lead to
/// `/dev/null`, and a hang-up of the terminal does not reach it. To be called before any thread
/// or runtime exists: the child goes on with the caller's thread only.
#[expect(
    unsafe_code,
    reason = "fork has no safe form; this process has one thread here, so the child may run any code"
)]
pub(super) fn fork(keep: &File) -> io::Result<Side> {
    // When the leader of a terminal's session ends, all in it are told to: the child must have left
    // before it hears of it.
    let shield = super::signals::Shield::new();
    // SAFETY: see `reason`; the child touches no lock that another thread could have held.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            detach(keep.as_raw_fd());
            super::signals::ignore_terminal();
            drop(shield);
            Ok(Side::Child)
        }
        _ => Ok(Side::Parent),
    }
}

#[expect(unsafe_code, reason = "descriptors are closed by number")]
fn detach(keep: i32) {
    let _ = rustix::process::setsid();
    let _ = rustix::process::chdir("/");
    // Whatever happens, nobody may wait for the end of a stream that the child still holds.
    let first = match File::options().read(true).write(true).open("/dev/null") {
        Ok(null) => {
            let _ = rustix::stdio::dup2_stdin(&null);
            let _ = rustix::stdio::dup2_stdout(&null);
            let _ = rustix::stdio::dup2_stderr(&null);
            3
        }
        Err(_) => 0,
    };
    super::signals::heed_alarm();
    // SAFETY: whatever owns a descriptor above 2 but the lock's, which is kept, lies in frames
    // that this child never returns to: it ends by `exit`. The handle on /dev/null is dropped.
    unsafe {
        let keep = keep.cast_unsigned();
        let below =
            keep == first || libc::syscall(libc::SYS_close_range, first, keep - 1, 0u32) == 0;
        let above = libc::syscall(libc::SYS_close_range, keep + 1, u32::MAX, 0u32) == 0;
        // An older kernel, or a sandbox that does not know the call.
        if !(below && above) {
            let mut limit: libc::rlimit = std::mem::zeroed();
            libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
            let most = i32::try_from(limit.rlim_cur)
                .unwrap_or(i32::MAX)
                .min(MOST_CLOSED);
            for descriptor in first.cast_signed()..most {
                if descriptor.cast_unsigned() != keep {
                    libc::close(descriptor);
                }
            }
        }
        libc::alarm(ALARM_SECONDS);
    }
}

/// Ends the child without running what the parent has registered for its own end.
#[expect(unsafe_code, reason = "_exit has no safe form in std")]
pub(super) fn exit() -> ! {
    // SAFETY: ends the process; nothing follows.
    unsafe { libc::_exit(0) }
}
