//! `aws-connector cache clear`

use aws_connector_core::error::{Error, Result};
use serde::Serialize;

use crate::app::App;
use crate::ui;

/// Empty the cache
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aws-connector cache clear\n  aws-connector cache clear dev")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Remove what was cached for a connector, or everything
    #[command(
        after_help = "Example:\n  aws-connector cache clear\n  aws-connector cache clear dev"
    )]
    Clear {
        /// The connector; all of them without it
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
        return Err(Error::local("there is no cache to clear"));
    }
    let mine = |connector: &str| name.as_deref().is_none_or(|name| name == connector);
    if let Some(name) = name
        && !cache.list().iter().any(|listed| listed.connector == *name)
    {
        // Entries outlive their connector; of one that is neither here nor there the name is wrong.
        app.profile()?.connector(name)?;
    }
    let removed = cache.clear(|listed| mine(&listed.connector));
    let kept = cache
        .list()
        .iter()
        .filter(|listed| mine(&listed.connector))
        .count();
    if app.ui.is_json() {
        ui::print_json(&Document { removed })?;
    } else {
        ui::print(&format!(
            "Removed {removed} {}.\n",
            if removed == 1 { "entry" } else { "entries" }
        ))?;
    }
    if kept > 0 {
        return Err(
            Error::local(format!("{kept} entries are in use and were kept"))
                .fix("try again when no command is renewing them"),
        );
    }
    Ok(0)
}
