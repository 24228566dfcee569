//! The types of field values, and how to parse each.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use toml::de::DeValue;

use super::table::{At, Fields};
use super::{duration, expand};
use crate::error::Result;
use crate::shown::shown;

/// The type of a field's value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A string.
    Text,
    /// One of these strings.
    OneOf(fn() -> Vec<&'static str>),
    /// `true` or `false`.
    Boolean,
    /// A string or a list of strings.
    Texts,
    /// Seconds, or a text such as `1h30m`.
    Duration,
    /// A date and time with an offset.
    Time,
    /// A string, or a reference such as `{ env = "NAME" }`.
    Secret,
    /// A list of a program and its arguments.
    Command,
    /// A table of strings.
    Tags,
    /// A table, or the same as JSON in a string.
    Policy,
    /// A table with a URL for each service.
    Services,
}

/// A type that a field's value can be parsed as.
pub(crate) trait Value: Sized {
    /// Its kind.
    const KIND: Kind;

    /// Parses a value of a connector's field.
    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self>;
}

impl Value for bool {
    const KIND: Kind = Kind::Boolean;

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        match found.value {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err(fields.wrong_type(found, "true or false")),
        }
    }
}

/// A string without control characters, expanded from the environment.
impl Value for String {
    const KIND: Kind = Kind::Text;

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        let DeValue::String(text) = found.value else {
            return Err(fields.wrong_type(found, "a string"));
        };
        expanded(fields, found, expand::expand(text, fields.env()))
    }
}

fn expanded(
    fields: &Fields<'_, '_>,
    found: &At<&DeValue<'_>>,
    text: std::result::Result<Cow<'_, str>, String>,
) -> Result<String> {
    let text = text.map_err(|e| fields.field_error(found, &e))?;
    if text.is_empty() {
        return Err(fields.field_error(found, "is empty; set a value or remove the field"));
    }
    if let Some(bad) = text
        .chars()
        .find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
    {
        return Err(fields.field_error(
            found,
            &format!("contains the control character {}", bad.escape_default()),
        ));
    }
    Ok(text.into_owned())
}

/// A string that may be empty.
fn text_or_empty(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<String> {
    match found.value {
        DeValue::String(text) if text.is_empty() => Ok(String::new()),
        _ => String::read(fields, found),
    }
}

/// One string or a list of them.
impl Value for Vec<String> {
    const KIND: Kind = Kind::Texts;

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        match found.value {
            DeValue::Array(items) => items
                .iter()
                .map(|item| String::read(fields, &found.inner(item)))
                .collect(),
            _ => Ok(vec![String::read(fields, found)?]),
        }
    }
}

impl Value for Duration {
    const KIND: Kind = Kind::Duration;

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        let text = match found.value {
            DeValue::Integer(number) => number.to_string(),
            DeValue::String(_) => String::read(fields, found)?,
            _ => return Err(fields.wrong_type(found, "a duration such as 3600 or \"1h\"")),
        };
        duration::parse(&text).map_err(|error| fields.field_error(found, &error))
    }
}

/// A TOML date-time, or a string in RFC 3339.
impl Value for DateTime<Utc> {
    const KIND: Kind = Kind::Time;

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        let text = match found.value {
            DeValue::Datetime(value) => value.to_string(),
            DeValue::String(_) => String::read(fields, found)?,
            _ => return Err(fields.wrong_type(found, "an RFC 3339 time")),
        };
        match DateTime::parse_from_rfc3339(&text) {
            Ok(value) => Ok(value.to_utc()),
            Err(_) => Err(fields.field_error(
                found,
                &format!(
                    "{} is not an RFC 3339 time with an offset, such as 2030-01-31T12:00:00Z",
                    shown(&text)
                ),
            )),
        }
    }
}

/// A command as a list; it runs without a shell.
#[derive(Debug)]
pub struct Command(pub(crate) Vec<String>);

impl Value for Command {
    const KIND: Kind = Kind::Command;

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        let DeValue::Array(items) = found.value else {
            return Err(fields.wrong_type(
                found,
                "a list such as [\"program\", \"argument\"] (it runs without a shell)",
            ));
        };
        let argv = items
            .iter()
            .map(|item| text_or_empty(fields, &found.with(item.get_ref())))
            .collect::<Result<Vec<_>>>()?;
        if argv.first().is_none_or(String::is_empty) {
            return Err(fields.field_error(found, "does not name a program"));
        }
        Ok(Self(argv))
    }
}

/// Keys and values, in file order.
#[derive(Debug)]
pub struct Tags(pub(crate) Vec<(String, String)>);

impl Value for Tags {
    const KIND: Kind = Kind::Tags;

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        let DeValue::Table(table) = found.value else {
            return Err(fields.wrong_type(found, "a table such as { team = \"data\" }"));
        };
        let pair = |(key, value): (&toml::Spanned<_>, _)| {
            let key: &Cow<'_, str> = key.get_ref();
            // AWS allows an empty tag value.
            let text = text_or_empty(fields, &found.inner(value))?;
            Ok((key.to_string(), text))
        };
        table.iter().map(pair).collect::<Result<_>>().map(Self)
    }
}

/// A JSON document in compact form, from a string or a TOML table.
#[derive(Debug)]
pub struct Policy(pub(crate) String);

impl Value for Policy {
    const KIND: Kind = Kind::Policy;

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        let value = match found.value {
            DeValue::Table(_) => to_json(fields, found)?,
            DeValue::String(text) => {
                let text = policy_text(fields, found, text)?;
                serde_json::from_str::<serde_json::Value>(&text)
                    .ok()
                    .filter(serde_json::Value::is_object)
                    .ok_or_else(|| fields.field_error(found, "is not a JSON object"))?
            }
            _ => return Err(fields.wrong_type(found, "a JSON string or a table")),
        };
        Ok(Self(value.to_string()))
    }
}

fn to_json(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<serde_json::Value> {
    Ok(match found.value {
        DeValue::String(text) if text.is_empty() => String::new().into(),
        DeValue::String(text) => policy_text(fields, found, text)?.into(),
        DeValue::Boolean(value) => (*value).into(),
        DeValue::Integer(number) => number
            .to_string()
            .parse::<i64>()
            .map_err(|_| fields.field_error(found, "contains a number that is out of range"))?
            .into(),
        DeValue::Array(items) => items
            .iter()
            .map(|item| to_json(fields, &found.with(item.get_ref())))
            .collect::<Result<Vec<_>>>()?
            .into(),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| {
                let value = to_json(fields, &found.with(value.get_ref()))?;
                Ok((key.get_ref().to_string(), value))
            })
            .collect::<Result<serde_json::Map<_, _>>>()?
            .into(),
        DeValue::Float(_) | DeValue::Datetime(_) => {
            return Err(fields.wrong_type(found, "strings, numbers, lists and tables"));
        }
    })
}

/// A string in a policy, where IAM has its own variables.
fn policy_text(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>, text: &str) -> Result<String> {
    expanded(fields, found, expand::expand_policy(text, fields.env()))
}

/// A table with a URL for each service; [`Fields::services`] reads it.
#[derive(Debug)]
pub struct Services(());

impl Services {
    /// Its kind.
    pub(super) const KIND: Kind = Kind::Services;
}
