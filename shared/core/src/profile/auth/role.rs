//! Parses a role, and the arguments of the call that assumes it.

use super::{Role, policies, second_factor};
use crate::error::Result;
use crate::profile::table::Fields;
use crate::profile::{SecretRef, field, limits};
use crate::resource::check_role_arn;
use crate::shown::shown;

/// Whether the role is assumed from another session, which limits its duration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Chained {
    No,
    Yes,
    WebIdentity,
    Unknown,
}

pub(super) fn read(
    fields: &mut Fields<'_, '_>,
    chained: Chained,
    down_scope: Option<bool>,
) -> Result<Role> {
    let arn = fields
        .checked(&field::ROLE_ARN, |text| {
            check_role_arn(text).map(|_| text.to_owned())
        })?
        .ok_or_else(|| {
            fields.error(
                "field 'role_arn' is required with auth_method iam-role, such as \
                 arn:aws:iam::123456789012:role/NAME",
            )
        })?;
    if chained == Chained::WebIdentity {
        for field in [
            field::EXTERNAL_ID.any(),
            field::TAGS.any(),
            field::TRANSITIVE_TAG_KEYS.any(),
            field::SOURCE_IDENTITY.any(),
            field::MFA_SERIAL.any(),
        ] {
            if fields.has(&field) {
                return Err(fields.error_in(
                    &field,
                    "not allowed with web_identity_token_file: AssumeRoleWithWebIdentity does \
                     not accept it; remove one of the two",
                ));
            }
        }
    }
    let session_name = fields.checked(&field::ROLE_SESSION_NAME, limits::session_name_template)?;
    let external_id = fields.value(&field::EXTERNAL_ID)?;
    if let Some(SecretRef::Literal(text)) = &external_id {
        limits::external_id(text.expose()).map_err(|e| fields.error_in(&field::EXTERNAL_ID, &e))?;
    }
    let policies = policies::read(fields)?;
    let tags = policies::tags(fields)?;
    let transitive = transitive_tag_keys(fields)?;
    let source_identity =
        fields.checked(&field::SOURCE_IDENTITY, |text| limits::name(text, 2, 64))?;
    let duration = limits::role_duration(fields)?;
    let mfa = second_factor::read(fields)?;
    let value = duration.as_ref().map_or(limits::HOUR, |at| at.value);
    if let Some(duration) = &duration
        && chained == Chained::Yes
        && value > limits::HOUR
    {
        return Err(fields.field_error(
            duration,
            "STS limits a role assumed with temporary keys to 1h; shorten it or use long-lived \
             keys",
        ));
    }
    if chained == Chained::Yes
        && let Some(mfa) = &mfa
    {
        return Err(fields.error_in(
            &field::MFA_SERIAL,
            &format!(
                "STS does not accept an MFA code ({}) with temporary keys; use long-lived keys",
                mfa.serial
            ),
        ));
    }
    let one_session = down_scope == Some(false) || !policies.is_empty();
    if mfa.is_some() && value > limits::HOUR && !one_session {
        return Err(fields.error_in(
            &field::DURATION,
            "a role with mfa_serial and a duration over 1h would prompt for a code for each \
             resource; set down_scope = false (one session for all), or a duration of at most \
             1h",
        ));
    }
    Ok(Role {
        arn: arn.value,
        session_name: session_name.map(|at| at.value),
        external_id,
        policies,
        tags,
        transitive_tag_keys: transitive,
        source_identity: source_identity.map(|at| at.value),
        duration: value,
        mfa,
    })
}

fn transitive_tag_keys(fields: &mut Fields<'_, '_>) -> Result<Vec<String>> {
    let Some(keys) = fields.get(&field::TRANSITIVE_TAG_KEYS)? else {
        return Ok(Vec::new());
    };
    if keys.value.len() > 50 {
        return Err(fields.field_error(&keys, "lists more than 50 keys"));
    }
    if let Some(bad) = keys.value.iter().find(|key| key.chars().count() > 128) {
        return Err(fields.field_error(
            &keys,
            &format!("{} is longer than 128 characters", shown(bad)),
        ));
    }
    let mut keys = keys.value;
    keys.sort();
    keys.dedup();
    Ok(keys)
}
