//! Remaining lifetimes.

use std::time::Duration;

use aws_connector_core::profile::duration::show;
use chrono::{DateTime, Utc};

/// Whole seconds until a time, 0 if it has passed.
pub(crate) fn seconds_until(end: DateTime<Utc>, now: DateTime<Utc>) -> u64 {
    u64::try_from((end - now).num_seconds()).unwrap_or(0)
}

/// `11h58m24s`, or `expired`.
pub(crate) fn expires_in(seconds: u64) -> String {
    match seconds {
        0 => "expired".to_owned(),
        _ => show(Duration::from_secs(seconds)),
    }
}
