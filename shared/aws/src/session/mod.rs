//! Obtains sessions from AWS and local endpoints, one file per kind of step.

mod assume_role;
mod container;
mod federation_token;
mod instance_metadata;
mod nearby;
mod process;
mod session_token;
mod sso;
mod sso_token;
mod web_identity;

use aws_connector_core::aws::{Call, StepSecrets};
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::{How, Step};
use aws_connector_core::profile::Policies;
use aws_connector_core::resource::Arn;
use aws_connector_core::secret::Secret;
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};
use chrono::{DateTime, TimeDelta, Utc};

use crate::network::{Network, Question, time};

/// Carries out one step.
pub(crate) fn obtain(
    network: &Network,
    step: &Step,
    source: Option<&Session>,
    secrets: &StepSecrets,
    call: Call<'_>,
) -> Result<Session> {
    let source = || {
        source.ok_or_else(|| {
            Error::local(format!(
                "internal error: {} has no credentials to sign with",
                step.describe()
            ))
        })
    };
    let site = &step.site;
    match &step.how {
        How::AssumeRole { call: role, .. } => {
            assume_role::obtain(network, site, role, source()?, secrets, call)
        }
        How::SessionToken { duration, mfa, .. } => session_token::obtain(
            network,
            site,
            *duration,
            mfa.as_ref(),
            source()?,
            secrets,
            call,
        ),
        How::FederationToken {
            name,
            duration,
            policies,
            tags,
            ..
        } => {
            let wish = federation_token::Wish {
                name,
                duration: *duration,
                policies,
                tags,
            };
            federation_token::obtain(network, site, &wish, source()?, call)
        }
        How::WebIdentity {
            token_file,
            call: role,
        } => web_identity::obtain(network, site, token_file, role, call),
        How::Process(plan) => process::obtain(network.env(), plan, call),
        How::Sso(plan) => sso::obtain(network, site, plan, call),
        How::Container(plan) => container::obtain(network, plan, call),
        How::InstanceMetadata(plan) => instance_metadata::obtain(network, plan, call),
        How::Keys(_) => Err(Error::local(
            "internal error: a step with access keys makes no call",
        )),
    }
}

/// The session in a response of STS.
fn from_sts(
    question: &Question<'_>,
    credentials: Option<aws_sdk_sts::types::Credentials>,
    arn: Option<&str>,
) -> Result<Session> {
    let credentials = credentials.ok_or_else(|| question.incomplete("without credentials"))?;
    let expires_at = time(&credentials.expiration);
    let found = Issued {
        access_key_id: Some(credentials.access_key_id),
        secret_access_key: Some(credentials.secret_access_key),
        session_token: Some(credentials.session_token),
        expires_at,
        principal_arn: arn.map(str::to_owned),
    };
    let mut session = found.check(question)?;
    session.account_id = arn.and_then(account_of);
    Ok(session)
}

fn account_of(arn: &str) -> Option<String> {
    Arn::parse(arn)
        .ok()
        .map(|arn| arn.account)
        .filter(|account| !account.is_empty())
}

/// Temporary credentials as received, unchecked.
struct Issued {
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    session_token: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    principal_arn: Option<String>,
}

/// The longest session that STS issues (36 hours), and an hour for clock skew.
const LONGEST_SESSION: TimeDelta = TimeDelta::hours(37);

impl Issued {
    /// The session, if it is complete, well formed and not expired.
    fn check(self, question: &Question<'_>) -> Result<Session> {
        let some = |field: Option<String>, name: &str| {
            field
                .filter(|text| !text.is_empty())
                .ok_or_else(|| question.incomplete(&format!("without {name}")))
        };
        let session_token = Secret::new(some(self.session_token, "a session token")?);
        let secret_access_key = Secret::new(some(self.secret_access_key, "a secret access key")?);
        let access_key_id = some(self.access_key_id, "an access key id")?;
        let expires_at = self
            .expires_at
            .ok_or_else(|| question.incomplete("without an expiration"))?;
        if expires_at <= question.answered_at() {
            return Err(question.incomplete(&format!(
                "with a session that expired at {}",
                expires_at.format("%FT%TZ")
            )));
        }
        if expires_at - question.answered_at() > LONGEST_SESSION {
            return Err(question.incomplete("with a session of more than 36 hours"));
        }
        let session = Session {
            access_key_id,
            secret_access_key,
            session_token: Some(session_token),
            expires_at: Some(expires_at),
            account_id: None,
            principal_arn: self.principal_arn,
            obtained_at: None,
        };
        match session.flaw() {
            Some(flaw) => Err(question.incomplete(&format!("with {flaw}"))),
            None => Ok(session),
        }
    }
}

/// `PolicyArns`; `None` if empty.
fn policy_arns(policies: &Policies) -> Option<Vec<PolicyDescriptorType>> {
    let arns = policies.arns.iter();
    let arns: Vec<_> = arns
        .map(|arn| PolicyDescriptorType::builder().arn(arn).build())
        .collect();
    (!arns.is_empty()).then_some(arns)
}

/// `Tags`; `None` if empty.
fn tags(
    question: &Question<'_>,
    tags: &std::collections::BTreeMap<String, String>,
) -> Result<Option<Vec<Tag>>> {
    let tags = tags
        .iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::profile(question.what.as_str()).because(error))?;
    Ok((!tags.is_empty()).then_some(tags))
}

/// `DurationSeconds`
fn seconds(duration: std::time::Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::time::{Duration, Instant};

    use aws_connector_core::env::Env;

    use super::*;

    fn check(change: impl FnOnce(&mut Issued)) -> Result<Session> {
        let now = Utc::now();
        let call = Call {
            connector: "dev",
            serving: "dev",
            now,
            deadline: Instant::now() + Duration::from_secs(20),
        };
        let mut found = Issued {
            access_key_id: Some("ASIAIOSFODNN7EXAMPLE".to_owned()),
            secret_access_key: Some("s3cret".to_owned()),
            session_token: Some("s3cret".to_owned()),
            expires_at: Some(now + TimeDelta::hours(36)),
            principal_arn: Some("arn".to_owned()),
        };
        change(&mut found);
        let network = Network::new(Env::fixed([]));
        found.check(&network.question("sts:AssumeRole", "sts:AssumeRole".to_owned(), call))
    }

    #[test]
    fn credentials_that_do_not_fit_into_a_header_are_rejected_without_showing_them() {
        let session = check(|_| ()).unwrap();
        assert_eq!(session.principal_arn.as_deref(), Some("arn"));
        let bad = || Some("s3cret\nIOSFODNN7EXAMPLE".to_owned());
        let refused = [
            (check(|found| found.access_key_id = bad()), "access key id"),
            (
                check(|found| found.secret_access_key = bad()),
                "secret access key",
            ),
            (check(|found| found.session_token = bad()), "session token"),
            (
                check(|found| found.principal_arn = Some("a".repeat(2049))),
                "principal ARN",
            ),
            (
                check(|found| found.expires_at = Some(DateTime::<Utc>::MAX_UTC)),
                "more than 36 hours",
            ),
        ];
        for (checked, what) in refused {
            let told = checked.unwrap_err().to_string();
            assert!(told.contains(what) && !told.contains("s3cret"), "{told}");
        }
    }
}
