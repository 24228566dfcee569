//! The credentials that this program obtains and returns: sessions, registry logins, cluster
//! tokens.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// AWS credentials: temporary with an expiration, or a long-lived pair without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `AKIA…` or `ASIA…`; for messages see [`Session::shown_key_id`].
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token of temporary credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<Secret>,
    /// When it expires; `None` for long-lived keys, which are never cached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The account (12 digits), if the response included it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The principal's ARN, if the response included it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
    /// The latest time at which AWS can have issued it, if this program obtained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obtained_at: Option<DateTime<Utc>>,
}

impl Session {
    /// The access key id for messages. A malformed one is not shown: it may be a misplaced secret.
    pub fn shown_key_id(&self) -> &str {
        if is_like_access_key_id(&self.access_key_id) {
            &self.access_key_id
        } else {
            "[not an access key id]"
        }
    }

    /// What is malformed, if anything, as words that follow `with`. Request headers cannot carry a
    /// key id or token with control characters.
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

/// The maximum length of an ARN.
pub(crate) const LONGEST_ARN: usize = 2048;

/// Whether a text is a possible access key id: 16 to 128 word characters.
pub(crate) fn is_access_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A username and password for every registry that the session can access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryLogin {
    /// `AWS` in practice, but read from the token.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// When the login or its session expires, whichever is earlier.
    pub expires_at: DateTime<Utc>,
}

/// A bearer token for a Kubernetes API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterToken {
    /// `k8s-aws-v1.…`
    pub token: Secret,
    /// When a client should request another one.
    pub expires_at: DateTime<Utc>,
}

/// Whether a text looks like an access key id that AWS issues.
fn is_like_access_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether a text looks like a secret access key that AWS issues.
pub(crate) fn is_like_secret_access_key(text: &str) -> bool {
    text.len() == 40
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        && !is_like_access_key_id(text)
}

/// Whether an access key id and a secret access key appear to be swapped.
pub(crate) fn are_swapped(id: &str, secret: &str) -> bool {
    is_like_secret_access_key(id) || is_like_access_key_id(secret) && !is_like_access_key_id(id)
}

/// The minimum remaining lifetime of a returned credential: a quarter of its full lifetime, at most
/// 15 minutes (botocore's refresh threshold).
pub fn margin(obtained_at: DateTime<Utc>, expires_at: DateTime<Utc>) -> TimeDelta {
    let lifetime = (expires_at - obtained_at).max(TimeDelta::zero());
    (lifetime / 4).min(TimeDelta::minutes(15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_access_key_id_is_not_shown() {
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
    fn keys_that_do_not_fit_into_a_header_are_flawed() {
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
