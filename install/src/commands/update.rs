//! `aws-connector update`

use aws_connector_core::error::{Error, Result};

use super::register::{self, fields::Fields};
use crate::app::App;
use crate::profile_file::ProfileFile;

/// Change fields of a connector
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector update dev --duration 2h --unset mfa_serial\n\nWhat is cached for other fields is not used any more: sessions are found by what AWS is asked."
)]
pub(crate) struct Args {
    /// The connector
    name: String,
    #[command(flatten)]
    fields: Fields,
    /// Remove a field, by its name in the file; may be repeated
    #[arg(long, value_name = "FIELD")]
    unset: Vec<String>,
    /// Write it without trying it
    #[arg(long)]
    no_verify: bool,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let mut file = ProfileFile::open(app)?;
    if !file.has(&args.name) {
        // The profile's own words, with the nearest name.
        app.profile()?.connector(&args.name)?;
    }
    let found = args.fields.values(app)?;
    args.fields.check_plaintext(&found)?;
    if found.is_empty() && args.unset.is_empty() {
        return Err(Error::usage("nothing to change is given")
            .of(&args.name)
            .fix("pass fields as flags (see --help), or --unset FIELD"));
    }
    file.change(&args.name, &found, &args.unset)?;
    register::finish(app, &file, &args.name, &found, args.no_verify, "Updated")
}
