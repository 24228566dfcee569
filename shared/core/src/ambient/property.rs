//! One `key = value` of a section, and how to read its value.

use std::borrow::Cow;

use super::ini::Ini;
use super::words;
use crate::error::{Error, Result};

/// A key with its value, which can span several lines.
pub struct Property<'t> {
    /// The file that contains it.
    pub(super) file: &'t Ini,
    /// Its line, from 1.
    pub(super) line: usize,
    /// The key as written; compare it case-insensitively.
    pub key: &'t str,
    pub(super) first: &'t str,
    pub(super) more: Vec<&'t str>,
}

impl<'t> Property<'t> {
    /// The value without a trailing comment; `None` if it is empty or has sub-properties.
    ///
    /// # Errors
    /// The value spans several lines or contains a control character.
    pub fn value(&self) -> Result<Option<&'t str>> {
        let first = without_comment(self.first);
        if first.is_empty() {
            return Ok(None);
        }
        if !self.more.is_empty() || first.chars().any(char::is_control) {
            return Err(self.wrong("spans several lines or contains a control character").fix(
                "write it on one line; a line that is indented deeper than the one above continues it",
            ));
        }
        Ok(Some(first))
    }

    /// The value of `credential_process`: line breaks become spaces, and a `#` in quotes does not
    /// start a comment.
    pub fn command(&self) -> Cow<'t, str> {
        let first = words::without_comment(self.first).trim();
        if self.more.is_empty() {
            return Cow::Borrowed(first);
        }
        let mut command = first.to_owned();
        for line in &self.more {
            command.push(' ');
            command.push_str(words::without_comment(line).trim());
        }
        Cow::Owned(command)
    }

    /// Whether it has no value, or only sub-properties.
    pub(super) fn is_empty(&self) -> bool {
        without_comment(self.first).is_empty()
    }

    /// The lines of the value, as written.
    pub(super) fn raw(&self) -> impl Iterator<Item = &'t str> {
        std::iter::once(self.first.trim()).chain(self.more.iter().copied())
    }

    /// The value of a sub-property, if it is set.
    pub(super) fn inner(&self, key: &str) -> Option<&'t str> {
        self.more
            .iter()
            .filter(|line| !line.trim_start().starts_with(['#', ';']))
            .filter_map(|line| line.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case(key))
            .map(|(_, value)| without_comment(value))
            .rfind(|value| !value.is_empty())
    }

    /// An error about this property.
    pub(super) fn wrong(&self, what: &str) -> Error {
        let key = self.key.to_ascii_lowercase();
        self.file.wrong(self.line, format!("{key} {what}"))
    }
}

/// Cuts a comment: a `#` or `;` after white space. (botocore keeps it as part of the value, AWS's
/// other SDKs do not; no value that we read can contain one.)
fn without_comment(value: &str) -> &str {
    let mut before_is_space = false;
    for (at, c) in value.char_indices() {
        if matches!(c, '#' | ';') && before_is_space {
            return value.get(..at).unwrap_or("").trim();
        }
        before_is_space = c.is_whitespace();
    }
    value.trim()
}
