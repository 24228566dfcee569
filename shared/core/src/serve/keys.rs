//! Reads keys and secrets from their sources: every time, never cached.

use chrono::{DateTime, TimeDelta, Utc};

use super::Pipeline;
use crate::cache::Need;
use crate::credential::Session;
use crate::error::{Error, Kind, Result};
use crate::local_secret;
use crate::plan::{KeysPlan, PlannedKeys, PlannedSecret, Step};
use crate::profile::SecretRef;
use crate::secret::Secret;
use crate::turn::Turn;

/// Whether the keys are in AWS's own environment variables.
fn is_environment(keys: &PlannedKeys) -> bool {
    matches!(
        keys,
        PlannedKeys::Separate { id, .. }
            if matches!(id, PlannedSecret::Local(SecretRef::Env(name)) if name == "AWS_ACCESS_KEY_ID")
    )
}

/// The secrets of a set of keys.
pub(super) struct Fetched {
    pair: Pair,
    token: Option<Secret>,
}

enum Pair {
    Separate(Secret, Secret),
    Joined(Secret),
}

impl KeysPlan {
    /// Fetches the secrets; `None` as soon as `fetch` returns none for one of them.
    pub(super) fn fetch(
        &self,
        mut fetch: impl FnMut(&PlannedSecret) -> Result<Option<Secret>>,
    ) -> Result<Option<Fetched>> {
        let pair = match &self.keys {
            PlannedKeys::Separate { id, secret } => {
                let Some(id) = fetch(id)? else {
                    return Ok(None);
                };
                let Some(secret) = fetch(secret)? else {
                    return Ok(None);
                };
                Pair::Separate(id, secret)
            }
            PlannedKeys::Joined(joined) => match fetch(joined)? {
                Some(joined) => Pair::Joined(joined),
                None => return Ok(None),
            },
        };
        let token = match &self.token {
            None => None,
            Some(token) => match fetch(token)? {
                Some(token) => Some(token),
                None => return Ok(None),
            },
        };
        Ok(Some(Fetched { pair, token }))
    }

    /// The session that the secrets form, if they are valid now.
    pub(super) fn session(
        &self,
        fetched: Fetched,
        connector: &str,
        now: DateTime<Utc>,
    ) -> Result<Session> {
        let fail = |what: String| Error::new(Kind::NoCredentials, what).of(connector);
        let (id, secret) = match fetched.pair {
            Pair::Separate(id, secret) => (id, secret),
            Pair::Joined(pair) => {
                let (id, secret) = pair
                    .expose()
                    .split_once(',')
                    .ok_or_else(|| fail("access_keys is not of the form 'id,secret'".to_owned()))?;
                (Secret::new(id.trim()), Secret::new(secret.trim()))
            }
        };
        crate::profile::limits::key_pair(id.expose(), secret.expose())
            .map_err(|error| fail(format!("the access key id {error}")))?;
        if secret.is_empty() {
            return Err(fail("the secret access key is empty".to_owned()));
        }
        if let Some(expires_at) = self.expires_at {
            let tolerance = TimeDelta::from_std(self.tolerance).unwrap_or(TimeDelta::zero());
            if expires_at - now < tolerance {
                let end = if expires_at <= now {
                    "expired"
                } else {
                    "expire"
                };
                let end = format!(
                    "its keys {end} at {}",
                    expires_at.format("%Y-%m-%dT%H:%M:%SZ")
                );
                return Err(if is_environment(&self.keys) && self.tolerance.is_zero() {
                    fail(format!("{end} (AWS_CREDENTIAL_EXPIRATION)"))
                        .fix("set new keys in the environment")
                } else {
                    let kept = tolerance.num_seconds();
                    fail(format!("{end} (expires_at; {kept} s safety margin)"))
                        .fix("set new keys and their expires_at in the connectors file")
                });
            }
        }
        Ok(Session {
            access_key_id: id.expose().to_owned(),
            secret_access_key: secret,
            session_token: fetched.token,
            expires_at: self.expires_at,
            account_id: None,
            principal_arn: None,
            obtained_at: None,
        })
    }
}

impl Pipeline<'_> {
    /// Reads the keys of a step from their sources.
    pub(super) fn keys(
        &self,
        step: &Step,
        plan: &KeysPlan,
        turn: &mut Turn<'_>,
    ) -> Result<Session> {
        let fetched = plan.fetch(|secret| self.secret(step, secret, turn).map(Some))?;
        let nothing = || Error::local("a secret was not fetched").of(&step.connector);
        plan.session(fetched.ok_or_else(nothing)?, &step.connector, turn.now())
    }

    pub(super) fn secret(
        &self,
        step: &Step,
        secret: &PlannedSecret,
        turn: &mut Turn<'_>,
    ) -> Result<Secret> {
        let of = |error: Error| error.of(&step.connector);
        let session = match secret {
            PlannedSecret::Local(secret) => {
                match local_secret::read(secret, self.errand.env()).map_err(of)? {
                    Some(text) => return Ok(text),
                    None => None,
                }
            }
            PlannedSecret::Ssm { session, .. } => {
                Some(self.session(session, Need::Intermediate, turn)?)
            }
        };
        self.ask(turn, true, |turn| {
            let call = self.call(&step.connector, turn);
            self.aws.secret(secret, session.as_ref(), call)
        })
        .map_err(of)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::time::Duration;

    use super::*;

    fn plan(variable: &str, tolerance: u64) -> KeysPlan {
        let env = |name: &str| PlannedSecret::Local(SecretRef::Env(name.into()));
        KeysPlan {
            keys: PlannedKeys::Separate {
                id: env(variable),
                secret: env("SECRET"),
            },
            token: None,
            expires_at: DateTime::from_timestamp(1_900_000_000, 0),
            tolerance: Duration::from_secs(tolerance),
            origin: None,
        }
    }

    /// The session with this many seconds left.
    fn session(plan: &KeysPlan, left: i64) -> Result<Session> {
        let fetched = plan
            .fetch(|_| Ok(Some(Secret::new("AKIAIOSFODNN7EXAMPLE"))))
            .unwrap();
        let now = plan.expires_at.unwrap() - TimeDelta::seconds(left);
        plan.session(fetched.unwrap(), "dev", now)
    }

    #[test]
    fn keys_are_returned_until_their_safety_margin() {
        let plan = plan("ID", 300);
        assert!(session(&plan, 300).is_ok());
        let error = session(&plan, 299).unwrap_err().to_string();
        assert!(
            error.contains("keys expire at") && error.contains("300 s"),
            "{error}"
        );
        let error = session(&plan, 0).unwrap_err().to_string();
        assert!(error.contains("keys expired at"), "{error}");
    }

    #[test]
    fn expired_keys_are_renewed_at_their_source() {
        for (variable, tolerance, is_environment) in [
            ("AWS_ACCESS_KEY_ID", 0, true),
            ("AWS_ACCESS_KEY_ID", 300, false),
            ("ID", 0, false),
        ] {
            let error = session(&plan(variable, tolerance), -1).unwrap_err();
            let said = error.to_string().contains("AWS_CREDENTIAL_EXPIRATION");
            assert_eq!(said, is_environment, "{variable} {tolerance} {error}");
        }
    }
}
