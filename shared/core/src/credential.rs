//! What is obtained and returned: sessions, registry logins, cluster tokens.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// AWS credentials: temporary ones with an expiry, or a long-lived pair without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `AKIA…` or `ASIA…`; for messages see [`Session::shown_key_id`].
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token of temporary credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<Secret>,
    /// When AWS ends it; `None` for long-lived keys, which are never cached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The account, where the answer that made it said so (12 digits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The ARN of the principal, where the answer that made it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
}

impl Session {
    /// The access key id for messages. A text that does not look like one is not shown: it may be a
    /// misplaced secret.
    pub fn shown_key_id(&self) -> &str {
        if is_like_access_key_id(&self.access_key_id) {
            &self.access_key_id
        } else {
            "[not an access key id]"
        }
    }
}

/// A user name and password for every registry that its session may reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryLogin {
    /// Always `AWS` so far, but taken from the token.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// The earlier of the login's own end and its session's.
    pub expires_at: DateTime<Utc>,
}

/// A bearer token for a Kubernetes API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterToken {
    /// `k8s-aws-v1.…`
    pub token: Secret,
    /// When a client should ask again.
    pub expires_at: DateTime<Utc>,
}

/// Whether a text has the form of the access key ids that AWS issues.
fn is_like_access_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether a text has the form of the secret access keys that AWS issues.
pub(crate) fn is_like_secret_access_key(text: &str) -> bool {
    text.len() == 40
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        && !is_like_access_key_id(text)
}

/// Whether an access key id and a secret access key seem to be in each other's place.
pub(crate) fn are_swapped(id: &str, secret: &str) -> bool {
    is_like_secret_access_key(id) || is_like_access_key_id(secret) && !is_like_access_key_id(id)
}

/// The minimum lifetime of a credential to be returned: a quarter of it, at most 15
/// minutes, which is where botocore starts to ask again before every request.
pub fn margin(obtained_at: DateTime<Utc>, expires_at: DateTime<Utc>) -> TimeDelta {
    let lifetime = (expires_at - obtained_at).max(TimeDelta::zero());
    (lifetime / 4).min(TimeDelta::minutes(15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_unlike_an_access_key_id_is_not_shown() {
        let session = |id: &str| Session {
            access_key_id: id.into(),
            secret_access_key: Secret::new("s"),
            session_token: None,
            expires_at: None,
            account_id: None,
            principal_arn: None,
        };
        let id = "ASIAIOSFODNN7EXAMPLE";
        assert_eq!(session(id).shown_key_id(), id);
        let misplaced = session("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00");
        assert_eq!(misplaced.shown_key_id(), "[not an access key id]");
    }

    #[test]
    fn the_margin_is_a_quarter_of_the_lifetime_but_at_most_fifteen_minutes() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        assert_eq!(
            margin(start, start + TimeDelta::seconds(900)),
            TimeDelta::seconds(225)
        );
        assert_eq!(
            margin(start, start + TimeDelta::hours(1)),
            TimeDelta::minutes(15)
        );
        assert_eq!(
            margin(start, start + TimeDelta::hours(12)),
            TimeDelta::minutes(15)
        );
        assert_eq!(
            margin(start, start - TimeDelta::hours(1)),
            TimeDelta::zero()
        );
    }
}
