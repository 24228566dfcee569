//! `aws-connector logout`

use aws_connector_core::error::Result;
use aws_connector_core::resource::ResourceType;
use serde::Serialize;

use crate::app::App;
use crate::services::flags::resource_type;
use crate::services::unwire::unwire;
use crate::ui;
use crate::wire::Consent;

/// Remove a connector from the AWS CLI, Docker and kubectl
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector logout dev\n  aws-connector logout dev --resource-type docker-registry"
)]
pub(crate) struct Args {
    /// Connector name [default: AWS_CONNECTOR, then default_connector]
    name: Option<String>,
    /// Remove only this resource type
    #[arg(long, value_name = "TYPE", value_parser = resource_type)]
    resource_type: Option<ResourceType>,
    /// Write without asking
    #[arg(long, short)]
    yes: bool,
    /// Remove the AWS CLI profile even if it has settings that login did not write
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Document {
    connector: String,
    changed: bool,
    /// What was removed: profiles, registries, ARNs.
    unwired: Vec<String>,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    // A deleted or invalid connector can still be unwired.
    let name = match &args.name {
        Some(name) => name.clone(),
        None => app.name(None, &app.profile()?)?,
    };
    let consent = Consent {
        yes: args.yes,
        force: args.force,
    };
    let unwired = unwire(app, &name, args.resource_type, consent, true)?;
    if unwired.is_empty()
        && let Ok(profile) = app.profile()
        && !profile.names()?.contains(&name)
    {
        // This error suggests the nearest name.
        profile.connector(&name)?;
    }
    let document = Document {
        changed: !unwired.is_empty(),
        connector: name,
        unwired,
    };
    if app.ui.is_json() {
        ui::print_json(&document)?;
    } else if document.changed {
        ui::print(&format!("Removed {}.\n", document.unwired.join(", ")))?;
    } else {
        ui::print(&format!(
            "Nothing is wired for connector '{}'.\n",
            document.connector
        ))?;
    }
    Ok(0)
}
