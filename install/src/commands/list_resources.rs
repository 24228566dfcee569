//! `aws-connector list-resources`

use aws_connector_core::error::Result;
use aws_connector_core::resource::ResourceType;

use crate::app::App;
use crate::services::flags::resource_type;
use crate::services::{connectors, inventory};
use crate::ui;

/// List the resources that a connector can access
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector list-resources dev --resource-type s3-bucket\n  aws-connector list-resources dev --output json"
)]
pub(crate) struct Args {
    /// Connector name [default: AWS_CONNECTOR, then default_connector]
    name: Option<String>,
    /// List only this resource type
    #[arg(long, value_name = "TYPE", value_parser = resource_type)]
    resource_type: Option<ResourceType>,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let name = app.name(args.name.as_deref(), &profile)?;
    let connector = profile.connector(&name)?;
    // One error, not one for each type.
    connectors::require_enabled(&connector)?;
    let kinds: Vec<ResourceType> = match args.resource_type {
        Some(kind) => vec![kind],
        None => connectors::resource_types(&connector),
    };
    let found = inventory::all(app, &profile, &connector, &kinds);
    let status = u8::from(found.iter().any(|found| found.error.is_some()));
    if app.ui.is_json() {
        ui::print_json(&found)?;
        return Ok(status);
    }
    let mut rows = Vec::new();
    for found in &found {
        let mut kind = found.resource_type;
        for resource in &found.resources {
            rows.push([std::mem::take(&mut kind).to_owned(), resource.clone()]);
        }
        let nothing = match found.error {
            Some(_) => "failed, see below",
            None => "none",
        };
        if found.resources.is_empty() {
            rows.push([kind.to_owned(), nothing.to_owned()]);
        }
    }
    ui::print(&app.ui.table(["RESOURCE TYPE", "RESOURCES"], rows))?;
    for found in found {
        if let Some(error) = found.error {
            ui::tell(&format!(
                "aws-connector: {}: {error}\n",
                found.resource_type
            ));
        }
    }
    Ok(status)
}
