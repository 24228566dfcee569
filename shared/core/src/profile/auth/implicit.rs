//! `implicit`: ambient credentials, and optionally a role assumed with them.

use super::role::{self, Chained};
use super::{Auth, CredentialSource, ImplicitSource};
use crate::error::Result;
use crate::profile::table::Fields;
use crate::shown::shown;

pub(super) fn read(fields: &mut Fields<'_, '_>, down_scope: Option<bool>) -> Result<Auth> {
    let profile = fields.string("profile_name")?;
    let pinned = fields.checked("credential_source", |text| {
        CredentialSource::ALL
            .into_iter()
            .find(|source| source.id() == text)
            .ok_or_else(|| {
                format!(
                    "{} is not one of {}",
                    shown(text),
                    CredentialSource::ALL.map(CredentialSource::id).join(", ")
                )
            })
    })?;
    let source = match (profile, pinned) {
        (Some(_), Some(pinned)) => {
            return Err(
                fields.field_error(&pinned, "cannot be combined with profile_name; keep one")
            );
        }
        (Some(profile), None) => ImplicitSource::Profile(profile.value),
        (None, Some(pinned)) => ImplicitSource::Pinned(pinned.value),
        (None, None) => ImplicitSource::Chain,
    };
    let allowed = fields
        .boolean("allow_implicit_auth_methods")?
        .unwrap_or(false)
        || source != ImplicitSource::Chain;
    let role = if fields.has("role_arn") {
        Some(role::read(fields, Chained::Unknown, down_scope)?)
    } else {
        None
    };
    Ok(Auth::Implicit {
        source,
        allowed,
        role,
    })
}
