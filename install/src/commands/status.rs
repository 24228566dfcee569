//! `aws-connector status`

use aws_connector_core::cache::Listed;
use aws_connector_core::clock::Clock;
use aws_connector_core::error::Result;
use aws_connector_core::resource::ResourceType;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::services::time::{expires_in, seconds_until};
use crate::ui::{self, or_na};

/// Show the cached sessions and logins
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
    /// The resource type that it was obtained for; `cluster-token` if it only signs cluster tokens,
    /// `source` if it obtains other sessions.
    #[serde(rename = "for")]
    made_for: String,
    /// The principal of a session, the registry of a login.
    identity: Option<String>,
    obtained_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// In seconds, 0 if expired.
    expires_in: u64,
    /// Bytes on disk.
    size: u64,
    key: String,
}

pub(crate) fn run(app: &App, _: &Args) -> Result<u8> {
    let cache = app.cache();
    // Entries store the true time, not this machine's.
    let now = Clock::load(cache.folder()).to_true(Utc::now());
    let profile = app.profile().ok();
    let mut document = Document {
        folder: cache.folder().map(|folder| folder.display().to_string()),
        entries: cache
            .list()
            .into_iter()
            .map(|listed| {
                // A request without a resource is for the connector's own resource type.
                let limit = profile
                    .as_ref()
                    .and_then(|profile| profile.connector(&listed.connector).ok())
                    .and_then(|connector| connector.limit.as_ref().map(|one| one.resource_type));
                row(listed, limit.unwrap_or(ResourceType::AwsGeneric).id(), now)
            })
            .collect(),
    };
    let place = |row: &Row| {
        let words = [&row.connector, &row.made_for, &row.kind, &row.key];
        words.map(String::clone)
    };
    document.entries.sort_by_key(place);
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
            row.made_for.clone(),
            or_na(row.identity.as_deref()),
            expires_in(row.expires_in),
            format!("{} B", row.size),
        ]
    });
    let head = ["CONNECTOR", "KIND", "FOR", "IDENTITY", "EXPIRES IN", "SIZE"];
    ui::print(&app.ui.table(head, cells.collect()))?;
    Ok(0)
}

fn row(listed: Listed, usual: &str, now: DateTime<Utc>) -> Row {
    let is_login = listed.kind == "registry-login";
    Row {
        connector: listed.connector,
        kind: listed.kind,
        made_for: match &listed.label {
            Some(_) if is_login => ResourceType::DockerRegistry.id().to_owned(),
            Some(label) => label.clone(),
            None => usual.to_owned(),
        },
        // A session's label is its resource type, a login's is its registry.
        identity: listed.identity.or(listed.label.filter(|_| is_login)),
        obtained_at: listed.obtained_at,
        expires_at: listed.expires_at,
        expires_in: seconds_until(listed.expires_at, now),
        size: listed.size,
        key: listed.key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_registry_logins_label_is_shown_as_identity() {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        for (kind, identity) in [("session", None), ("registry-login", Some("label"))] {
            let listed = Listed {
                kind: kind.to_owned(),
                connector: "dev".to_owned(),
                label: Some("label".to_owned()),
                identity: None,
                obtained_at: at,
                expires_at: at,
                size: 0,
                key: String::new(),
            };
            assert_eq!(row(listed, "", at).identity.as_deref(), identity);
        }
    }
}
