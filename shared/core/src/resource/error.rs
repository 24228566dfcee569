//! The error type of this module.

use std::fmt;

/// Why an id, ARN, name or region is invalid: one line that says what is wrong, what is allowed and
/// how to fix it. User input in it is escaped and truncated to about 80 characters.
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
