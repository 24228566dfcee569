//! `aws-connector register`

mod auto;
pub(crate) mod fields;
mod place;
mod prompt;
pub(crate) mod vault;

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::profile::is_connector_name;
use serde::Serialize;

use crate::app::App;
use crate::profile_file::ProfileFile;
use crate::ui;
use fields::Fields;
use vault::Vault;

/// Add a connector to the connectors file
#[derive(Debug, clap::Args)]
#[command(
    help_template = crate::cli::DENSE_HELP,
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

/// What was done.
#[derive(Serialize)]
pub(crate) struct Document {
    pub(crate) connector: String,
    pub(crate) file: String,
    pub(crate) auth_method: Option<String>,
    /// The ARN of its credentials; `null` if they were not tested.
    pub(crate) identity: Option<String>,
    /// The keyring entries that hold its secrets.
    pub(crate) in_keyring: Vec<String>,
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
        auto::complete(app, &args.fields, &mut found)?;
    } else {
        prompt::complete(app, &mut found)?;
    }
    let vault = Vault::settle(&args.fields, name, &mut found)?;
    fields::sort(&mut found);
    file.add(name, &found)?;
    finish(app, &file, name, vault, args.no_verify, "Registered")
}

/// The fix for a connector that is not in the file yet.
fn fix_here(kind: Kind, fix: String) -> String {
    if kind == Kind::Interaction {
        return "run this command in a terminal, or pass --no-verify".to_owned();
    }
    // Whatever the fix calls the file.
    let in_file = "set allow_implicit_auth_methods = true in the ";
    match fix
        .strip_prefix(in_file)
        .and_then(|it| it.split_once(", or "))
    {
        Some((_, rest)) => format!("pass --allow-implicit-auth-methods, or set {rest}"),
        None => fix,
    }
}

/// Tests the connector, writes it and reports it.
pub(crate) fn finish(
    app: &App,
    file: &ProfileFile,
    name: &str,
    vault: Vault,
    no_verify: bool,
    done: &str,
) -> Result<u8> {
    let connector = file
        .parsed(app)?
        .connector(name)
        .map_err(|error| file.blame_flags(app, name, error))?;
    let anonymous = !connector.auth.has_credentials();
    let identity = if no_verify || anonymous || !connector.enabled {
        None
    } else {
        let tried = file.verify(app, name);
        Some(tried.map_err(|error| {
            let error = Error {
                what: format!("verification failed, nothing was written: {}", error.what),
                fix: error.fix.map(|fix| fix_here(error.kind, fix)),
                ..error
            };
            error
                .of(name)
                .fix("correct it, or pass --no-verify to write it anyway")
        })?)
    };
    file.store()?;
    let in_keyring = vault.keep();
    let document = Document {
        connector: name.to_owned(),
        file: file.path().display().to_string(),
        auth_method: Some(connector.auth.id().to_owned()),
        identity,
        in_keyring,
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
            "Its secrets are in the keyring: {}. The originals are untouched; delete them.\n",
            document.in_keyring.join(", ")
        ))?;
    }
    if done == "Registered" {
        // An anonymous connector has no credentials to wire.
        let verb = if anonymous { "verify" } else { "login" };
        ui::print(&format!("Next: aws-connector {verb} {name}\n"))?;
    }
    Ok(0)
}
