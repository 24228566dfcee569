//! Keys and secrets from where they lie: looked up each time, never cached.

use chrono::TimeDelta;

use super::Pipeline;
use crate::cache::Need;
use crate::credential::Session;
use crate::error::{Error, Kind, Result};
use crate::local_secret;
use crate::plan::{KeysPlan, PlannedKeys, PlannedSecret, Step};
use crate::profile::SecretRef;
use crate::secret::Secret;

/// Whether the keys are those that AWS's own variables hold.
fn is_environment(keys: &PlannedKeys) -> bool {
    matches!(
        keys,
        PlannedKeys::Separate { id: PlannedSecret::Local(SecretRef::Env(name)), .. }
            if name == "AWS_ACCESS_KEY_ID"
    )
}

impl Pipeline<'_> {
    /// Takes keys from where they lie. They are looked up each time, and never cached.
    pub(super) fn keys(&self, step: &Step, plan: &KeysPlan) -> Result<Session> {
        let fail = |what: String| Error::new(Kind::NoCredentials, what).of(&step.connector);
        let (id, secret) = match &plan.keys {
            PlannedKeys::Separate { id, secret } => {
                (self.secret(step, id)?, self.secret(step, secret)?)
            }
            PlannedKeys::Joined(joined) => {
                let pair = self.secret(step, joined)?;
                let (id, secret) = pair
                    .expose()
                    .split_once(',')
                    .ok_or_else(|| fail("access_keys does not read 'id,secret'".to_owned()))?;
                (Secret::new(id.trim()), Secret::new(secret.trim()))
            }
        };
        let token = match &plan.token {
            Some(token) => Some(self.secret(step, token)?),
            None => None,
        };
        crate::profile::limits::access_key_id(id.expose())
            .map_err(|error| fail(format!("the access key id {error}")))?;
        if secret.is_empty() {
            return Err(fail("the secret access key is empty".to_owned()));
        }
        if let Some(expires_at) = plan.expires_at {
            let tolerance = TimeDelta::from_std(plan.tolerance).unwrap_or(TimeDelta::zero());
            if expires_at - self.now() < tolerance {
                let end = if expires_at <= self.now() {
                    "expired"
                } else {
                    "expire"
                };
                let end = format!(
                    "its keys {end} at {}",
                    expires_at.format("%Y-%m-%dT%H:%M:%SZ")
                );
                return Err(if is_environment(&plan.keys) && plan.tolerance.is_zero() {
                    fail(format!("{end} (AWS_CREDENTIAL_EXPIRATION)"))
                        .fix("put fresh keys into the environment")
                } else {
                    let kept = tolerance.num_seconds();
                    fail(format!("{end} (expires_at; {kept} s are kept in hand)"))
                        .fix("put fresh keys and their expires_at into the profile")
                });
            }
        }
        Ok(Session {
            access_key_id: id.expose().to_owned(),
            secret_access_key: secret,
            session_token: token,
            expires_at: plan.expires_at,
            account_id: None,
            principal_arn: None,
        })
    }

    pub(super) fn secret(&self, step: &Step, secret: &PlannedSecret) -> Result<Secret> {
        let of = |error: Error| error.of(&step.connector);
        let session = match secret {
            PlannedSecret::Local(secret) => {
                match local_secret::read(secret, self.env).map_err(of)? {
                    Some(text) => return Ok(text),
                    None => None,
                }
            }
            PlannedSecret::Ssm { session, .. } => Some(self.session(session, Need::Intermediate)?),
        };
        self.ask(true, || {
            let call = self.call(&step.connector, self.deadline.get());
            self.aws.secret(secret, session.as_ref(), call)
        })
        .map_err(of)
    }
}
