//! The MFA device of a connector.

use std::time::Duration;

use super::Mfa;
use crate::error::Result;
use crate::profile::table::{At, Fields};
use crate::profile::{limits, secret_ref};
use crate::resource::check_mfa_serial;

pub(super) fn read(fields: &mut Fields<'_, '_>) -> Result<Option<Mfa>> {
    let serial = fields.checked("mfa_serial", |text| {
        check_mfa_serial(text).map(|()| text.to_owned())
    })?;
    let process = match fields.value("mfa_process") {
        Some(found) => Some(At {
            value: secret_ref::command(fields, &found, found.value)?,
            field: "mfa_process",
            at: found.at,
        }),
        None => None,
    };
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
        process: process.map(|at| at.value),
        duration: duration.map_or(Duration::from_secs(43_200), |at| at.value),
    }))
}
