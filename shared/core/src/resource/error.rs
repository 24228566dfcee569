//! The one error of this module.

use std::fmt;

/// Why an id, ARN, name or region was refused: one line that says what is wrong, what is allowed
/// and how to put it right. What the user wrote stands in it escaped and cut to about 80 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceError {
    message: String,
}

impl ResourceError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ResourceError {}
