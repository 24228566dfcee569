//! `federation-token`: `sts:GetFederationToken`.

use super::{Auth, Method, keys, policies};
use crate::error::Result;
use crate::profile::table::Fields;
use crate::profile::{field, limits};

pub(super) fn read(fields: &mut Fields<'_, '_>) -> Result<Auth> {
    Ok(Auth::FederationToken {
        source: keys::of_user(fields, Method::FederationToken)?,
        duration: limits::user_session(fields)?,
        name: fields
            .checked(&field::FEDERATION_NAME, |text| limits::name(text, 2, 32))?
            .map(|at| at.value),
        policies: policies::read(fields)?,
        tags: policies::tags(fields)?,
    })
}
