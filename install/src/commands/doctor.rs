//! `aws-connector verify`, alias `doctor`: prints one line per step and continues after failures.

mod caveats;
mod connector;
mod machine;
mod reach;
mod report;
mod secrets;
mod trial;
mod wiring;

use aws_connector_core::error::Result;
use aws_connector_core::profile::Profile;
use aws_connector_core::resource::ResourceType;
use serde::Serialize;

use crate::app::App;
use crate::services::flags::{resource, resource_type};
use crate::services::inventory::Reachable;
use crate::ui;
use report::{Check, Finding, Report, State};

/// Check connectors and this machine step by step
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector verify dev\n  aws-connector verify dev --resource-type s3-bucket --resource-id data\n  aws-connector doctor --output json\n\nExit status: 0 if nothing failed (warnings are allowed), 1 otherwise."
)]
pub(crate) struct Args {
    /// Connector name [default: all connectors]
    name: Option<String>,
    /// Check only this resource type
    #[arg(long, value_name = "TYPE", value_parser = resource_type)]
    resource_type: Option<ResourceType>,
    /// Check only this resource
    #[arg(long, value_name = "ID")]
    resource_id: Option<String>,
    /// Skip the checks of this machine
    #[arg(long)]
    no_wiring: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    worst: State,
    steps: &'a [Check],
    resources: &'a [Reachable],
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let only = resource(args.resource_type, args.resource_id.as_deref())?;
    let only = only.as_ref().filter(|_| args.resource_id.is_some());
    let mut report = Report::new(app);
    let profile = app.profile();
    let names = match (&args.name, &profile) {
        (Some(name), _) => vec![name.clone()],
        (None, Ok(profile)) if profile.has_file() => profile.names().unwrap_or_default(),
        // The built-in connector was not requested.
        (None, Ok(_)) => Vec::new(),
        (None, Err(_)) => Vec::new(),
    };
    match &profile {
        Ok(profile) if names.is_empty() => {
            report.about(None);
            report.find("connectors file", empty(app, profile));
        }
        Ok(profile) => {
            for name in &names {
                report.about(Some(name));
                connector::check(app, profile, name, args.resource_type, only, &mut report);
            }
        }
        Err(error) => {
            report.about(None);
            report.find("connectors file", Finding::from(error.clone()));
        }
    }
    if !args.no_wiring {
        report.about(None);
        machine::check(app, &mut report);
        wiring::check(app, profile.as_ref().ok(), &mut report);
    }
    report.summarize();
    let worst = report.worst();
    if app.ui.is_json() {
        ui::print_json(&Document {
            version: env!("CARGO_PKG_VERSION"),
            worst,
            steps: &report.steps,
            resources: &report.resources,
        })?;
    }
    Ok(u8::from(worst == State::Failed))
}

/// Reports that there are no connectors yet.
fn empty(app: &App, profile: &Profile) -> Finding {
    let what = if profile.has_file() {
        "contains no connectors"
    } else {
        "does not exist yet"
    };
    let place = app.profile_file().map(|path| path.display().to_string());
    let detail = format!("{} {what}", place.unwrap_or_default());
    Finding::warning(detail, "run 'aws-connector register NAME --auto-configure'")
}
