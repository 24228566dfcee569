//! The one error type: what went wrong, for which connector, and how to fix it.
//!
//! Every text is one line. What comes from outside (names, AWS's messages) is quoted and escaped
//! before it gets here; whatever else could break or hide the line is escaped when it is shown, so
//! that an error can be printed on a terminal or by Docker as it is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::shown::clean;

/// What sort of failure it is; the protocols and the retry rules decide by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The command line or the client's input is wrong.
    Usage,
    /// The connectors file is missing, unreadable or says something that is not allowed.
    Profile,
    /// The connector may not be used for this request.
    Refused,
    /// No credential is to be had where the profile says one is.
    NoCredentials,
    /// AWS answered and said no.
    Denied,
    /// AWS did not answer, or not sensibly; another try may succeed.
    Unavailable,
    /// A code or a user is required, and this run cannot prompt.
    Interaction,
    /// This machine is in the way: a file, a lock, a clock.
    Local,
}

/// A failure, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// What sort of failure it is.
    pub kind: Kind,
    /// The connector it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// What went wrong, without a full stop.
    pub what: String,
    /// What to do about it, as an imperative without a full stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// AWS's error code, where AWS gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// `Result` with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of `kind` that says `what`.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            connector: None,
            what: what.into(),
            fix: None,
            code: None,
        }
    }

    /// A wrong command line or client input.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Kind::Usage, what)
    }

    /// A fault in the connectors file.
    pub fn profile(what: impl Into<String>) -> Self {
        Self::new(Kind::Profile, what)
    }

    /// A request that the connector does not allow.
    pub fn refused(what: impl Into<String>) -> Self {
        Self::new(Kind::Refused, what)
    }

    /// An obstacle on this machine.
    pub fn local(what: impl Into<String>) -> Self {
        Self::new(Kind::Local, what)
    }

    /// Names the connector, unless an inner one is named already.
    #[must_use]
    pub fn of(mut self, connector: &str) -> Self {
        self.connector.get_or_insert_with(|| connector.to_owned());
        self
    }

    /// Sets the fix, unless it is already set.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix.get_or_insert_with(|| fix.into());
        self
    }

    /// Keeps AWS's error code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The process exit status: 2 for a wrong command line, 1 for everything else.
    pub fn exit_status(&self) -> u8 {
        if self.kind == Kind::Usage { 2 } else { 1 }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(connector) = &self.connector {
            write!(f, "connector '{connector}': ")?;
        }
        f.write_str(&clean(&self.what))?;
        if let Some(fix) = &self.fix {
            write!(f, "; fix: {}", clean(fix))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_with_connector_cause_and_fix() {
        let error = Error::refused("this connector is disabled")
            .of("dev")
            .fix("set enabled = true");
        assert_eq!(
            error.to_string(),
            "connector 'dev': this connector is disabled; fix: set enabled = true"
        );
    }

    #[test]
    fn the_innermost_connector_and_fix_win() {
        let error = Error::refused("x")
            .of("inner")
            .of("outer")
            .fix("a")
            .fix("b");
        assert_eq!(error.to_string(), "connector 'inner': x; fix: a");
    }
}
