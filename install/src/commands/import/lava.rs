//! A Lava connection of type `aws`.

use std::io::Read as _;
use std::path::Path;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::fs as guarded;
use aws_connector_core::shown::shown;
use serde::Deserialize;
use serde_json::Value as Json;
use toml_edit::{Array, InlineTable, Value};

use crate::services::fields::FieldList;

/// More than any connection needs.
const LONGEST: u64 = 1024 * 1024;

/// The documented fields of a connection.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connection {
    conn_id: String,
    #[serde(rename = "type")]
    kind: String,
    enabled: bool,
    description: Option<String>,
    access_keys: Option<String>,
    external_id: Option<String>,
    role_arn: Option<String>,
    region: Option<String>,
    duration: Option<Json>,
    policy: Option<serde_json::Map<String, Json>>,
    policy_arns: Option<Json>,
    tags: Option<std::collections::BTreeMap<String, String>>,
}

/// Reads a connection and returns the connector's name and fields.
pub(super) fn read(
    path: &Path,
    source: Option<&str>,
    allow_implicit: bool,
) -> Result<(String, FieldList)> {
    let fail = |what: String| Error::usage(format!("{}: {what}", path.display()));
    let mut text = String::new();
    let outcome = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        guarded::open_or_pipe(path)
            .and_then(|file| file.read(LONGEST))
            .and_then(|bytes| bytes.as_slice().read_to_string(&mut text).map(drop))
    };
    outcome.map_err(|error| fail(error.to_string()))?;
    let wrong = |error: serde_json::Error| fail(format!("not a Lava connection: {error}"));
    let mut fields: serde_json::Map<String, Json> = serde_json::from_str(&text).map_err(wrong)?;
    // Users keep notes in fields with such names.
    let all = fields.len();
    fields.retain(|name, _| !name.to_ascii_lowercase().starts_with("x-"));
    let connection: Connection = if fields.len() == all {
        // Parse the text itself, so that errors have line numbers.
        serde_json::from_str(&text)
    } else {
        serde_json::from_value(Json::Object(fields))
    }
    .map_err(wrong)?;
    if connection.kind != "aws" {
        return Err(fail(format!(
            "unsupported connection type {}, expected \"aws\"",
            shown(&connection.kind)
        )));
    }
    convert(connection, source, allow_implicit).map_err(fail)
}

fn convert(
    connection: Connection,
    source: Option<&str>,
    allow_implicit: bool,
) -> Result<(String, FieldList), String> {
    // Credentials are required to read the parameters, or to assume a role without keys.
    let needs_source = connection.access_keys.is_some()
        || connection.external_id.is_some()
        || connection.role_arn.is_some();
    if needs_source && source.is_none() && !allow_implicit {
        return Err("credentials are required to read its parameters or assume its role; pass --source-connector or --allow-implicit-auth-methods".to_owned());
    }
    let parameter = |name: &str| {
        let mut table = InlineTable::new();
        table.insert("ssm", Value::from(name));
        if let Some(source) = source {
            table.insert("connector", Value::from(source));
        }
        Value::InlineTable(table)
    };
    let method = match (&connection.access_keys, &connection.role_arn, source) {
        (None, None, _) => return Err("access_keys or role_arn is required".to_owned()),
        (Some(_), None, _) => "secret-key",
        (Some(_), Some(_), _) | (None, Some(_), Some(_)) => "iam-role",
        (None, Some(_), None) => "implicit",
    };
    let mut fields: FieldList = Vec::new();
    let mut set = |key: &str, value: Value| fields.push((key.to_owned(), value));
    if let Some(text) = &connection.description {
        set("description", Value::from(text.as_str()));
    }
    if !connection.enabled {
        set("enabled", Value::from(false));
    }
    set("auth_method", Value::from(method));
    if let Some(region) = &connection.region {
        set("region", Value::from(region.as_str()));
    }
    match (&connection.access_keys, source) {
        (Some(name), _) => set("access_keys", parameter(name)),
        (None, Some(source)) => set("source_connector", Value::from(source)),
        (None, None) => set("allow_implicit_auth_methods", Value::from(true)),
    }
    if let Some(role) = &connection.role_arn {
        set("role_arn", Value::from(role.as_str()));
        if let Some(name) = &connection.external_id {
            set("external_id", parameter(name));
        }
        match &connection.duration {
            Some(Json::String(text)) => set("duration", Value::from(text.as_str())),
            Some(Json::Number(number)) => {
                set(
                    "duration",
                    Value::from(number.as_i64().ok_or("duration must be a whole number")?),
                );
            }
            Some(_) => return Err("duration must be a string or a number".to_owned()),
            None => {}
        }
        if let Some(policy) = connection.policy {
            set("policy", Value::from(Json::Object(policy).to_string()));
        }
        match connection.policy_arns {
            Some(Json::String(arn)) => set("policy_arns", Value::from(arn)),
            Some(Json::Array(list)) => {
                let arns: Option<Vec<&str>> = list.iter().map(Json::as_str).collect();
                let arns = arns.ok_or("policy_arns must contain only strings")?;
                set(
                    "policy_arns",
                    Value::Array(arns.into_iter().collect::<Array>()),
                );
            }
            Some(_) => return Err("policy_arns must be a string or a list".to_owned()),
            None => {}
        }
        if let Some(tags) = connection.tags {
            let table: InlineTable = tags
                .into_iter()
                .map(|(key, tag)| (key, Value::from(tag)))
                .collect();
            set("tags", Value::InlineTable(table));
        }
    }
    Ok((connection.conn_id, fields))
}
