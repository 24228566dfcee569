//! `aws-connector list`

use std::collections::BTreeMap;

use aws_connector_core::error::Result;
use aws_connector_core::profile::{Connector, Method};
use aws_connector_core::resource::{ResourceType, matches};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::services::fields::key_value;
use crate::services::flags::{auth_method, resource_type};
use crate::services::time::{expires_in_or_na, lifetime};
use crate::ui::{self, or_na};

/// List the connectors
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector list --name 'team-*' --label env=prod\n  aws-connector list --output json"
)]
pub(crate) struct Args {
    /// Only names that match; * and ? are wildcards
    #[arg(long, value_name = "GLOB")]
    name: Option<String>,
    /// Only this auth method
    #[arg(long, value_name = "METHOD", value_parser = auth_method)]
    auth_method: Option<Method>,
    /// Only connectors that serve this resource type
    #[arg(long, value_name = "TYPE", value_parser = resource_type)]
    resource_type: Option<ResourceType>,
    /// Only connectors with this label; repeatable
    #[arg(long = "label", value_name = "KEY=VALUE")]
    labels: Vec<String>,
}

impl Args {
    /// Whether a connector is to be listed. An invalid one is if its name alone decides.
    fn wants(&self, name: &str, connector: Option<&Connector>) -> Result<bool> {
        let mut labels = Vec::new();
        for label in &self.labels {
            labels.push(key_value("--label", label)?);
        }
        if self.name.as_ref().is_some_and(|glob| !matches(glob, name)) {
            return Ok(false);
        }
        let Some(connector) = connector else {
            let by_name = self.auth_method.is_none() && self.resource_type.is_none();
            return Ok(by_name && labels.is_empty());
        };
        let limit = connector.limit.as_ref();
        let serves = |kind| limit.is_none_or(|limit| limit.resource_type == kind);
        let has =
            |(key, value): (&str, &str)| connector.labels.get(key).is_some_and(|set| set == value);
        Ok(self
            .auth_method
            .is_none_or(|method| connector.auth.method() == method)
            && self.resource_type.is_none_or(serves)
            && labels.into_iter().all(has))
    }
}

#[derive(Serialize)]
struct Row {
    name: String,
    default: bool,
    auth_method: Option<&'static str>,
    resource_type: Option<&'static str>,
    resource_id: Option<String>,
    region: Option<String>,
    enabled: bool,
    description: Option<String>,
    labels: BTreeMap<String, String>,
    /// When its keys expire.
    expires_at: Option<DateTime<Utc>>,
    /// Seconds until its keys are refused.
    expires_in: Option<u64>,
    /// Why its definition is invalid.
    error: Option<String>,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let default = profile.default_connector();
    let mut rows = Vec::new();
    for name in profile.names()? {
        let is_default = default == Some(name.as_str());
        let connector = profile.connector(&name);
        if !args.wants(&name, connector.as_deref().ok())? {
            continue;
        }
        rows.push(match connector {
            Ok(connector) => sound(&connector, is_default),
            Err(error) => Row {
                name,
                default: is_default,
                auth_method: None,
                resource_type: None,
                resource_id: None,
                region: None,
                enabled: false,
                description: None,
                labels: BTreeMap::new(),
                expires_at: None,
                expires_in: None,
                error: Some(error.to_string()),
            },
        });
    }
    let status = u8::from(rows.iter().any(|row| row.error.is_some()));
    if app.ui.is_json() {
        ui::print_json(&rows)?;
        return Ok(status);
    }
    if rows.is_empty() {
        ui::tell(if profile.names()?.is_empty() {
            "No connectors yet. Add one with 'aws-connector register'.\n"
        } else {
            "No connector matches.\n"
        });
        return Ok(0);
    }
    let cells = rows.iter().map(|row| {
        [
            format!(
                "{}{}",
                row.name,
                if row.default { " (default)" } else { "" }
            ),
            row.auth_method.unwrap_or("?").to_owned(),
            match (row.resource_type, &row.resource_id) {
                (Some(kind), Some(id)) => format!("{kind} {id}"),
                (kind, _) => kind.unwrap_or("any").to_owned(),
            },
            or_na(row.region.as_deref()),
            expires_in_or_na(row.expires_in),
            match (&row.error, row.enabled) {
                (Some(_), _) => "invalid",
                (None, true) => "enabled",
                (None, false) => "disabled",
            }
            .to_owned(),
            row.description.clone().unwrap_or_default(),
        ]
    });
    let head = [
        "NAME",
        "AUTH METHOD",
        "RESOURCES",
        "REGION",
        "EXPIRES IN",
        "STATE",
        "DESCRIPTION",
    ];
    ui::print(&app.ui.table(head, cells.collect()))?;
    for row in &rows {
        if let Some(error) = &row.error {
            ui::tell(&format!("aws-connector: {error}\n"));
        }
    }
    Ok(status)
}

fn sound(connector: &Connector, default: bool) -> Row {
    let limit = connector.limit.as_ref();
    Row {
        name: connector.name.clone(),
        default,
        auth_method: Some(connector.auth.id()),
        resource_type: limit.map(|limit| limit.resource_type.id()),
        resource_id: limit
            .and_then(|limit| limit.resource.as_ref())
            .and_then(|resource| resource.canonical()),
        region: connector.region.clone(),
        enabled: connector.enabled,
        description: connector.description.clone(),
        labels: connector.labels.clone(),
        expires_at: connector.expiry.map(|expiry| expiry.at),
        expires_in: lifetime(connector),
        error: None,
    }
}
