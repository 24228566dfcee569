//! Whether a file or folder can be trusted, by its owner and mode.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

/// Why a file or folder cannot be trusted or must not be changed: another user could have written
/// it, or this is `sudo` and another user owns it.
pub fn insecure(meta: &Metadata) -> Option<String> {
    insecure_for(crate::sys::user::effective_uid(), meta.uid(), meta.mode())
}

fn insecure_for(me: u32, owner: u32, mode: u32) -> Option<String> {
    if owner != me && (owner != 0 || me == 0) {
        return Some(format!("belongs to another user (uid {owner})"));
    }
    if mode & 0o022 != 0 {
        return Some(format!(
            "is writable by other users (mode {:03o}); run chmod go-w on it",
            mode & 0o777
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_user_and_root_are_trusted_and_root_trusts_root_alone() {
        assert_eq!(insecure_for(1000, 1000, 0o700), None);
        assert_eq!(insecure_for(1000, 0, 0o755), None);
        assert_eq!(insecure_for(0, 0, 0o700), None);
        for (me, owner, mode) in [
            (1000, 1001, 0o700),
            (0, 1000, 0o700),
            (1000, 1000, 0o720),
            (1000, 1000, 0o702),
        ] {
            assert!(
                insecure_for(me, owner, mode).is_some(),
                "{me} {owner} {mode:o}"
            );
        }
    }
}
