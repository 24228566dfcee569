//! The user of this process.

use std::sync::OnceLock;

/// The effective user id, queried once.
pub(crate) fn effective_uid() -> u32 {
    static UID: OnceLock<u32> = OnceLock::new();
    *UID.get_or_init(|| rustix::process::geteuid().as_raw())
}

/// The real user id.
pub(crate) fn real_uid() -> u32 {
    rustix::process::getuid().as_raw()
}
