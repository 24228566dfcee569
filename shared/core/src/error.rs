//! The error type: what failed, where, for which connector, and how to fix it.
//!
//! Code inspects an error's kind, place and refusal, never its text. The text is a single line.
//! Untrusted values (names, messages from AWS) are quoted and escaped before they get here;
//! anything else that could break or hide the line is escaped on display, so an error is safe to
//! print to a terminal or through Docker.

mod cause;
mod refusal;

use std::error::Error as StdError;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use cause::Cause;
pub use refusal::{Reason, Refusal};

use crate::shown::clean;

/// The category of a failure; protocols and retry rules depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The command line or the client's input is wrong.
    Usage,
    /// The connectors file is missing, unreadable or invalid.
    Profile,
    /// The connector may not be used for this request.
    Refused,
    /// The user has not allowed ambient credentials.
    NoConsent,
    /// The profile names a source that has no credentials.
    NoCredentials,
    /// AWS denied the call.
    Denied,
    /// AWS did not respond, or its response was invalid; a retry may succeed.
    Unavailable,
    /// An MFA code or user input is required, and this run cannot prompt.
    Interaction,
    /// A local problem: a file, a lock, the clock.
    Local,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// Its category.
    pub kind: Kind,
    /// The connector that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// Where the failure is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Box<Place>>,
    /// What failed, without a full stop; [`summary`](Self::summary) adds place and cause.
    pub what: String,
    /// How AWS refused the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Box<Refusal>>,
    /// The underlying error of the system or a library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// How to fix it, as an imperative without a full stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// Where an error is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What the failed part was needed for, outermost first, such as `mfa_process`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<String>,
    /// The file and line (from 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<(String, usize)>,
    /// The field of a connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// `Result` with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Creates a failure of `kind` with the text `what`.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            connector: None,
            place: None,
            what: what.into(),
            refusal: None,
            cause: None,
            fix: None,
        }
    }

    /// A wrong command line or client input.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Kind::Usage, what)
    }

    /// A problem in the connectors file.
    pub fn profile(what: impl Into<String>) -> Self {
        Self::new(Kind::Profile, what)
    }

    /// A request that the connector does not allow.
    pub fn refused(what: impl Into<String>) -> Self {
        Self::new(Kind::Refused, what)
    }

    /// A local problem.
    pub fn local(what: impl Into<String>) -> Self {
        Self::new(Kind::Local, what)
    }

    /// Sets the connector, unless an inner one is already set.
    #[must_use]
    pub fn of(mut self, connector: &str) -> Self {
        self.connector.get_or_insert_with(|| connector.to_owned());
        self
    }

    /// Sets the file and line.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: usize) -> Self {
        self.place_mut().line = Some((file.into(), line));
        self
    }

    /// Sets the field.
    #[must_use]
    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        self.place_mut().field = Some(field.into());
        self
    }

    /// Adds what the failed part was needed for, in front of any earlier context.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.place_mut().context.insert(0, context.into());
        self
    }

    fn place_mut(&mut self) -> &mut Place {
        self.place.get_or_insert_default()
    }

    /// Sets the underlying error.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Sets how AWS refused the call.
    #[must_use]
    pub fn refusal(mut self, refusal: Refusal) -> Self {
        self.refusal = Some(Box::new(refusal));
        self
    }

    /// Sets the fix, unless it is already set.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix.get_or_insert_with(|| fix.into());
        self
    }

    /// Why AWS refused the call, if it did.
    pub fn reason(&self) -> Option<Reason> {
        self.refusal.as_ref().map(|refusal| refusal.reason)
    }

    /// Place, failure and cause on one line, without the connector and the fix.
    pub fn summary(&self) -> String {
        let place = self.place.as_deref().map(Place::to_string);
        let mut text = place.unwrap_or_default() + &self.what;
        if let Some(refusal) = &self.refusal {
            text += &format!(" {refusal}");
        }
        if let Some(cause) = &self.cause {
            text += &format!(": {cause}");
        }
        clean(&text).into_owned()
    }

    /// The process exit status: 2 for usage errors, 1 otherwise.
    pub fn exit_status(&self) -> u8 {
        if self.kind == Kind::Usage { 2 } else { 1 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for context in &self.context {
            write!(f, "{context}: ")?;
        }
        if let Some((file, line)) = &self.line {
            write!(f, "{file}:{line}: ")?;
        }
        match &self.field {
            Some(field) => write!(f, "field '{field}': "),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(connector) = &self.connector {
            write!(f, "connector '{connector}': ")?;
        }
        f.write_str(&self.summary())?;
        if let Some(fix) = &self.fix {
            write!(f, "; fix: {}", clean(fix))?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(Cause::error)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_error_is_one_line_with_connector_place_cause_and_fix() {
        let error = Error::profile("cannot be read")
            .of("dev")
            .at("connectors.toml", 3)
            .in_field("policy")
            .because(std::io::Error::other("no\nluck"))
            .context("mfa_process")
            .fix("write it again");
        assert_eq!(
            error.to_string(),
            "connector 'dev': mfa_process: connectors.toml:3: field 'policy': cannot be read: \
             no\\nluck; fix: write it again"
        );
    }

    #[test]
    fn the_innermost_connector_and_fix_and_the_outermost_context_come_first() {
        let error = Error::refused("x")
            .of("inner")
            .of("outer")
            .context("inside")
            .context("outside")
            .fix("a")
            .fix("b");
        assert_eq!(
            error.to_string(),
            "connector 'inner': outside: inside: x; fix: a"
        );
    }

    #[test]
    fn the_cause_is_the_source() {
        let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
        let error = Error::local("cannot read it").because(cause);
        let source = error.source().unwrap();
        let source = source.downcast_ref::<std::io::Error>().unwrap();
        assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
        assert!(Error::local("alone").source().is_none());
    }

    #[test]
    fn a_deserialized_error_has_the_same_text() {
        let error = Error::new(Kind::Denied, "sts:AssumeRole was denied")
            .of("dev")
            .at("f", 1)
            .context("c")
            .because(std::io::Error::other("why"))
            .refusal(Refusal {
                operation: "sts:AssumeRole".to_owned(),
                code: "AccessDenied".to_owned(),
                reason: Reason::AccessDenied,
                message: "no".to_owned(),
                note: None,
            });
        let text = serde_json::to_string(&error).unwrap();
        let read: Error = serde_json::from_str(&text).unwrap();
        assert_eq!(read, error);
        assert_eq!(read.to_string(), error.to_string());
    }
}
