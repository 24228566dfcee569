//! `session-token`: `sts:GetSessionToken`.

use super::{Auth, Method, keys, second_factor};
use crate::error::Result;
use crate::profile::limits;
use crate::profile::table::Fields;

pub(super) fn read(fields: &mut Fields<'_, '_>) -> Result<Auth> {
    Ok(Auth::SessionToken {
        source: keys::of_user(fields, Method::SessionToken)?,
        duration: limits::user_session(fields)?,
        mfa: second_factor::read(fields)?,
    })
}
