//! Remaining lifetimes.

use std::time::Duration;

use aws_connector_core::profile::Connector;
use aws_connector_core::profile::duration::show;
use chrono::{DateTime, Utc};

/// Whole seconds until a time, 0 if it has passed.
pub(crate) fn seconds_until(end: DateTime<Utc>, now: DateTime<Utc>) -> u64 {
    u64::try_from((end - now).num_seconds()).unwrap_or(0)
}

/// Whole seconds until the keys in a connector are refused; `None` if they do not expire.
pub(crate) fn lifetime(connector: &Connector) -> Option<u64> {
    connector
        .expiry
        .map(|expiry| seconds_until(expiry.end(), Utc::now()))
}

/// `11h58m24s`, or `expired`.
pub(crate) fn expires_in(seconds: u64) -> String {
    match seconds {
        0 => "expired".to_owned(),
        _ => show(Duration::from_secs(seconds)),
    }
}

/// The same; `N/A` for what does not expire.
pub(crate) fn expires_in_or_na(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "N/A".to_owned(), expires_in)
}
