//! The MFA device of a connector.

use std::time::Duration;

use super::Mfa;
use crate::error::Result;
use crate::profile::table::Fields;
use crate::profile::{field, limits};
use crate::resource::check_mfa_serial;

pub(super) fn read(fields: &mut Fields<'_, '_>) -> Result<Option<Mfa>> {
    let serial = fields.checked(&field::MFA_SERIAL, |text| {
        check_mfa_serial(text).map(|()| text.to_owned())
    })?;
    let process = fields.get(&field::MFA_PROCESS)?;
    let duration = limits::mfa_duration(fields)?;
    let Some(serial) = serial else {
        if let Some(process) = process {
            return Err(fields.field_error(&process, "requires mfa_serial; add it"));
        }
        if let Some(duration) = duration {
            return Err(fields.field_error(&duration, "requires mfa_serial; add it"));
        }
        return Ok(None);
    };
    Ok(Some(Mfa {
        serial: serial.value,
        process: process.map(|at| at.value.0),
        duration: duration.map_or(Duration::from_secs(43_200), |at| at.value),
    }))
}
