//! The flags of `register` and `update`, and the connector fields that they set.

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::field::{self, Field};
use aws_connector_core::profile::{SecretRef, Tags};
use aws_connector_core::shown::shown;
use toml_edit::{Array, InlineTable, Value};

use super::place::place;
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
    /// Label for 'list --label'; repeatable
    #[arg(long = "label", value_name = "KEY=VALUE")]
    labels: Vec<String>,
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
    /// Move secrets to: keyring (the desktop's)
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
pub(crate) const SECRETS: [&str; 3] = [
    field::AWS_SECRET_ACCESS_KEY.name(),
    field::AWS_SESSION_TOKEN.name(),
    field::ACCESS_KEYS.name(),
];

/// The order of fields: what a connector is, where it works, its source, its sessions.
const ORDER: [&str; 16] = [
    field::DESCRIPTION.name(),
    field::LABELS.name(),
    field::AUTH_METHOD.name(),
    field::REGION.name(),
    field::ALLOWED_REGIONS.name(),
    field::ENDPOINT_URL.name(),
    field::RESOURCE_TYPE.name(),
    field::RESOURCE_ID.name(),
    field::REGISTRIES.name(),
    field::PROFILE_NAME.name(),
    field::CREDENTIAL_SOURCE.name(),
    field::SOURCE_PROFILE.name(),
    field::SOURCE_CONNECTOR.name(),
    field::AWS_ACCESS_KEY_ID.name(),
    field::AWS_SECRET_ACCESS_KEY.name(),
    field::AWS_SESSION_TOKEN.name(),
];

impl Fields {
    /// The flags whose value is that of the field.
    fn texts(&self) -> [(&'static str, &Option<String>); 14] {
        [
            (field::DESCRIPTION.name(), &self.description),
            (field::AUTH_METHOD.name(), &self.auth_method),
            (field::REGION.name(), &self.region),
            (field::ENDPOINT_URL.name(), &self.endpoint_url),
            (field::RESOURCE_TYPE.name(), &self.resource_type),
            (field::RESOURCE_ID.name(), &self.resource_id),
            (field::PROFILE_NAME.name(), &self.profile_name),
            (field::CREDENTIAL_SOURCE.name(), &self.credential_source),
            (field::SOURCE_PROFILE.name(), &self.source_profile),
            (field::SOURCE_CONNECTOR.name(), &self.source_connector),
            (field::ROLE_ARN.name(), &self.role_arn),
            (field::ROLE_SESSION_NAME.name(), &self.role_session_name),
            (field::DURATION.name(), &self.duration),
            (field::MFA_SERIAL.name(), &self.mfa_serial),
        ]
    }

    /// The flags that can be repeated.
    fn lists(&self) -> [(&'static Field<Vec<String>>, &[String]); 4] {
        [
            (&field::REGISTRIES, &self.registries),
            (&field::ALLOWED_REGIONS, &self.allowed_regions),
            (&field::POLICY_ARNS, &self.policy_arns),
            (&field::PROCESS_ENVIRONMENT, &self.process_environment),
        ]
    }

    /// The flags with members of a table.
    fn pairs(&self) -> [(&'static Field<Tags>, &'static str, &[String]); 2] {
        [
            (&field::LABELS, "--label", &self.labels),
            (&field::TAGS, "--tag", &self.tags),
        ]
    }

    /// The flags with a secret, or where to read it.
    fn secrets(&self) -> [(&'static Field<SecretRef>, &'static str, &Option<String>); 4] {
        [
            (
                &field::AWS_ACCESS_KEY_ID,
                "--access-key-id",
                &self.access_key_id,
            ),
            (
                &field::AWS_SECRET_ACCESS_KEY,
                "--secret-from",
                &self.secret_from,
            ),
            (&field::AWS_SESSION_TOKEN, "--token-from", &self.token_from),
            (&field::EXTERNAL_ID, "--external-id", &self.external_id),
        ]
    }

    /// The fields that flags set, in the order of the file.
    pub(crate) fn values(&self, _: &App) -> Result<FieldList> {
        let mut found: FieldList = Vec::new();
        let mut put = |key: &str, value: Value| found.push((key.to_owned(), value));
        for (key, given) in self.texts() {
            if let Some(given) = given {
                put(key, Value::from(given.as_str()));
            }
        }
        if self.allow_implicit_auth_methods {
            put(field::ALLOW_IMPLICIT_AUTH_METHODS.name(), Value::from(true));
        }
        for (field, flag, given) in self.secrets() {
            if let Some(given) = given {
                put(field.name(), place(given, flag)?);
            }
        }
        for (field, given) in self.lists() {
            if !given.is_empty() {
                put(field.name(), Value::Array(given.iter().collect::<Array>()));
            }
        }
        for (field, flag, given) in self.pairs() {
            let mut table = InlineTable::new();
            for pair in given {
                let (key, text) = key_value(flag, pair)?;
                table.insert(key, Value::from(text));
            }
            if !given.is_empty() {
                put(field.name(), Value::InlineTable(table));
            }
        }
        for other in &self.others {
            let (key, value) = other_field(other)?;
            found.retain(|(known, _)| *known != key);
            found.push((key, value));
        }
        Ok(found)
    }

    /// The fields that append to the values in the file, because their flags can be repeated, in
    /// one command or over several; `--set` replaces the field.
    pub(crate) fn added(&self) -> Vec<&'static str> {
        let said = |key: &str| {
            let mut others = self.others.iter().filter_map(|other| other.split_once('='));
            others.any(|(known, _)| known.trim() == key)
        };
        let lists = self.lists().map(|(field, _)| field.name());
        lists
            .into_iter()
            .chain(self.pairs().map(|(field, ..)| field.name()))
            .filter(|key| !said(key))
            .collect()
    }
}

/// A key and its value.
pub(crate) fn key_value<'a>(flag: &str, given: &'a str) -> Result<(&'a str, &'a str)> {
    given
        .split_once('=')
        .ok_or_else(|| Error::usage(format!("{flag} {}: expected KEY=VALUE", shown(given))))
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
