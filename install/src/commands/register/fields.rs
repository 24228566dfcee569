//! The flags of `register` and `update`, and the fields of the profile that they stand for.

use std::io::Read as _;

use aws_connector_core::ambient::split_command;
use aws_connector_core::error::{Error, Result};
use toml_edit::{Array, InlineTable, Value};

use crate::app::App;
use crate::profile_file::FieldList;

/// One flag for each field that there is.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Fields")]
pub(crate) struct Fields {
    /// implicit, secret-key, sts-token, iam-role, session-token, federation-token, anonymous
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// Its region
    #[arg(long)]
    region: Option<String>,
    /// Free text for `list`
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Limit it to a resource type
    #[arg(long, value_name = "TYPE")]
    resource_type: Option<String>,
    /// Limit it to one resource
    #[arg(long, value_name = "ID")]
    resource_id: Option<String>,
    /// A registry host or account that it serves; may be repeated
    #[arg(long = "registry", value_name = "HOST")]
    registries: Vec<String>,
    /// A further region that requests may name; may be repeated
    #[arg(long = "allowed-region", value_name = "REGION")]
    allowed_regions: Vec<String>,
    /// The AWS CLI profile whose keys make the call to STS
    #[arg(long, value_name = "PROFILE")]
    pub(super) source_profile: Option<String>,
    /// The connector whose session makes the call to STS
    #[arg(long, value_name = "NAME")]
    source_connector: Option<String>,
    /// implicit: the AWS CLI profile to take credentials from
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile_name: Option<String>,
    /// implicit: Environment, SharedProfile, WebIdentity, EcsContainer, Ec2InstanceMetadata
    #[arg(long, value_name = "SOURCE")]
    credential_source: Option<String>,
    /// implicit: consent to whatever the surroundings offer
    #[arg(long)]
    allow_implicit_auth_methods: bool,
    /// The role to assume
    #[arg(long, value_name = "ARN")]
    pub(super) role_arn: Option<String>,
    /// The role's external id, or where it lies (see --secret-from)
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// The session's name in CloudTrail
    #[arg(long, value_name = "NAME")]
    role_session_name: Option<String>,
    /// How long sessions live: seconds, or 1h30m
    #[arg(long)]
    duration: Option<String>,
    /// The device of the second factor
    #[arg(long, value_name = "ARN")]
    mfa_serial: Option<String>,
    /// A managed policy for sessions; may be repeated
    #[arg(long = "policy-arn", value_name = "ARN")]
    policy_arns: Vec<String>,
    /// A session tag, KEY=VALUE; may be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<String>,
    /// An endpoint in place of AWS's own
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// The access key's id, or where it lies
    #[arg(long, value_name = "ID")]
    access_key_id: Option<String>,
    /// Where the secret key lies: env:NAME, file:PATH, command:CMD, keyring:SERVICE/USER,
    /// ssm:NAME, or stdin with --store-plaintext
    #[arg(long, value_name = "WHERE")]
    secret_from: Option<String>,
    /// Where the session token lies
    #[arg(long, value_name = "WHERE")]
    token_from: Option<String>,
    /// Allow a secret in clear in the profile file
    #[arg(long)]
    store_plaintext: bool,
}

/// The fields that hold what must not stand in the file in clear.
pub(crate) const SECRETS: [&str; 3] = ["aws_secret_access_key", "aws_session_token", "access_keys"];

