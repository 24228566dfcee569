//! How AWS refuses a call.

use std::fmt;

use serde::{Deserialize, Serialize};

/// AWS's error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The refused operation as IAM names it, such as `sts:AssumeRole`.
    pub operation: String,
    /// AWS's error code.
    pub code: String,
    /// What the code means.
    pub reason: Reason,
    /// AWS's message, without secrets and control characters; may be empty.
    pub message: String,
    /// What we know about the cause, such as a wrong clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What AWS's error codes mean. `shared/aws` maps the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The caller is not allowed to do this.
    AccessDenied,
    /// The access key does not exist, is inactive, or belongs to another partition.
    UnknownKey,
    /// The session or the web identity token has expired.
    Expired,
    /// The signature does not match.
    BadSignature,
    /// The signature has the wrong time.
    WrongTime,
    /// The MFA code is wrong.
    WrongMfaCode,
    /// The web identity token is invalid.
    InvalidIdentityToken,
    /// The IAM Identity Center token is not accepted.
    Unauthorized,
    /// The resource does not exist, or not in this region or account.
    NotFound,
    /// STS is not active in this region.
    RegionDisabled,
    /// The region or the service is not enabled for the account.
    NotSubscribed,
    /// The session policy is not valid.
    MalformedPolicy,
    /// The session policy and the tags are too large.
    PolicyTooLarge,
    /// A parameter is not valid.
    InvalidParameter,
    /// Throttling, or a failure on AWS's side.
    Busy,
    /// Any other code.
    Other,
}

impl Refusal {
    /// A refusal with empty texts, for tests.
    #[cfg(test)]
    pub(crate) fn of(operation: &str, reason: Reason) -> Self {
        Self {
            operation: operation.to_owned(),
            code: "Code".to_owned(),
            reason,
            message: String::new(),
            note: None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.code)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match &self.note {
            Some(note) => write!(f, "; {note}"),
            None => Ok(()),
        }
    }
}
