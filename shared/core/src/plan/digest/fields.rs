//! The primitives of a digest.

use sha2::{Digest as _, Sha256};

use crate::cache::Key;
use crate::cache::key::SCHEMA;

/// Hashes fields with their names and lengths, so that different fields cannot produce the same
/// bytes.
pub(super) struct Fields(Sha256);

impl Fields {
    pub(super) fn new(kind: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.text("aws-connector", kind);
        fields.bytes("schema", &SCHEMA.to_be_bytes());
        fields
    }

    pub(super) fn finish(self) -> Key {
        Key::from_digest(self.0.finalize().into())
    }

    pub(super) fn bytes(&mut self, name: &str, value: &[u8]) {
        for part in [name.as_bytes(), value] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.bytes(name, value.as_bytes());
    }

    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.bytes(name, &[u8::from(value)]);
    }

    pub(super) fn seconds(&mut self, name: &str, value: std::time::Duration) {
        self.bytes(name, &value.as_secs().to_be_bytes());
    }

    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.text("absent", name),
        }
    }

    pub(super) fn texts<'t>(&mut self, name: &str, values: impl ExactSizeIterator<Item = &'t str>) {
        self.bytes(name, &(values.len() as u64).to_be_bytes());
        for value in values {
            self.text("", value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let key = |pairs: &[(&str, &str)]| {
            let mut fields = Fields::new("test");
            for (name, value) in pairs {
                fields.text(name, value);
            }
            fields.finish()
        };
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", ""), ("b", "")]), key(&[("a", "b")]));
    }
}
