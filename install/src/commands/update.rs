//! `aws-connector update`

use aws_connector_core::error::{Error, Result};

use crate::app::App;
use crate::services::fields::Fields;
use crate::services::profile_file::ProfileFile;
use crate::services::vault::Vault;
use crate::services::{flags, save};

/// Change fields of a connector
#[derive(Debug, clap::Args)]
#[command(
    help_template = flags::DENSE_HELP,
    after_help = "WHERE: env:NAME, file:PATH, command:CMD, keyring:SERVICE/USER, ssm:NAME, stdin\nRepeatable flags append; add --unset FIELD to replace\n\nExample:\n  aws-connector update dev --duration 2h --unset mfa_serial"
)]
pub(crate) struct Args {
    /// Connector name
    name: String,
    #[command(flatten)]
    fields: Fields,
    /// Remove a field; repeatable
    #[arg(long, value_name = "FIELD")]
    unset: Vec<String>,
    /// Write it without testing it
    #[arg(long)]
    no_verify: bool,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let mut file = ProfileFile::open(app)?;
    if !file.has(&args.name) {
        // This error suggests the nearest name.
        app.profile()?.connector(&args.name)?;
    }
    let mut found = args.fields.values(app)?;
    if found.is_empty() && args.unset.is_empty() {
        return Err(Error::usage("no changes given")
            .of(&args.name)
            .fix("pass fields as flags (see --help), or --unset FIELD"));
    }
    let vault = Vault::settle(&args.fields, &args.name, &mut found)?;
    let added = args.fields.added();
    file.change(&args.name, &found, &added, &args.unset)?;
    save::save(app, &file, &args.name, vault, args.no_verify, "Updated")
}
