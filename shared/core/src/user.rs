//! Who runs this process.

use std::sync::OnceLock;

/// The effective user id, asked for once: it decides whose each file should be.
pub(crate) fn effective_uid() -> u32 {
    static UID: OnceLock<u32> = OnceLock::new();
    *UID.get_or_init(|| rustix::process::geteuid().as_raw())
}
