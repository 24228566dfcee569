//! The current boot of this machine: its id, and the time since.

use std::path::Path;

/// This clock includes time spent suspended.
#[cfg(target_os = "linux")]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

/// The time since the machine started, in milliseconds.
pub(crate) fn since_boot_ms() -> i64 {
    let boot = rustix::time::clock_gettime(SINCE_BOOT);
    boot.tv_sec * 1000 + boot.tv_nsec / 1_000_000
}

/// The size limit of the file with the kernel's boot id.
const LONGEST_ID: u64 = 1024;

/// The kernel's boot id; the host name if unavailable.
pub(crate) fn boot_id() -> String {
    let file = Path::new("/proc/sys/kernel/random/boot_id");
    crate::fs::read_text(file, LONGEST_ID).map_or_else(
        |_| {
            rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned()
        },
        |id| id.trim().to_owned(),
    )
}
