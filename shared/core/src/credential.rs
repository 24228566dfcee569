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
    /// When AWS issued it at the latest, where this program obtained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obtained_at: Option<DateTime<Utc>>,
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

    /// What is wrong with the form of it, if anything, in words that follow `with`. A key id or
    /// token with control characters cannot be put into the headers of a request.
    pub fn flaw(&self) -> Option<&'static str> {
        let visible = |secret: &Secret| secret.expose().bytes().all(|byte| byte.is_ascii_graphic());
        if !is_access_key_id(&self.access_key_id) {
            Some("an access key id that is not 16 to 128 letters, digits and underscores")
        } else if !visible(&self.secret_access_key) {
            Some("a secret access key that is not visible ASCII")
        } else if !self.session_token.as_ref().is_none_or(visible) {
            Some("a session token that is not visible ASCII")
        } else if self
            .principal_arn
            .as_ref()
            .is_some_and(|arn| arn.len() > LONGEST_ARN)
        {
            Some("a principal ARN of more than 2048 characters")
        } else {
            None
        }
    }
}

/// No ARN of AWS's is longer.
pub(crate) const LONGEST_ARN: usize = 2048;

/// Whether a text can be an access key id at all: 16 to 128 word characters.
pub(crate) fn is_access_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
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
            obtained_at: None,
        };
        let id = "ASIAIOSFODNN7EXAMPLE";
        assert_eq!(session(id).shown_key_id(), id);
        let misplaced = session("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00");
        assert_eq!(misplaced.shown_key_id(), "[not an access key id]");
    }

    #[test]
    fn keys_that_no_request_can_carry_are_flawed() {
        let good = Session {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
            secret_access_key: Secret::new("secret/+="),
            session_token: Some(Secret::new("token==")),
            expires_at: None,
            account_id: None,
            principal_arn: Some("a".repeat(2048)),
            obtained_at: None,
        };
        assert_eq!(good.flaw(), None);
        let flawed = |change: &dyn Fn(&mut Session), word: &str| {
            let mut session = good.clone();
            change(&mut session);
            let flaw = session.flaw().unwrap_or_default();
            assert!(flaw.contains(word), "{word}: {flaw}");
        };
        for id in ["ASIAIOSFODNN7\nXAMPLE", "ASIA", "ASIAIOSFODNN7EXAMPLÉ", ""] {
            flawed(&|session| session.access_key_id = id.into(), "key id");
        }
        for text in ["a\nb", "a b", "é", "\u{7f}"] {
            let secret = Secret::new(text);
            flawed(
                &|session| session.secret_access_key = secret.clone(),
                "secret",
            );
            flawed(
                &|session| session.session_token = Some(secret.clone()),
                "token",
            );
        }
        flawed(
            &|session| session.principal_arn = Some("a".repeat(2049)),
            "ARN",
        );
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
