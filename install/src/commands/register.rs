//! `aws-connector register`

mod auto;
pub(crate) mod fields;
mod prompt;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::is_connector_name;
use serde::Serialize;
use toml_edit::Value;

use crate::app::App;
use crate::profile_file::ProfileFile;
use crate::ui;
use fields::Fields;

/// Add a connector to the profile file
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector register dev --auto-configure --role-arn arn:aws:iam::123456789012:role/dev\n  aws-connector register dev --auth-method iam-role --source-profile default --role-arn ARN\n\nSecrets stay where they are (an AWS CLI profile, a variable, a file, a keyring, SSM) and are only\nreferred to. On a terminal, what is missing is asked for."
)]
pub(crate) struct Args {
    /// Its name: letters, digits, '.', '_', '-', at most 64
    name: String,
    /// Find out the rest from the AWS CLI's configuration and the surroundings
    #[arg(long)]
    auto_configure: bool,
    #[command(flatten)]
    fields: Fields,
    /// Write it without trying it
    #[arg(long)]
    no_verify: bool,
}

/// What was done.
#[derive(Serialize)]
pub(crate) struct Document {
    pub(crate) connector: String,
    pub(crate) file: String,
    pub(crate) auth_method: Option<String>,
    /// Whom it makes its holder; `null` where that was not tried.
    pub(crate) identity: Option<String>,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let name = &args.name;
    if !is_connector_name(name) {
        return Err(Error::usage(format!(
            "{} is not a connector name",
            aws_connector_core::shown::shown(name)
        ))
        .fix("use letters, digits, '.', '_' and '-', at most 64"));
    }
    let mut file = ProfileFile::open(app)?;
    if file.has(name) {
        return Err(Error::refused("there is such a connector already")
            .of(name)
            .fix(format!(
                "use 'aws-connector update {name}', or another name"
            )));
    }
    let mut found = args.fields.values(app)?;
    if args.auto_configure {
        auto::complete(app, &args.fields, &mut found)?;
    } else {
        prompt::complete(app, &mut found)?;
    }
    args.fields.check_plaintext(&found)?;
    file.add(name, &found)?;
    finish(app, &file, name, &found, args.no_verify, "Registered")
}

/// Tries, writes and tells.
pub(crate) fn finish(
    app: &App,
    file: &ProfileFile,
    name: &str,
    fields: &[(String, Value)],
    no_verify: bool,
    done: &str,
) -> Result<u8> {
    let connector = file.parsed(app)?.connector(name)?;
    let anonymous = connector.auth.id() == "anonymous";
    let identity = if no_verify || anonymous || !connector.enabled {
        None
    } else {
        let tried = file.verify(app, name);
        Some(tried.map_err(|error| {
            let error = Error {
                what: format!("it does not work, so nothing was written: {}", error.what),
                ..error
            };
            error
                .of(name)
                .fix("correct it, or pass --no-verify to write it all the same")
        })?)
    };
    file.store()?;
    let document = Document {
        connector: name.to_owned(),
        file: file.path().display().to_string(),
        auth_method: Some(connector.auth.id().to_owned()),
        identity,
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
    if done == "Registered" && !fields.is_empty() {
        ui::print(&format!("Next: aws-connector login {name}\n"))?;
    }
    Ok(0)
}
