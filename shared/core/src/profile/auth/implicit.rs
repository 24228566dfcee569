//! `implicit`: ambient credentials, and optionally a role that they assume.

use toml::de::DeValue;

use super::role::{self, Chained};
use super::{Auth, CredentialSource, ImplicitSource};
use crate::error::Result;
use crate::profile::field;
use crate::profile::table::{At, Fields};
use crate::profile::value::{Kind, Value};
use crate::shown::shown;

pub(super) fn read(fields: &mut Fields<'_, '_>, down_scope: Option<bool>) -> Result<Auth> {
    let profile = fields.value(&field::PROFILE_NAME)?;
    let pinned = fields.get(&field::CREDENTIAL_SOURCE)?;
    let source = match (profile, pinned) {
        (Some(_), Some(pinned)) => {
            return Err(
                fields.field_error(&pinned, "cannot be combined with profile_name; keep one")
            );
        }
        (Some(profile), None) => ImplicitSource::Profile(profile),
        (None, Some(pinned)) => ImplicitSource::Pinned(pinned.value),
        (None, None) => ImplicitSource::Chain,
    };
    let allowed = fields
        .value(&field::ALLOW_IMPLICIT_AUTH_METHODS)?
        .unwrap_or(false)
        || source != ImplicitSource::Chain;
    let role = if fields.has(&field::ROLE_ARN) {
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

impl Value for CredentialSource {
    const KIND: Kind = Kind::OneOf(|| Self::ALL.map(Self::id).into());

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        fields.read_as(&found.with(String::read(fields, found)?), |text| {
            let mut all = Self::ALL.into_iter();
            all.find(|source| source.id() == text).ok_or_else(|| {
                let ids = Self::ALL.map(Self::id).join(", ");
                format!("{} is not one of {ids}", shown(text))
            })
        })
    }
}
