//! `aws-connector import`

mod lava;

use std::path::{Path, PathBuf};

use aws_connector_core::ambient::ini::Dialect;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::is_connector_name;
use aws_connector_core::shown::shown;
use serde::Serialize;
use toml_edit::Value;

use crate::app::App;
use crate::services::fields::FieldList;
use crate::services::profile_file::ProfileFile;
use crate::ui;
use crate::wire::{self, aws_config, places};

/// Import connectors from Lava or from AWS CLI profiles
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector import lava conn.json --source-connector base\n  aws-connector import aws-profiles work play"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, clap::Subcommand)]
enum From {
    /// Import a Lava connection of type aws from its JSON
    #[command(
        after_help = "Example:\n  aws-connector import lava conn.json --source-connector base"
    )]
    Lava {
        /// File to read, or - for standard input
        file: PathBuf,
        /// Connector to use as its source
        #[arg(long, value_name = "NAME")]
        source_connector: Option<String>,
        /// Use ambient credentials as its source
        #[arg(long)]
        allow_implicit_auth_methods: bool,
    },
    /// Import AWS CLI profiles by reference; keys are not copied
    #[command(after_help = "Example:\n  aws-connector import aws-profiles work play")]
    AwsProfiles {
        /// Profile names [default: all profiles that can be imported]
        names: Vec<String>,
    },
}

#[derive(Serialize)]
struct Document {
    imported: Vec<String>,
    /// Profiles that were not requested by name and cannot be imported.
    skipped: Vec<Skipped>,
    file: String,
}

#[derive(Serialize)]
struct Skipped {
    name: String,
    reason: String,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let mut file = ProfileFile::open(app)?;
    let (found, by_name): (Vec<(String, FieldList)>, bool) = match &args.from {
        From::Lava {
            file: path,
            source_connector,
            allow_implicit_auth_methods,
        } => {
            let source = source_connector.as_deref();
            let one = lava::read(path, source, *allow_implicit_auth_methods)?;
            (vec![one], true)
        }
        From::AwsProfiles { names } => (profiles(app, names)?, !names.is_empty()),
    };
    let mut document = Document {
        imported: Vec::new(),
        skipped: Vec::new(),
        file: file.path().display().to_string(),
    };
    for (name, fields) in found {
        match refusal(&file, &name) {
            None => {
                file.add(&name, &fields)?;
                document.imported.push(name);
            }
            Some(error) if by_name => return Err(error),
            Some(error) => document.skipped.push(Skipped {
                name,
                reason: error.summary(),
            }),
        }
    }
    let parsed = file.parsed(app)?;
    for name in &document.imported {
        parsed.connector(name)?;
    }
    if !document.imported.is_empty() {
        file.store()?;
    }
    if app.ui.is_json() {
        ui::print_json(&document)?;
        return Ok(0);
    }
    let mut text = String::new();
    for Skipped { name, reason } in &document.skipped {
        text.push_str(&format!("Skipped {}: {reason}.\n", shown(name)));
    }
    match document.imported.first() {
        Some(first) => text.push_str(&format!(
            "Imported {} into {}.\nNext: aws-connector verify {first}\n",
            document.imported.join(", "),
            document.file,
        )),
        None => text.push_str("Nothing imported.\n"),
    }
    ui::print(&text)?;
    Ok(0)
}

/// Why a connector of this name cannot be added.
fn refusal(file: &ProfileFile, name: &str) -> Option<Error> {
    if !is_connector_name(name) {
        let error = Error::usage(format!("{} is not a valid connector name", shown(name)));
        return Some(
            error.fix("rename it: use letters, digits, '.', '_' and '-', at most 64 characters"),
        );
    }
    file.has(name).then(|| {
        Error::refused(format!("connector '{name}' already exists"))
            .fix(format!("run 'aws-connector delete {name}' first"))
    })
}

/// One connector for each AWS CLI profile, which uses the profile's credentials.
fn profiles(app: &App, names: &[String]) -> Result<Vec<(String, FieldList)>> {
    let (config, credentials) = (places::aws_config(app)?, places::aws_credentials(app)?);
    let read = |path: &Path| wire::read(path).map(Option::unwrap_or_default);
    let text = read(&config)?;
    let mut all = aws_config::profile_names(&text, Dialect::Config);
    for name in aws_config::profile_names(&read(&credentials)?, Dialect::Credentials) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    let files = format!("{} and {}", config.display(), credentials.display());
    let chosen: Vec<String> = if names.is_empty() {
        let calls_us = |name: &String| {
            let settings = aws_config::settings(&text, name).unwrap_or_default();
            let mut settings = settings.iter();
            settings.any(|(_, value)| value.contains("aws-connector-credential-process"))
        };
        all.retain(|name| !name.starts_with("aws-connector-") && !calls_us(name));
        all
    } else {
        if let Some(missing) = names.iter().find(|name| !all.contains(name)) {
            return Err(
                Error::usage(format!("AWS CLI profile '{missing}' not found in {files}"))
                    .fix("run 'aws configure list-profiles' to see the names"),
            );
        }
        names.to_vec()
    };
    if chosen.is_empty() {
        return Err(Error::usage(format!("no AWS CLI profiles in {files}"))
            .fix("run 'aws configure' first"));
    }
    let connectors = chosen.into_iter().map(|name| {
        let mut fields = vec![
            ("auth_method".to_owned(), Value::from("implicit")),
            ("profile_name".to_owned(), Value::from(name.as_str())),
        ];
        let settings = aws_config::settings(&text, &name).unwrap_or_default();
        if let Some((_, region)) = settings.iter().find(|(key, _)| key == "region") {
            fields.push(("region".to_owned(), Value::from(region.as_str())));
        }
        (name, fields)
    });
    Ok(connectors.collect())
}
