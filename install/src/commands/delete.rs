//! `aws-connector delete`

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::{Profile, SecretRef};
use aws_connector_core::shown::shown;
use serde::Serialize;

use crate::app::App;
use crate::services::profile_file::ProfileFile;
use crate::services::unwire::unwire;
use crate::services::usage;
use crate::services::{cache_keys, exec_folder};
use crate::wire::Consent;
use crate::{prompt, ui};

/// Delete a connector, its wiring and its cache entries
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aws-connector delete dev --yes")]
pub(crate) struct Args {
    /// Connector name
    name: String,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
    /// Delete it even if other connectors use it as their source
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
    let users = usage::dependents(&profile, name);
    if !users.is_empty() && !args.force {
        return Err(Error::refused(format!(
            "it is the source_connector of {}",
            users.join(", ")
        ))
        .of(name)
        .fix("change those connectors first, or pass --force"));
    }
    prompt::agree(args.yes, &format!("Delete connector '{name}'?"))?;
    let was_default = file.is_default(name);
    file.remove(name);
    // Unwire first: a connector without wiring is harmless, wiring without a connector is not.
    let consent = Consent {
        yes: true,
        force: args.force,
    };
    let unwired = unwire(app, name, None, consent, false)?;
    let keys = cache_keys::of(app, Some(&profile), name);
    let cleared = app.cache().clear(|key| keys.contains(key)).removed;
    exec_folder::remove(app, name);
    // Last, so that an interrupted command can be repeated.
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
            "It was the default connector. To choose another one, set default_connector in {}.\n",
            file.path().display()
        ));
    }
    if let Some(left) = left_behind(&profile, name) {
        ui::tell(&left);
    }
    Ok(0)
}

/// The keyring entries of a deleted connector. They may be the only copy, or used elsewhere, so
/// their owner has to delete them.
fn left_behind(profile: &Profile, name: &str) -> Option<String> {
    let connector = profile.connector(name).ok()?;
    let secrets = connector.auth.secrets();
    let kept = secrets.into_iter().filter_map(|(_, secret)| match secret {
        SecretRef::Keyring(entry) => Some(shown(entry)),
        _ => None,
    });
    let kept: Vec<String> = kept.collect();
    (!kept.is_empty()).then(|| {
        let list = kept.join(", ");
        format!(
            "Its desktop keyring entries remain: {list}. Delete them if nothing else uses them.\n"
        )
    })
}
