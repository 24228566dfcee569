//! The fields of a connector that is being registered.

use toml_edit::Value;

use crate::services::fields::FieldList;

/// The text of a field.
pub(super) fn get(found: &[(String, Value)], key: &str) -> Option<String> {
    let (_, value) = found.iter().find(|(name, _)| name == key)?;
    value.as_str().map(str::to_owned)
}

/// Sets a field that no flag set.
pub(super) fn set(found: &mut FieldList, key: &str, value: Value) {
    if !found.iter().any(|(name, _)| name == key) {
        found.push((key.to_owned(), value));
    }
}

pub(super) fn remove(found: &mut FieldList, key: &str) {
    found.retain(|(name, _)| name != key);
}
