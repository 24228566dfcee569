//! `aws-connector delete`

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::{Auth, Profile, Source};
use serde::Serialize;

use super::doctor::secrets::left_behind;
use super::login::unwire;
use super::{cache, exec};
use crate::app::App;
use crate::profile_file::ProfileFile;
use crate::ui;
use crate::wire::{Consent, agree};

/// Remove a connector, its wiring and what is cached for it
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aws-connector delete dev --yes")]
pub(crate) struct Args {
    /// The connector
    name: String,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
    /// Although other connectors take their credentials from it
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Document {
    connector: String,
    unwired: Vec<String>,
    /// Entries removed from the cache.
    cleared: usize,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let name = &args.name;
    let mut file = ProfileFile::open(app)?;
    let profile = app.profile()?;
    if !file.has(name) {
        profile.connector(name)?;
    }
    let users = users(&profile, name);
    if !users.is_empty() && !args.force {
        return Err(Error::refused(format!(
            "{} takes its credentials from it",
            users.join(", ")
        ))
        .of(name)
        .fix("change those connectors first, or pass --force"));
    }
    agree(args.yes, &format!("Delete connector '{name}'?"))?;
    let was_default = file.is_default(name);
    file.remove(name);
    // Wiring that leads nowhere is worse than a connector without wiring.
    let consent = Consent {
        yes: true,
        force: args.force,
    };
    let unwired = unwire(app, name, None, consent)?;
    let keys = cache::keys(app, Some(&profile), name);
    let cleared = app.cache().clear(|key| keys.contains(key)).removed;
    exec::remove(app, name);
    // Last, so that the command can be repeated if it is cut short.
    file.store()?;
    let document = Document {
        connector: name.clone(),
        unwired,
        cleared,
    };
    if app.ui.is_json() {
        ui::print_json(&document)?;
    } else {
        ui::print(&format!("Deleted connector '{name}'.\n"))?;
    }
    if was_default {
        ui::tell(&format!(
            "It was the default, and there is none now: set default_connector in {}.\n",
            file.path().display()
        ));
    }
    if let Some(left) = left_behind(&profile, name) {
        ui::tell(&left);
    }
    Ok(0)
}

/// The connectors whose source it is.
fn users(profile: &Profile, name: &str) -> Vec<String> {
    let names = profile.names().unwrap_or_default();
    let uses = |other: &String| {
        let Ok(connector) = profile.connector(other) else {
            return false;
        };
        matches!(
            &connector.auth,
            Auth::IamRole { source: Source::Connector(source), .. }
            | Auth::SessionToken { source: Source::Connector(source), .. }
            | Auth::FederationToken { source: Source::Connector(source), .. } if source == name
        )
    };
    names
        .into_iter()
        .filter(|other| other != name)
        .filter(uses)
        .collect()
}
