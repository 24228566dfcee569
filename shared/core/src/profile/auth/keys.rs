//! Parses key pairs, and sources that provide a user's keys.

use super::{KeyPair, Method, Source};
use crate::error::Result;
use crate::profile::table::Fields;
use crate::profile::{SecretRef, field, limits};

pub(super) fn required(fields: &mut Fields<'_, '_>, method: Method) -> Result<KeyPair> {
    read(fields)?.ok_or_else(|| {
        fields.error(&format!(
            "{} requires aws_access_key_id and aws_secret_access_key, or access_keys",
            method.id()
        ))
    })
}

pub(super) fn read(fields: &mut Fields<'_, '_>) -> Result<Option<KeyPair>> {
    let id = fields.value(&field::AWS_ACCESS_KEY_ID)?;
    let secret = fields.value(&field::AWS_SECRET_ACCESS_KEY)?;
    let joined = fields.value(&field::ACCESS_KEYS)?;
    match (id, secret, joined) {
        (None, None, None) => Ok(None),
        (None, None, Some(joined)) => Ok(Some(KeyPair::Joined(joined))),
        (Some(id), Some(secret), None) => {
            if let SecretRef::Literal(id) = &id {
                match &secret {
                    SecretRef::Literal(secret) => limits::key_pair(id.expose(), secret.expose()),
                    _ => limits::access_key_id(id.expose()),
                }
                .map_err(|e| fields.error_in(&field::AWS_ACCESS_KEY_ID, &e))?;
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
            "access_keys contains both keys; remove aws_access_key_id and aws_secret_access_key",
        )),
    }
}

/// The key pair that session-token and federation-token require: a user's long-lived keys.
pub(super) fn of_user(fields: &mut Fields<'_, '_>, method: Method) -> Result<Source> {
    let method = method.id();
    let connector = fields.value(&field::SOURCE_CONNECTOR)?;
    let profile = fields.value(&field::SOURCE_PROFILE)?;
    let keys = read(fields)?;
    if fields.has(&field::AWS_SESSION_TOKEN) {
        let what = format!(
            "{method} requires an IAM user's long-lived keys; remove the token or use iam-role"
        );
        return Err(fields.error_in(&field::AWS_SESSION_TOKEN, &what));
    }
    match (connector, profile, keys) {
        (Some(name), None, None) => Ok(Source::Connector(name)),
        (None, Some(name), None) => Ok(Source::AwsProfile(name)),
        (None, None, Some(keys)) => {
            if let KeyPair::Separate {
                id: SecretRef::Literal(id),
                ..
            } = &keys
                && id.expose().starts_with("ASIA")
            {
                return Err(fields.error_in(&field::AWS_ACCESS_KEY_ID, &format!(
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
