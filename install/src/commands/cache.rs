//! `aws-connector cache clear`

use aws_connector_core::cache::Cleared;
use aws_connector_core::error::{Error, Result};
use serde::Serialize;

use crate::app::App;
use crate::services::cache_keys;
use crate::ui;

/// Clear the cache
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aws-connector cache clear\n  aws-connector cache clear dev")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Remove the cache entries of one connector, or of all connectors
    #[command(
        after_help = "Example:\n  aws-connector cache clear\n  aws-connector cache clear dev"
    )]
    Clear {
        /// Connector name [default: all connectors]
        name: Option<String>,
    },
}

#[derive(Serialize)]
struct Document {
    removed: usize,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let Verb::Clear { name } = &args.command;
    let cache = app.cache();
    if cache.folder().is_none() {
        return Err(Error::local("no usable cache folder")
            .fix("set AWS_CONNECTOR_CACHE_DIR to a folder that only you can write to"));
    }
    let Cleared { removed, kept } = match name {
        None => cache.clear(|_| true),
        Some(name) => {
            if !cache.list().iter().any(|listed| listed.connector == *name) {
                // Entries can outlive their connector. With neither of the two, the name is wrong.
                app.profile()?.connector(name)?;
            }
            let keys = cache_keys::of(app, app.profile().ok().as_ref(), name);
            cache.clear(|key| keys.contains(key))
        }
    };
    if app.ui.is_json() {
        ui::print_json(&Document { removed })?;
    } else {
        ui::print(&format!(
            "Removed {removed} {}.\n",
            if removed == 1 { "entry" } else { "entries" }
        ))?;
    }
    if kept > 0 {
        return Err(Error::local(match kept {
            1 => "1 entry is in use and was not removed".to_owned(),
            _ => format!("{kept} entries are in use and were not removed"),
        })
        .fix("retry when no command is renewing them"));
    }
    Ok(0)
}
