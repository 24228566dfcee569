//! `aws-connector export`

use std::collections::BTreeMap;

use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::resource::ResourceType;
use serde::Serialize;

use crate::app::App;
use crate::services::flags::{resource, resource_type};
use crate::services::{endpoints, obtain};
use crate::ui;

/// Print a connector's credentials, including secrets
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  eval \"$(aws-connector export dev)\"\n  aws-connector export dev --format credentials-file > keys\n\nUse the file with: AWS_SHARED_CREDENTIALS_FILE=keys aws --profile dev s3 ls"
)]
pub(crate) struct Args {
    /// Connector name [default: AWS_CONNECTOR, then default_connector]
    name: Option<String>,
    /// Shell export commands, credential_process JSON, or a section of ~/.aws/credentials
    #[arg(long, value_enum, default_value = "env", value_name = "FORM")]
    format: Format,
    /// Resource type to obtain credentials for
    #[arg(long, value_name = "TYPE", value_parser = resource_type)]
    resource_type: Option<ResourceType>,
    /// Resource to obtain credentials for
    #[arg(long, value_name = "ID")]
    resource_id: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Env,
    Json,
    CredentialsFile,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let name = app.name(args.name.as_deref(), &profile)?;
    let wanted = resource(args.resource_type, args.resource_id.as_deref())?;
    let session = obtain::session(app, &profile, &name, wanted)?;
    let connector = profile.connector(&name)?;
    let region = connector.region.clone();
    // `--output json` selects JSON too.
    let format = if app.ui.is_json() {
        Format::Json
    } else {
        args.format
    };
    let text = match format {
        Format::Env => env(
            &session,
            region.as_deref(),
            &endpoints::variables(app, &connector)?,
        ),
        Format::CredentialsFile => {
            let endpoint = endpoints::for_file(app, &connector)?.all;
            file(&session, &name, region.as_deref(), endpoint.as_deref())?
        }
        Format::Json => {
            let document = Document {
                version: 1,
                access_key_id: &session.access_key_id,
                secret_access_key: session.secret_access_key.expose(),
                session_token: session.session_token.as_ref().map(|token| token.expose()),
                expiration: session
                    .expires_at
                    .map(|end| end.format("%FT%TZ").to_string()),
            };
            serde_json::to_string_pretty(&document)
                .map_err(|error| Error::local("cannot write JSON").because(error))?
                + "\n"
        }
    };
    ui::print(&text)?;
    Ok(0)
}

fn pairs<'a>(session: &'a Session, names: [&'static str; 3]) -> Vec<(&'static str, &'a str)> {
    let [id, secret, token] = names;
    let mut pairs = vec![
        (id, session.access_key_id.as_str()),
        (secret, session.secret_access_key.expose()),
    ];
    pairs.extend(
        session
            .session_token
            .as_ref()
            .map(|text| (token, text.expose())),
    );
    pairs
}

fn env(
    session: &Session,
    region: Option<&str>,
    endpoints: &BTreeMap<String, Option<String>>,
) -> String {
    let names = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ];
    // Quoted, since a keyring or a command can return any text.
    let line = |name: &str, value: &str| {
        let value = value.replace('\'', "'\\''");
        format!("export {name}='{value}'\n")
    };
    let mut text = String::new();
    for (name, value) in pairs(session, names) {
        text.push_str(&line(name, value));
    }
    if session.session_token.is_none() {
        // The token of an earlier session would invalidate long-lived keys.
        text.push_str("unset AWS_SESSION_TOKEN\n");
    }
    match session.expires_at {
        Some(end) => text.push_str(&format!(
            "export AWS_CREDENTIAL_EXPIRATION='{}'\n",
            end.format("%FT%TZ")
        )),
        None => text.push_str("unset AWS_CREDENTIAL_EXPIRATION\n"),
    }
    if let Some(region) = region {
        // boto3 reads only the second one.
        text.push_str(&line("AWS_REGION", region));
        text.push_str(&line("AWS_DEFAULT_REGION", region));
    }
    for (name, value) in endpoints {
        match value {
            Some(value) => text.push_str(&line(name, value)),
            None => text.push_str(&format!("unset {name}\n")),
        }
    }
    text
}

fn file(
    session: &Session,
    connector: &str,
    region: Option<&str>,
    endpoint: Option<&str>,
) -> Result<String> {
    let names = [
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
    ];
    let mut text = format!("[{connector}]\n");
    for (name, value) in pairs(session, names) {
        // The format has no quoting: a line break would start another setting.
        if value.contains(char::is_control) {
            return Err(Error::local(format!("{name} contains a control character"))
                .of(connector)
                .fix("correct the value where the connector reads it"));
        }
        text.push_str(&format!("{name} = {value}\n"));
    }
    if let Some(region) = region {
        text.push_str(&format!("region = {region}\n"));
    }
    if let Some(url) = endpoint {
        text.push_str(&format!("endpoint_url = {url}\n"));
    }
    Ok(text)
}
