//! Sources in environment variables: access keys, and a web identity.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Found, Look};
use crate::error::{Error, Kind, Result};
use crate::plan::{How, KeysPlan, PlannedKeys, PlannedSecret, RoleCall};
use crate::profile::{KeyPair, Policies, SecretRef};
use crate::resource::check_role_arn;

/// STS's default duration of a role session.
pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// `AWS_ACCESS_KEY_ID` and the variables that go with it.
///
/// # Errors
/// The pair is incomplete. Skipping it could select an unintended identity.
pub(super) fn keys(look: &Look<'_>) -> Result<Found> {
    if look.env.get("AWS_ACCESS_KEY_ID").is_none() {
        return Ok(Found::nothing("AWS_ACCESS_KEY_ID is not set"));
    }
    if look.env.get("AWS_SECRET_ACCESS_KEY").is_none() {
        return Err(Error::new(
            Kind::NoCredentials,
            "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not",
        )
        .fix("set both, or unset AWS_ACCESS_KEY_ID"));
    }
    let token = ["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"]
        .into_iter()
        .find(|name| look.env.get(name).is_some());
    // Programs that export temporary keys set their expiration here.
    let expires_at = look
        .env
        .get("AWS_CREDENTIAL_EXPIRATION")
        .filter(|_| token.is_some())
        .and_then(|text| DateTime::parse_from_rfc3339(&text).ok())
        .map(|time| time.with_timezone(&Utc));
    let variable = |name: &str| SecretRef::Env(name.to_owned());
    Ok(look.found(How::Keys(KeysPlan {
        keys: PlannedKeys::local(KeyPair::Separate {
            id: variable("AWS_ACCESS_KEY_ID"),
            secret: variable("AWS_SECRET_ACCESS_KEY"),
        }),
        token: token.map(|name| PlannedSecret::Local(variable(name))),
        expires_at,
        tolerance: Duration::ZERO,
        origin: None,
    })))
}

/// `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, as EKS sets them for a service account.
///
/// # Errors
/// The role is missing or invalid.
pub(super) fn web_identity(look: &Look<'_>) -> Result<Found> {
    let Some(token_file) = look.env.get("AWS_WEB_IDENTITY_TOKEN_FILE") else {
        return Ok(Found::nothing("AWS_WEB_IDENTITY_TOKEN_FILE is not set"));
    };
    let Some(arn) = look.env.get("AWS_ROLE_ARN") else {
        return Err(Error::new(
            Kind::NoCredentials,
            "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not",
        )
        .fix("set AWS_ROLE_ARN to the role to assume"));
    };
    check_role_arn(&arn)
        .map_err(|error| Error::usage("environment variable AWS_ROLE_ARN").because(error))?;
    let session_name = look.env.get("AWS_ROLE_SESSION_NAME");
    Ok(look.found(How::WebIdentity {
        token_file,
        call: look.role_call(arn, session_name.as_deref()),
    }))
}

impl Look<'_> {
    /// The call for a role with only a session name.
    pub(super) fn role_call(&self, arn: String, session_name: Option<&str>) -> RoleCall {
        RoleCall {
            arn,
            // The default template does not use the client.
            session_name: crate::plan::session_name(
                session_name,
                self.connector,
                crate::request::Client::CredentialProcess,
                self.env,
            ),
            external_id: None,
            policies: Policies::default(),
            tags: std::collections::BTreeMap::new(),
            transitive_tag_keys: Vec::new(),
            source_identity: None,
            duration: HOUR,
            mfa: None,
        }
    }
}
