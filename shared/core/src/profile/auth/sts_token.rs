//! `sts-token`: temporary keys, returned unchanged.

use super::{Auth, Method, keys};
use crate::error::Result;
use crate::profile::field;
use crate::profile::table::Fields;

pub(super) fn read(fields: &mut Fields<'_, '_>) -> Result<Auth> {
    let keys = keys::required(fields, Method::StsToken)?;
    let token = fields.value(&field::AWS_SESSION_TOKEN)?.ok_or_else(|| {
        fields.error("field 'aws_session_token' is required with auth_method sts-token")
    })?;
    Ok(Auth::StsToken { keys, token })
}