impl Fields {
    /// The fields that flags were given for, in the order of the file.
    pub(crate) fn values(&self, _: &App) -> Result<FieldList> {
        let mut found: FieldList = Vec::new();
        let mut text = |key: &str, given: &Option<String>| {
            if let Some(given) = given {
                found.push((key.to_owned(), Value::from(given.as_str())));
            }
        };
        text("description", &self.description);
        text("auth_method", &self.auth_method);
        text("region", &self.region);
        text("endpoint_url", &self.endpoint_url);
        text("resource_type", &self.resource_type);
        text("resource_id", &self.resource_id);
        text("profile_name", &self.profile_name);
        text("credential_source", &self.credential_source);
        text("source_profile", &self.source_profile);
        text("source_connector", &self.source_connector);
        text("role_arn", &self.role_arn);
        text("role_session_name", &self.role_session_name);
        text("duration", &self.duration);
        text("mfa_serial", &self.mfa_serial);
        if self.allow_implicit_auth_methods {
            found.push(("allow_implicit_auth_methods".to_owned(), Value::from(true)));
        }
        for (key, flag, given) in [
            ("external_id", "--external-id", &self.external_id),
            ("aws_access_key_id", "--access-key-id", &self.access_key_id),
            ("aws_secret_access_key", "--secret-from", &self.secret_from),
            ("aws_session_token", "--token-from", &self.token_from),
        ] {
            if let Some(given) = given {
                found.push((key.to_owned(), place(given, flag)?));
            }
        }
        for (key, given) in [
            ("registries", &self.registries),
            ("allowed_regions", &self.allowed_regions),
            ("policy_arns", &self.policy_arns),
        ] {
            if !given.is_empty() {
                found.push((
                    key.to_owned(),
                    Value::Array(given.iter().collect::<Array>()),
                ));
            }
        }
        if !self.tags.is_empty() {
            let mut table = InlineTable::new();
            for tag in &self.tags {
                let (key, text) = tag.split_once('=').ok_or_else(|| {
                    Error::usage(format!(
                        "--tag {}: it is not KEY=VALUE",
                        aws_connector_core::shown::shown(tag)
                    ))
                })?;
                table.insert(key, Value::from(text));
            }
            found.push(("tags".to_owned(), Value::InlineTable(table)));
        }
        Ok(found)
    }

    /// Refuses secrets in clear that nobody allowed.
    pub(crate) fn check_plaintext(&self, found: &[(String, Value)]) -> Result<()> {
        let clear = found
            .iter()
            .find(|(key, field)| SECRETS.contains(&key.as_str()) && field.is_str());
        match clear {
            Some((key, _)) if !self.store_plaintext => Err(Error::refused(format!(
                "{key} would stand in the profile file in clear"
            ))
            .fix("say where it lies (--secret-from keyring:SERVICE/USER, env:NAME, file:PATH, …), or pass --store-plaintext")),
            _ => Ok(()),
        }
    }
}

/// Where a secret lies, as the profile writes it; a text without a kind is the value itself, which
/// only ids may be: a secret on the command line is everybody's.
fn place(given: &str, flag: &str) -> Result<Value> {
    let reference = |kind: &str, value: Value| {
        let mut table = InlineTable::new();
        table.insert(kind, value);
        Value::InlineTable(table)
    };
    if given == "stdin" {
        let mut text = String::new();
        std::io::stdin()
            .take(64 * 1024)
            .read_to_string(&mut text)
            .map_err(|error| Error::usage(format!("{flag} stdin: {error}")))?;
        return Ok(Value::from(text.trim_end()));
    }
    match given.split_once(':') {
        Some((kind @ ("env" | "file" | "keyring" | "ssm"), rest)) if !rest.is_empty() => {
            Ok(reference(kind, Value::from(rest)))
        }
        Some(("command", rest)) => {
            let words = split_command(rest)
                .filter(|words| !words.is_empty())
                .ok_or_else(|| {
                    Error::usage(format!(
                        "{flag} command: a quote is not closed, or it is empty"
                    ))
                })?;
            Ok(reference(
                "command",
                Value::Array(words.iter().collect::<Array>()),
            ))
        }
        _ if matches!(flag, "--external-id" | "--access-key-id") => Ok(Value::from(given)),
        // Not shown: it may be the secret itself.
        _ => Err(
            Error::usage(format!("{flag} says a value, not a place")).fix(
                "write env:NAME, file:PATH, command:CMD, keyring:SERVICE/USER, ssm:NAME or stdin",
            ),
        ),
    }
}
