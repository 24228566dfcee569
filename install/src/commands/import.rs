//! `aws-connector import`

mod lava;

use std::path::PathBuf;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::is_connector_name;
use serde::Serialize;
use toml_edit::Value;

use crate::app::App;
use crate::profile_file::{FieldList, ProfileFile};
use crate::ui;
use crate::wire::{aws_config, places};

/// Make connectors of a Lava connection or of AWS CLI profiles
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
    /// A connection of type aws, as Lava keeps it in JSON
    #[command(
        after_help = "Example:\n  aws-connector import lava conn.json --source-connector base"
    )]
    Lava {
        /// The file, or - for standard input
        file: PathBuf,
        /// The connector that it starts from
        #[arg(long, value_name = "NAME")]
        source_connector: Option<String>,
        /// Start from what the surroundings offer
        #[arg(long)]
        allow_implicit_auth_methods: bool,
    },
    /// Profiles of the AWS CLI; their keys stay where they are
    #[command(after_help = "Example:\n  aws-connector import aws-profiles work play")]
    AwsProfiles {
        /// Their names; all of the configuration file without any
        names: Vec<String>,
    },
}

#[derive(Serialize)]
struct Document {
    imported: Vec<String>,
    file: String,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let mut file = ProfileFile::open(app)?;
    let found: Vec<(String, FieldList)> = match &args.from {
        From::Lava {
            file: path,
            source_connector,
            allow_implicit_auth_methods,
        } => vec![lava::read(
            path,
            source_connector.as_deref(),
            *allow_implicit_auth_methods,
        )?],
        From::AwsProfiles { names } => profiles(app, names)?,
    };
    for (name, fields) in &found {
        if !is_connector_name(name) {
            return Err(Error::usage(format!(
                "{} cannot be a connector's name",
                aws_connector_core::shown::shown(name)
            ))
            .fix("rename it to letters, digits, '.', '_' and '-', at most 64"));
        }
        if file.has(name) {
            return Err(Error::refused("there is such a connector already")
                .of(name)
                .fix(format!("delete it first: aws-connector delete {name}")));
        }
        file.add(name, fields)?;
    }
    let parsed = file.parsed(app)?;
    for (name, _) in &found {
        parsed.connector(name)?;
    }
    file.store()?;
    let document = Document {
        imported: found.into_iter().map(|(name, _)| name).collect(),
        file: file.path().display().to_string(),
    };
    if app.ui.is_json() {
        ui::print_json(&document)?;
    } else {
        ui::print(&format!(
            "Imported {} into {}.\nNext: aws-connector verify {}\n",
            document.imported.join(", "),
            document.file,
            document.imported.first().map_or("", String::as_str)
        ))?;
    }
    Ok(0)
}

/// A connector for each AWS CLI profile, that takes whatever the profile yields.
fn profiles(app: &App, names: &[String]) -> Result<Vec<(String, FieldList)>> {
    let path = places::aws_config(app)?;
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Error::local(format!("cannot read {}: {error}", path.display())))?;
    let all = aws_config::profile_names(&text);
    let chosen: Vec<String> = if names.is_empty() {
        all.into_iter()
            .filter(|name| !name.starts_with("aws-connector-"))
            .collect()
    } else {
        names.to_vec()
    };
    if chosen.is_empty() {
        return Err(Error::usage(format!("{} holds no profile", path.display())));
    }
    chosen
        .into_iter()
        .map(|name| {
            let settings = aws_config::settings(&text, &name).ok_or_else(|| {
                Error::usage(format!("{} holds no profile '{name}'", path.display()))
            })?;
            let mut fields = vec![
                ("auth_method".to_owned(), Value::from("implicit")),
                ("profile_name".to_owned(), Value::from(name.as_str())),
            ];
            if let Some((_, region)) = settings.iter().find(|(key, _)| key == "region") {
                fields.push(("region".to_owned(), Value::from(region.as_str())));
            }
            Ok((name, fields))
        })
        .collect()
}
