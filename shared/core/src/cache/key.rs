//! The key of a cache entry: an opaque digest. The caller decides what goes into it.

use sha2::{Digest as _, Sha256};

/// An entry with another schema is a miss.
pub(crate) const SCHEMA: u32 = 1;

/// Identifies an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// Creates a key from a finished digest.
    pub(crate) fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest, as input for another one.
    pub(crate) fn digest(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of the sealed entry, so that sealed and plain entries of one session coexist.
    #[must_use]
    pub fn sealed(self) -> Self {
        let mut hash = Sha256::new_with_prefix(b"aws-connector sealed entry");
        hash.update(self.0);
        Self(hash.finalize().into())
    }

    /// 64 hexadecimal digits: the stem of the entry's file names.
    pub fn hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from(
                    DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'),
                ));
            }
        }
        text
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An arbitrary key.
    pub(crate) fn some_key(seed: u8) -> Key {
        Key([seed; 32])
    }

    #[test]
    fn a_key_is_shown_as_64_hexadecimal_digits() {
        assert_eq!(some_key(0xa7).hex(), "a7".repeat(32));
    }

    #[test]
    fn a_sealed_entry_has_a_separate_key() {
        assert_ne!(some_key(1).sealed(), some_key(1));
        assert_ne!(some_key(1).sealed(), some_key(2).sealed());
    }
}
