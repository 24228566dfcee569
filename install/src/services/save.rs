//! Tests a new or changed connector, writes it to the connectors file and reports it.

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::planner::CONSENT;
use serde::Serialize;

use super::inventory::{self, Reachable};
use super::profile_file::ProfileFile;
use super::vault::Vault;
use super::verify;
use crate::app::App;
use crate::ui;

/// What was done.
#[derive(Serialize)]
struct Document {
    connector: String,
    file: String,
    auth_method: Option<String>,
    /// The ARN of its credentials; `null` if they were not tested.
    identity: Option<String>,
    /// The keyring entries that hold its secrets.
    in_keyring: Vec<String>,
    /// What it can reach; empty if it was not tested.
    resources: Vec<Reachable>,
}

/// The fix for a connector that is not in the file yet.
fn fix_here(kind: Kind, fix: String) -> String {
    match kind {
        Kind::Interaction => "run this command in a terminal, or pass --no-verify".to_owned(),
        Kind::NoConsent => format!("pass --allow-implicit-auth-methods, or set {CONSENT}=true"),
        _ => fix,
    }
}

/// Tests the connector, writes it and reports it.
pub(crate) fn save(
    app: &App,
    file: &ProfileFile,
    name: &str,
    vault: Vault,
    no_verify: bool,
    done: &str,
) -> Result<u8> {
    let profile = file.parsed(app)?;
    let connector = profile
        .connector(name)
        .map_err(|error| file.blame_flags(app, name, error))?;
    let anonymous = connector.auth.id() == "anonymous";
    let identity = if no_verify || anonymous || !connector.enabled {
        None
    } else {
        let tried = verify::identity(app, &profile, name);
        Some(
            tried
                .map_err(|error| {
                    let error = Error {
                        fix: error.fix.map(|fix| fix_here(error.kind, fix)),
                        ..error
                    };
                    error
                        .context("verification failed, nothing was written")
                        .of(name)
                        .fix("correct it, or pass --no-verify to write it anyway")
                })?
                .arn,
        )
    };
    file.store()?;
    let in_keyring = vault.keep();
    let is_new = done == "Registered";
    let is_tested = identity.is_some() && !inventory::always_prompts(&profile, &connector);
    let resources = if is_new && is_tested {
        inventory::all(app, &profile, &inventory::of(&connector))
    } else {
        Vec::new()
    };
    let document = Document {
        connector: name.to_owned(),
        file: file.path().display().to_string(),
        auth_method: Some(connector.auth.id().to_owned()),
        identity,
        in_keyring,
        resources,
    };
    if app.ui.is_json() {
        ui::print_json(&document)?;
        return Ok(0);
    }
    let who = document
        .identity
        .as_ref()
        .map_or_else(String::new, |arn| format!(" as {arn}"));
    ui::print(&format!(
        "{done} connector '{name}' ({}){who} in {}.\n",
        connector.auth.id(),
        document.file
    ))?;
    if !document.in_keyring.is_empty() {
        ui::print(&format!(
            "Its secrets are in the desktop keyring: {}. The originals are untouched; delete them.\n",
            document.in_keyring.join(", ")
        ))?;
    }
    if !document.resources.is_empty() {
        let rows = document
            .resources
            .iter()
            .flat_map(Reachable::brief)
            .collect();
        ui::print(&app.ui.table(["RESOURCE TYPE", "RESOURCES"], rows))?;
    }
    if is_new {
        // An anonymous connector has no credentials to wire.
        let verb = if anonymous { "verify" } else { "login" };
        ui::print(&format!("Next: aws-connector {verb} {name}\n"))?;
    }
    Ok(0)
}
