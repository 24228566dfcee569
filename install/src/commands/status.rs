//! `aws-connector status`

use std::time::Duration;

use aws_connector_core::cache::Listed;
use aws_connector_core::clock::Clock;
use aws_connector_core::error::Result;
use aws_connector_core::profile::duration::show;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::ui::{self, or_na};

/// Show what the cache holds
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aws-connector status --output json")]
pub(crate) struct Args {}

#[derive(Serialize)]
struct Document {
    folder: Option<String>,
    entries: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    connector: String,
    kind: String,
    /// The principal of a session, the registry of a login.
    identity: Option<String>,
    obtained_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// Seconds, 0 for what has ended.
    expires_in: u64,
    /// Bytes on disk.
    size: u64,
    key: String,
}

pub(crate) fn run(app: &App, _: &Args) -> Result<u8> {
    let cache = app.cache();
    // The entries carry true times.
    let now = Clock::load(cache.folder()).to_true(Utc::now());
    let document = Document {
        folder: cache.folder().map(|folder| folder.display().to_string()),
        entries: cache
            .list()
            .into_iter()
            .map(|listed| row(listed, now))
            .collect(),
    };
    if app.ui.is_json() {
        ui::print_json(&document)?;
        return Ok(0);
    }
    if document.entries.is_empty() {
        ui::tell("The cache is empty.\n");
        return Ok(0);
    }
    let cells = document.entries.iter().map(|row| {
        [
            row.connector.clone(),
            row.kind.clone(),
            or_na(row.identity.as_deref()),
            expires_in(row.expires_in),
            format!("{} B", row.size),
        ]
    });
    let head = ["CONNECTOR", "KIND", "IDENTITY", "EXPIRES IN", "SIZE"];
    ui::print(&app.ui.table(head, cells.collect()))?;
    Ok(0)
}

fn row(listed: Listed, now: DateTime<Utc>) -> Row {
    Row {
        connector: listed.connector,
        kind: listed.kind,
        identity: listed.identity.or(listed.label),
        obtained_at: listed.obtained_at,
        expires_at: listed.expires_at,
        expires_in: seconds_until(listed.expires_at, now),
        size: listed.size,
        key: listed.key,
    }
}

/// Whole seconds until a moment, 0 when it is past.
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
