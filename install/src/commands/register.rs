//! `aws-connector register`

mod auto;
mod edit;
mod endpoints;
mod required;
mod temporary;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::is_connector_name;

use crate::app::App;
use crate::services::fields::{self, Fields};
use crate::services::flags;
use crate::services::profile_file::ProfileFile;
use crate::services::save;
use crate::services::vault::Vault;

/// Add a connector to the connectors file
#[derive(Debug, clap::Args)]
#[command(
    help_template = flags::DENSE_HELP,
    after_help = "WHERE: env:NAME, file:PATH, command:CMD, keyring:SERVICE/USER, ssm:NAME, stdin\n\nExample:\n  aws-connector register dev --auto-configure\n  aws-connector register dev      # prompts for what is missing"
)]
pub(crate) struct Args {
    /// Letters, digits, '.', '_', '-', at most 64
    name: String,
    /// Detect the rest from AWS settings
    #[arg(long)]
    auto_configure: bool,
    #[command(flatten)]
    fields: Fields,
    /// Write it without testing it
    #[arg(long)]
    no_verify: bool,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let name = &args.name;
    if !is_connector_name(name) {
        return Err(Error::usage(format!(
            "{} is not a valid connector name",
            aws_connector_core::shown::shown(name)
        ))
        .fix("use letters, digits, '.', '_' and '-', at most 64 characters"));
    }
    let mut file = ProfileFile::open(app)?;
    if file.has(name) {
        return Err(
            Error::refused(format!("connector '{name}' already exists")).fix(format!(
                "run 'aws-connector update {name}', or choose another name"
            )),
        );
    }
    let mut found = args.fields.values(app)?;
    if args.auto_configure {
        auto::complete(app, name, &args.fields, &mut found)?;
        endpoints::complete(app, &args.fields, &mut found)?;
    } else {
        required::complete(app, &mut found)?;
    }
    let vault = Vault::settle(&args.fields, name, &mut found)?;
    fields::sort(&mut found);
    file.add(name, &found)?;
    save::save(app, &file, name, vault, args.no_verify, "Registered")
}
