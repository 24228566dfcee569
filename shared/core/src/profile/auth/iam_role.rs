//! `iam-role`: `sts:AssumeRole`, or `sts:AssumeRoleWithWebIdentity`.

use super::role::{self, Chained};
use super::{Auth, Source, keys};
use crate::error::Result;
use crate::profile::table::Fields;
use crate::profile::{field, limits};

pub(super) fn read(fields: &mut Fields<'_, '_>, down_scope: Option<bool>) -> Result<Auth> {
    let connector = fields.value(&field::SOURCE_CONNECTOR)?;
    let profile = fields.value(&field::SOURCE_PROFILE)?;
    let web_identity = fields.checked(&field::WEB_IDENTITY_TOKEN_FILE, limits::path)?;
    let keys = keys::read(fields)?;
    let mut given: Vec<&str> = Vec::new();
    given.extend(connector.as_ref().map(|_| field::SOURCE_CONNECTOR.name()));
    given.extend(profile.as_ref().map(|_| field::SOURCE_PROFILE.name()));
    given.extend(
        web_identity
            .as_ref()
            .map(|_| field::WEB_IDENTITY_TOKEN_FILE.name()),
    );
    given.extend(keys.as_ref().map(|_| "keys"));
    let (source, chained) = match (connector, profile, web_identity, keys) {
        (Some(name), None, None, None) => (Source::Connector(name), Chained::Unknown),
        (None, Some(name), None, None) => (Source::AwsProfile(name), Chained::Unknown),
        (None, None, Some(file), None) => (
            Source::WebIdentity {
                token_file: file.value,
            },
            Chained::WebIdentity,
        ),
        (None, None, None, Some(keys)) => {
            let token = fields.value(&field::AWS_SESSION_TOKEN)?;
            let chained = if token.is_some() {
                Chained::Yes
            } else {
                Chained::No
            };
            (Source::Keys { keys, token }, chained)
        }
        (None, None, None, None) => {
            return Err(fields.error(
                "iam-role requires a source; set source_connector, source_profile, \
                 web_identity_token_file, or aws_access_key_id and aws_secret_access_key",
            ));
        }
        _ => {
            return Err(fields.error(&format!(
                "iam-role allows one source, not {}; keep one",
                given.join(" and ")
            )));
        }
    };
    Ok(Auth::IamRole {
        source,
        role: role::read(fields, chained, down_scope)?,
    })
}
