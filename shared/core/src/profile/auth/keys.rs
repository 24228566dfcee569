//! Key pairs in a connector, and the sources that provide a user's keys.

use super::{KeyPair, Method, Source};
use crate::error::Result;
use crate::profile::table::Fields;
use crate::profile::{SecretRef, limits, secret_ref};

pub(super) fn required(fields: &mut Fields<'_, '_>, method: Method) -> Result<KeyPair> {
    read(fields)?.ok_or_else(|| {
        fields.error(&format!(
            "{} requires aws_access_key_id and aws_secret_access_key, or access_keys",
            method.id()
        ))
    })
}

pub(super) fn read(fields: &mut Fields<'_, '_>) -> Result<Option<KeyPair>> {
    let id = secret_ref::read(fields, "aws_access_key_id")?;
    let secret = secret_ref::read(fields, "aws_secret_access_key")?;
    let joined = secret_ref::read(fields, "access_keys")?;
    match (id, secret, joined) {
        (None, None, None) => Ok(None),
        (None, None, Some(joined)) => Ok(Some(KeyPair::Joined(joined))),
        (Some(id), Some(secret), None) => {
            if let SecretRef::Literal(id) = &id {
                match &secret {
                    SecretRef::Literal(secret) => limits::key_pair(id.expose(), secret.expose()),
                    _ => limits::access_key_id(id.expose()),
                }
                .map_err(|e| fields.error_in("aws_access_key_id", &e))?;
            }
            Ok(Some(KeyPair::Separate { id, secret }))
        }
        (Some(_), None, None) => {
            Err(fields.error("field 'aws_secret_access_key' is required with aws_access_key_id"))
        }
        (None, Some(_), None) => {
            Err(fields.error("field 'aws_access_key_id' is required with aws_secret_access_key"))
        }
        _ => Err(fields.error(
            "access_keys holds both keys; remove aws_access_key_id and aws_secret_access_key",
        )),
    }
}

/// The pair that session-token and federation-token need: a user's long-lived keys.
pub(super) fn of_user(fields: &mut Fields<'_, '_>, method: Method) -> Result<Source> {
    let method = method.id();
    let connector = fields.string("source_connector")?;
    let profile = fields.string("source_profile")?;
    let keys = read(fields)?;
    if fields.has("aws_session_token") {
        let token = fields.string("aws_session_token").ok().flatten();
        let what = format!(
            "{method} requires an IAM user's long-lived keys; remove the token or use iam-role"
        );
        return Err(match token {
            Some(token) => fields.field_error(&token, &what),
            None => fields.error(&what),
        });
    }
    match (connector, profile, keys) {
        (Some(name), None, None) => Ok(Source::Connector(name.value)),
        (None, Some(name), None) => Ok(Source::AwsProfile(name.value)),
        (None, None, Some(keys)) => {
            if let KeyPair::Separate {
                id: SecretRef::Literal(id),
                ..
            } = &keys
                && id.expose().starts_with("ASIA")
            {
                return Err(fields.error_in("aws_access_key_id", &format!(
                    "is a temporary key (ASIA…), but {method} requires an IAM user's long-lived \
                     keys; use sts-token or iam-role"
                )));
            }
            Ok(Source::Keys { keys, token: None })
        }
        (None, None, None) => Err(fields.error(&format!(
            "{method} requires a user's keys; set source_connector, source_profile, or \
             aws_access_key_id and aws_secret_access_key"
        ))),
        _ => Err(fields.error(&format!(
            "{method} allows one source; keep one of source_connector, source_profile and the \
             keys"
        ))),
    }
}
