//! One TOML table read field by field: every value is taken by name, what is left over is an
//! error, and every error says file, line, connector and field.

use std::borrow::Cow;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::document::Parsed;
use super::{duration, expand};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::shown::shown;
use crate::suggest::nearest;

/// A table of the connectors file whose fields are taken one by one.
pub(crate) struct Fields<'p, 'd> {
    parsed: &'p Parsed<'d>,
    env: &'p Env,
    connector: Option<&'p str>,
    /// `tags.` within a sub-table, else empty.
    prefix: &'static str,
    start: usize,
    entries: Vec<Entry<'p, 'd>>,
}

struct Entry<'p, 'd> {
    name: &'p str,
    at: usize,
    value_at: usize,
    value: &'p DeValue<'d>,
    taken: bool,
}

/// Keys and values in the order of the file.
pub(crate) type Pairs = Vec<(String, String)>;

/// A value with its position, so that a later check can still point to it.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) field: &'static str,
    pub(crate) at: usize,
}

impl<'p, 'd> Fields<'p, 'd> {
    pub(crate) fn new(
        parsed: &'p Parsed<'d>,
        env: &'p Env,
        connector: Option<&'p str>,
        table: &'p DeTable<'d>,
        start: usize,
    ) -> Self {
        Self {
            parsed,
            env,
            connector,
            prefix: "",
            start,
            entries: entries(table),
        }
    }

    /// An error about the table as a whole.
    pub(crate) fn error(&self, what: &str) -> Error {
        self.error_at(self.start, what)
    }

    /// An error about a field by its name; it points to the table where the field is missing.
    pub(crate) fn error_in(&self, field: &str, what: &str) -> Error {
        let at = self
            .entries
            .iter()
            .find(|entry| entry.name == field)
            .map_or(self.start, |entry| entry.value_at);
        self.error_at(at, what)
            .in_field(format!("{}{field}", self.prefix))
    }

    /// An error about one field.
    pub(crate) fn field_error<T>(&self, field: &At<T>, what: &str) -> Error {
        self.error_at(field.at, what)
            .in_field(format!("{}{}", self.prefix, field.field))
    }

    fn error_at(&self, at: usize, what: &str) -> Error {
        let error = self.parsed.error(at, what);
        match self.connector {
            Some(connector) => error.of(connector),
            None => error,
        }
    }

    fn take(&mut self, field: &'static str) -> Option<At<&'p DeValue<'d>>> {
        let entry = self.entries.iter_mut().find(|entry| entry.name == field)?;
        entry.taken = true;
        Some(At {
            value: entry.value,
            field,
            at: entry.value_at,
        })
    }

