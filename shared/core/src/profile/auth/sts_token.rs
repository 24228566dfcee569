//! `sts-token`: temporary keys, returned unchanged.

use std::time::Duration;

use super::{Auth, Method, keys};
use crate::error::Result;
use crate::profile::field;
use crate::profile::table::Fields;

pub(super) fn read(fields: &mut Fields<'_, '_>) -> Result<Auth> {
    let keys = keys::required(fields, Method::StsToken)?;
    let token = fields.value(&field::AWS_SESSION_TOKEN)?.ok_or_else(|| {
        fields.error("field 'aws_session_token' is required with auth_method sts-token")
    })?;
    let expires_at = fields.get(&field::EXPIRES_AT)?;
    let tolerance = fields.get(&field::EXPIRES_SKEW_TOLERANCE)?;
    if let (Some(tolerance), None) = (&tolerance, &expires_at) {
        return Err(fields.field_error(tolerance, "requires expires_at; add it"));
    }
    Ok(Auth::StsToken {
        keys,
        token,
        expires_at: expires_at.map(|at| at.value),
        expires_skew_tolerance: tolerance.map_or(Duration::from_secs(300), |at| at.value),
    })
}
