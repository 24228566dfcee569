//! `aws-connector list`

use aws_connector_core::error::Result;
use aws_connector_core::profile::Connector;
use serde::Serialize;

use crate::app::App;
use crate::ui::{self, or_na};

/// List the connectors
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aws-connector list --output json")]
pub(crate) struct Args {}

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
    /// Why its definition is invalid.
    error: Option<String>,
}

pub(crate) fn run(app: &App, _: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let default = profile.default_connector();
    let rows: Vec<Row> = profile
        .names()?
        .into_iter()
        .map(|name| {
            let is_default = default == Some(name.as_str());
            match profile.connector(&name) {
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
                    error: Some(error.to_string()),
                },
            }
        })
        .collect();
    let status = u8::from(rows.iter().any(|row| row.error.is_some()));
    if app.ui.is_json() {
        ui::print_json(&rows)?;
        return Ok(status);
    }
    if rows.is_empty() {
        ui::tell("No connectors yet. Add one with 'aws-connector register'.\n");
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
            row.resource_type.unwrap_or("any").to_owned(),
            row.resource_id.clone().unwrap_or_else(|| "any".to_owned()),
            or_na(row.region.as_deref()),
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
        "RESOURCE TYPE",
        "RESOURCE ID",
        "REGION",
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
        error: None,
    }
}
