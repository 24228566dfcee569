//! `aws-connector list-resources`

use std::sync::Arc;

use aws_connector_core::error::Result;
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::resource::{Resource, ResourceType};

use crate::app::App;
use crate::services::connectors::{require_enabled, resource_types};
use crate::services::flags::{resource, resource_type};
use crate::services::inventory::{self, Ask, Reachable};
use crate::ui;

/// List the resources that connectors can access
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector list-resources --resource-type s3-bucket\n  aws-connector list-resources dev --output json"
)]
pub(crate) struct Args {
    /// Connector name [default: all connectors]
    name: Option<String>,
    /// List only this resource type
    #[arg(long, value_name = "TYPE", value_parser = resource_type)]
    resource_type: Option<ResourceType>,
    /// Look for this resource only
    #[arg(long, value_name = "ID")]
    resource_id: Option<String>,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let only = resource(args.resource_type, args.resource_id.as_deref())?;
    let only = only.as_ref().filter(|_| args.resource_id.is_some());
    let (connectors, mut lines) = match &args.name {
        Some(name) => {
            let connector = profile.connector(name)?;
            // One error, not one for each type.
            require_enabled(&connector)?;
            (vec![connector], Vec::new())
        }
        None => usable(&profile, args.resource_type, only)?,
    };
    let asks: Vec<Ask<'_>> = connectors
        .iter()
        .flat_map(|connector| {
            let kinds = match args.resource_type {
                Some(kind) => vec![kind],
                None => resource_types(connector),
            };
            kinds.into_iter().map(|kind| Ask {
                connector,
                kind,
                only,
            })
        })
        .collect();
    let found = inventory::all(app, &profile, &asks);
    let failed = found.iter().any(|found| found.error.is_some()) || !lines.is_empty();
    if app.ui.is_json() {
        for line in &lines {
            ui::tell(&format!("aws-connector: {line}\n"));
        }
        ui::print_json(&found)?;
        return Ok(u8::from(failed));
    }
    if args.name.is_some() {
        let rows = found.iter().flat_map(rows).collect();
        ui::print(&app.ui.table(["RESOURCE TYPE", "RESOURCES"], rows))?;
        lines.extend(found.iter().filter_map(line));
    } else {
        let mut table = Vec::new();
        for group in found.chunk_by(|one, other| one.connector == other.connector) {
            // A connector that fails altogether has one line, below the table.
            if group.iter().all(|found| found.error.is_some()) {
                let first = group.iter().find_map(|found| found.error.as_ref());
                lines.extend(first.map(ToString::to_string));
                continue;
            }
            let mut name = group.first().map_or("", |found| &found.connector);
            for [kind, resource] in group.iter().flat_map(rows) {
                table.push([std::mem::take(&mut name).to_owned(), kind, resource]);
            }
            lines.extend(group.iter().filter_map(line));
        }
        let head = ["CONNECTOR", "RESOURCE TYPE", "RESOURCES"];
        if !table.is_empty() {
            ui::print(&app.ui.table(head, table))?;
        } else if lines.is_empty() {
            ui::tell("No enabled connector has credentials for this.\n");
        }
    }
    for line in lines {
        ui::tell(&format!("aws-connector: {line}\n"));
    }
    Ok(u8::from(failed))
}

/// The enabled connectors with credentials that serve a type or a resource, and the errors of invalid ones.
fn usable(
    profile: &Profile,
    kind: Option<ResourceType>,
    only: Option<&Resource>,
) -> Result<(Vec<Arc<Connector>>, Vec<String>)> {
    let (mut usable, mut errors) = (Vec::new(), Vec::new());
    for name in profile.names()? {
        match profile.connector(&name) {
            Ok(connector) => {
                let serves = kind.is_none_or(|kind| resource_types(&connector).contains(&kind));
                let limit = connector.limit.as_ref();
                let own = limit.and_then(|limit| limit.resource.as_ref());
                let covers = |own: &Resource| only.is_none_or(|only| own.covers(only));
                let serves = serves && own.is_none_or(covers);
                if serves && connector.enabled && connector.auth.has_credentials() {
                    usable.push(connector);
                }
            }
            Err(error) => errors.push(error.to_string()),
        }
    }
    Ok((usable, errors))
}

/// The error of a resource type.
fn line(found: &Reachable) -> Option<String> {
    let error = found.error.as_ref()?;
    Some(format!("{}: {error}", found.resource_type))
}

/// The rows of a resource type.
fn rows(found: &Reachable) -> Vec<[String; 2]> {
    let mut kind = found.resource_type;
    let mut rows: Vec<[String; 2]> = found
        .resources
        .iter()
        .map(|resource| [std::mem::take(&mut kind).to_owned(), resource.clone()])
        .collect();
    if rows.is_empty() {
        let nothing = match found.error {
            Some(_) => "failed, see below",
            None => "none",
        };
        rows.push([kind.to_owned(), nothing.to_owned()]);
    }
    rows
}
