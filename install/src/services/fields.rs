//! The flags of `register` and `update`, and the connector fields that they set.

use std::io::Read as _;

use aws_connector_core::ambient::split_command;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::shown::shown;
use toml_edit::{Array, InlineTable, Value};

use crate::app::App;

/// Fields of a connector, in file order.
pub(crate) type FieldList = Vec<(String, Value)>;

/// One flag for each field.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Fields {
    /// Auth method; see 'list-types'
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// AWS region
    #[arg(long)]
    region: Option<String>,
    /// Description shown by 'list'
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Limit it to a resource type
    #[arg(long, value_name = "TYPE")]
    resource_type: Option<String>,
    /// Limit it to one resource
    #[arg(long, value_name = "ID")]
    resource_id: Option<String>,
    /// Registry it serves; repeatable
    #[arg(long = "registry", value_name = "HOST")]
    registries: Vec<String>,
    /// Additional region; repeatable
    #[arg(long = "allowed-region", value_name = "REGION")]
    allowed_regions: Vec<String>,
    /// Variable its process reads; repeatable
    #[arg(long = "process-env", value_name = "NAME")]
    process_environment: Vec<String>,
    /// Custom AWS endpoint
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Source: the keys of this AWS CLI profile
    #[arg(long, value_name = "PROFILE")]
    pub(crate) source_profile: Option<String>,
    /// Source: the session of this connector
    #[arg(long, value_name = "NAME")]
    source_connector: Option<String>,
    /// Access key id, or WHERE to read it
    #[arg(long, value_name = "ID")]
    access_key_id: Option<String>,
    /// WHERE to read the secret access key
    #[arg(long, value_name = "WHERE")]
    secret_from: Option<String>,
    /// WHERE to read the session token
    #[arg(long, value_name = "WHERE")]
    token_from: Option<String>,
    /// Move the secrets to: keyring
    #[arg(
        long,
        value_name = "STORE",
        value_parser = ["keyring"],
        hide_possible_values = true,
        conflicts_with = "store_plaintext"
    )]
    pub(crate) secret_store: Option<String>,
    /// Store secrets in the file in plaintext
    #[arg(long)]
    pub(crate) store_plaintext: bool,
    /// implicit: AWS CLI profile to use
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile_name: Option<String>,
    /// implicit: one source, e.g. EcsContainer
    #[arg(long, value_name = "SOURCE")]
    credential_source: Option<String>,
    /// implicit: allow any source
    #[arg(long)]
    allow_implicit_auth_methods: bool,
    /// Role to assume
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    /// External id, or WHERE to read it
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Session name in CloudTrail
    #[arg(long, value_name = "NAME")]
    role_session_name: Option<String>,
    /// Session duration, e.g. 1h30m
    #[arg(long)]
    duration: Option<String>,
    /// Serial number or ARN of the MFA device
    #[arg(long, value_name = "ARN")]
    mfa_serial: Option<String>,
    /// Managed session policy; repeatable
    #[arg(long = "policy-arn", value_name = "ARN")]
    policy_arns: Vec<String>,
    /// Session tag; repeatable
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<String>,
    /// Any field, in TOML; repeatable
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    others: Vec<String>,
}

/// The fields with secrets, which must not be in the file in plaintext.
pub(crate) const SECRETS: [&str; 3] = ["aws_secret_access_key", "aws_session_token", "access_keys"];

/// What a connector is, where it works, its source, its sessions.
const ORDER: [&str; 15] = [
    "description",
    "auth_method",
    "region",
    "allowed_regions",
    "endpoint_url",
    "resource_type",
    "resource_id",
    "registries",
    "profile_name",
    "credential_source",
    "source_profile",
    "source_connector",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
];

impl Fields {
    /// The fields that flags set, in the order of the file.
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
            ("aws_access_key_id", "--access-key-id", &self.access_key_id),
            ("aws_secret_access_key", "--secret-from", &self.secret_from),
            ("aws_session_token", "--token-from", &self.token_from),
            ("external_id", "--external-id", &self.external_id),
        ] {
            if let Some(given) = given {
                found.push((key.to_owned(), place(given, flag)?));
            }
        }
        for (key, given) in [
            ("registries", &self.registries),
            ("allowed_regions", &self.allowed_regions),
            ("policy_arns", &self.policy_arns),
            ("process_environment", &self.process_environment),
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
                    Error::usage(format!("--tag {}: expected KEY=VALUE", shown(tag)))
                })?;
                table.insert(key, Value::from(text));
            }
            found.push(("tags".to_owned(), Value::InlineTable(table)));
        }
        for other in &self.others {
            let (key, value) = other_field(other)?;
            found.retain(|(known, _)| *known != key);
            found.push((key, value));
        }
        Ok(found)
    }

    /// The fields that append to the values in the file, since their flags can be repeated, in one
    /// command or in several; `--set` replaces the field.
    pub(crate) fn added(&self) -> Vec<&'static str> {
        let said = |key: &str| {
            let mut others = self.others.iter().filter_map(|other| other.split_once('='));
            others.any(|(known, _)| known.trim() == key)
        };
        [
            "registries",
            "allowed_regions",
            "policy_arns",
            "process_environment",
            "tags",
        ]
        .into_iter()
        .filter(|key| !said(key))
        .collect()
    }
}

/// A field without a flag: a TOML value, or a string without quotes.
fn other_field(given: &str) -> Result<(String, Value)> {
    let Some((key, text)) = given.split_once('=') else {
        return Err(
            Error::usage(format!("--set {}: expected FIELD=VALUE", shown(given)))
                .fix("write it like --set down_scope=false"),
        );
    };
    let key = key.trim();
    let value = text.trim().parse().unwrap_or_else(|_| Value::from(text));
    if SECRETS.contains(&key) && value.is_str() {
        // Do not print the value: it is the secret.
        return Err(Error::usage(format!(
            "--set {key} exposes the secret on the command line"
        ))
        .fix("use --secret-from or --token-from"));
    }
    Ok((key.to_owned(), value))
}

/// Sorts fields into the order of the README's examples.
pub(crate) fn sort(found: &mut FieldList) {
    let place = |key: &str| ORDER.iter().position(|known| *known == key);
    found.sort_by_key(|(key, _)| place(key).unwrap_or(ORDER.len()));
}

/// Parses WHERE into its form in the file. Text without a kind is the value itself, which only ids
/// may be: other users can read the command line.
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
            .map_err(|error| Error::usage(format!("{flag} stdin")).because(error))?;
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
                        "{flag} command: the command is empty or has an unclosed quote"
                    ))
                })?;
            Ok(reference(
                "command",
                Value::Array(words.iter().collect::<Array>()),
            ))
        }
        _ if matches!(flag, "--external-id" | "--access-key-id") => Ok(Value::from(given)),
        // Do not print the value: it may be the secret.
        _ => Err(
            Error::usage(format!("{flag} takes a place to read from, not a value")).fix(
                "use env:NAME, file:PATH, command:CMD, keyring:SERVICE/USER, ssm:NAME or stdin",
            ),
        ),
    }
}