    /// Whether the field is there, taken or not.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == field)
    }

    pub(crate) fn boolean(&mut self, field: &'static str) -> Result<Option<bool>> {
        let Some(found) = self.take(field) else {
            return Ok(None);
        };
        match found.value {
            DeValue::Boolean(value) => Ok(Some(*value)),
            other => Err(self.wrong_type(&found, "true or false", other)),
        }
    }

    /// A string, expanded from the environment, without control characters.
    pub(crate) fn string(&mut self, field: &'static str) -> Result<Option<At<String>>> {
        let Some(found) = self.take(field) else {
            return Ok(None);
        };
        let value = self.string_value(&found, found.value)?;
        Ok(Some(At {
            value,
            field,
            at: found.at,
        }))
    }

    fn string_value<T>(&self, place: &At<T>, value: &DeValue<'_>) -> Result<String> {
        let DeValue::String(text) = value else {
            return Err(self.wrong_type(place, "a string", value));
        };
        self.expanded(place, expand::expand(text, self.env))
    }

    fn expanded<T>(
        &self,
        place: &At<T>,
        text: std::result::Result<Cow<'_, str>, String>,
    ) -> Result<String> {
        let text = text.map_err(|e| self.field_error(place, &e))?;
        if text.is_empty() {
            return Err(self.field_error(place, "is empty; set a value or remove the field"));
        }
        if let Some(bad) = text
            .chars()
            .find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        {
            return Err(self.field_error(
                place,
                &format!("contains the control character {}", bad.escape_default()),
            ));
        }
        Ok(text.into_owned())
    }

    /// A string that passes `check`, whose error text completes `field 'x': …`.
    pub(crate) fn checked<T, E: ToString>(
        &mut self,
        field: &'static str,
        check: impl FnOnce(&str) -> std::result::Result<T, E>,
    ) -> Result<Option<At<T>>> {
        let Some(text) = self.string(field)? else {
            return Ok(None);
        };
        match check(&text.value) {
            Ok(value) => Ok(Some(At {
                value,
                field,
                at: text.at,
            })),
            Err(error) => Err(self.field_error(&text, &error.to_string())),
        }
    }

    /// One string or a list of them.
    pub(crate) fn strings(&mut self, field: &'static str) -> Result<Option<At<Vec<String>>>> {
        let Some(found) = self.take(field) else {
            return Ok(None);
        };
        let value = match found.value {
            DeValue::Array(items) => items
                .iter()
                .map(|item| {
                    let place = At {
                        value: (),
                        field,
                        at: item.span().start,
                    };
                    self.string_value(&place, item.get_ref())
                })
                .collect::<Result<Vec<_>>>()?,
            other => vec![self.string_value(&found, other)?],
        };
        Ok(Some(At {
            value,
            field,
            at: found.at,
        }))
    }

    /// Seconds as an integer, or a duration text.
    pub(crate) fn duration(&mut self, field: &'static str) -> Result<Option<At<Duration>>> {
        let Some(found) = self.take(field) else {
            return Ok(None);
        };
        let text = match found.value {
            DeValue::Integer(number) => number.to_string(),
            DeValue::String(_) => self.string_value(&found, found.value)?,
            other => {
                return Err(self.wrong_type(&found, "a duration such as 3600 or \"1h\"", other));
            }
        };
        match duration::parse(&text) {
            Ok(value) => Ok(Some(At {
                value,
                field,
                at: found.at,
            })),
            Err(error) => Err(self.field_error(&found, &error)),
        }
    }

    /// A date and time with offset, as a TOML date-time or a string in RFC 3339.
    pub(crate) fn timestamp(
        &mut self,
        field: &'static str,
    ) -> Result<Option<At<chrono::DateTime<chrono::Utc>>>> {
        let Some(found) = self.take(field) else {
            return Ok(None);
        };
        let text = match found.value {
            DeValue::Datetime(value) => value.to_string(),
            DeValue::String(_) => self.string_value(&found, found.value)?,
            other => return Err(self.wrong_type(&found, "an RFC 3339 time", other)),
        };
        match chrono::DateTime::parse_from_rfc3339(&text) {
            Ok(value) => Ok(Some(At {
                value: value.to_utc(),
                field,
                at: found.at,
            })),
            Err(_) => Err(self.field_error(
                &found,
                &format!(
                    "{} is not an RFC 3339 time with an offset, such as 2030-01-31T12:00:00Z",
                    shown(&text)
                ),
            )),
        }
    }

    /// A table of string keys and string values.
    pub(crate) fn string_map(&mut self, field: &'static str) -> Result<Option<At<Pairs>>> {
        let Some(found) = self.take(field) else {
            return Ok(None);
        };
        let DeValue::Table(table) = found.value else {
            return Err(self.wrong_type(
                &found,
                "a table such as { team = \"data\" }",
                found.value,
            ));
        };
        let mut pairs = Vec::with_capacity(table.len());
        for (key, value) in table.iter() {
            let place = At {
                value: (),
                field,
                at: value.span().start,
            };
            // AWS allows an empty tag value.
            let text = match value.get_ref() {
                DeValue::String(text) if text.is_empty() => String::new(),
                other => self.string_value(&place, other)?,
            };
            pairs.push((key.get_ref().to_string(), text));
        }
        Ok(Some(At {
            value: pairs,
            field,
            at: found.at,
        }))
    }

    /// A JSON document, given as a string or as a TOML table; in its compact form.
    pub(crate) fn json(&mut self, field: &'static str) -> Result<Option<At<String>>> {
        let Some(found) = self.take(field) else {
            return Ok(None);
        };
        let value = match found.value {
            DeValue::Table(_) => self.to_json(&found, found.value)?,
            DeValue::String(_) => {
                let text = self.policy_string(&found, found.value)?;
                serde_json::from_str::<serde_json::Value>(&text)
                    .ok()
                    .filter(serde_json::Value::is_object)
                    .ok_or_else(|| self.field_error(&found, "is not a JSON object"))?
            }
            other => return Err(self.wrong_type(&found, "a JSON string or a table", other)),
        };
        Ok(Some(At {
            value: value.to_string(),
            field,
            at: found.at,
        }))
    }

    fn to_json<T>(&self, place: &At<T>, value: &DeValue<'_>) -> Result<serde_json::Value> {
        Ok(match value {
            DeValue::String(text) if text.is_empty() => String::new().into(),
            DeValue::String(_) => self.policy_string(place, value)?.into(),
            DeValue::Boolean(value) => (*value).into(),
            DeValue::Integer(number) => number
                .to_string()
                .parse::<i64>()
                .map_err(|_| self.field_error(place, "contains a number that is out of range"))?
                .into(),
            DeValue::Array(items) => items
                .iter()
                .map(|item| self.to_json(place, item.get_ref()))
                .collect::<Result<Vec<_>>>()?
                .into(),
            DeValue::Table(table) => table
                .iter()
                .map(|(key, value)| {
                    Ok((
                        key.get_ref().to_string(),
                        self.to_json(place, value.get_ref())?,
                    ))
                })
                .collect::<Result<serde_json::Map<_, _>>>()?
                .into(),
            other => {
                return Err(self.wrong_type(place, "strings, numbers, lists and tables", other));
            }
        })
    }

    /// A string inside a policy, where IAM has variables of its own.
    fn policy_string<T>(&self, place: &At<T>, value: &DeValue<'_>) -> Result<String> {
        match value {
            DeValue::String(text) => self.expanded(place, expand::expand_policy(text, self.env)),
            other => self.string_value(place, other),
        }
    }

    /// A value that may be a string or a table of one kind or another, for the caller to match.
    pub(crate) fn value(&mut self, field: &'static str) -> Option<At<&'p DeValue<'d>>> {
        self.take(field)
    }

    /// Expands and checks a string that the caller found inside a value.
    pub(crate) fn inner_string<T>(&self, place: &At<T>, value: &DeValue<'_>) -> Result<String> {
        self.string_value(place, value)
    }

    /// A sub-table read by the same rules.
    pub(crate) fn table(
        &mut self,
        field: &'static str,
        prefix: &'static str,
    ) -> Result<Option<Self>> {
        let Some(found) = self.take(field) else {
            return Ok(None);
        };
        match found.value {
            DeValue::Table(table) => Ok(Some(Self {
                parsed: self.parsed,
                env: self.env,
                connector: self.connector,
                prefix,
                start: found.at,
                entries: entries(table),
            })),
            other => Err(self.wrong_type(&found, "a table", other)),
        }
    }

    pub(crate) fn wrong_type<T>(&self, place: &At<T>, wanted: &str, got: &DeValue<'_>) -> Error {
        self.field_error(place, &format!("must be {wanted}, not {}", kind_of(got)))
    }

    fn inside(&self) -> String {
        match self.prefix.strip_suffix('.') {
            Some(table) => format!(" in '{table}'"),
            None => String::new(),
        }
    }

    /// Refuses a field that nothing knows. Told before anything is read, or a field that is
    /// misspelt would be told as missing.
    pub(crate) fn refuse_unknown(&self, known: &[&'static str]) -> Result<()> {
        let unknown = self
            .entries
            .iter()
            .find(|entry| !entry.name.starts_with("x-") && !known.contains(&entry.name));
        match unknown {
            Some(entry) => Err(self.unknown(entry, known)),
            None => Ok(()),
        }
    }

    fn unknown(&self, entry: &Entry<'_, '_>, known: &[&'static str]) -> Error {
        let (name, inside) = (shown(entry.name), self.inside());
        let what = match nearest(entry.name, known.iter().copied()) {
            Some(near) => format!("unknown field {name}{inside}; did you mean '{near}'?"),
            None => {
                format!("unknown field {name}{inside}; fields of your own start with 'x-'")
            }
        };
        self.error_at(entry.at, &what)
    }

    /// Finishes reading: a field that was not read is unknown, or not allowed here.
    pub(crate) fn finish(
        self,
        known: &[&'static str],
        not_allowed: impl Fn(&str) -> Option<String>,
    ) -> Result<()> {
        for entry in &self.entries {
            if entry.taken || entry.name.starts_with("x-") {
                continue;
            }
            return Err(match not_allowed(entry.name) {
                Some(reason) => self
                    .error_at(entry.at, &reason)
                    .in_field(format!("{}{}", self.prefix, entry.name)),
                None => self.unknown(entry, known),
            });
        }
        Ok(())
    }
}

fn entries<'p, 'd>(table: &'p DeTable<'d>) -> Vec<Entry<'p, 'd>> {
    table
        .iter()
        .map(|(name, value)| Entry {
            name: name.get_ref(),
            at: name.span().start,
            value_at: value.span().start,
            value: value.get_ref(),
            taken: false,
        })
        .collect()
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
