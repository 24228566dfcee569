//! Reads a TOML table field by field. Fields left unread are errors, and every error names file,
//! line, connector and field.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::field::Field;
use super::file_text::Parsed;
use super::value::{Services, Value};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::shown::shown;
use crate::suggest::nearest;

/// A table of the connectors file, read one field at a time.
pub(crate) struct Fields<'p, 'd> {
    parsed: &'p Parsed<'d>,
    env: &'p Env,
    connector: Option<&'p str>,
    /// `endpoints.` in a sub-table, else empty.
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

/// A value with its position, so that later checks can point to it.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    field: &'static str,
    at: usize,
}

impl<T> At<T> {
    /// Another value at the same position.
    pub(crate) fn with<U>(&self, value: U) -> At<U> {
        At {
            value,
            field: self.field,
            at: self.at,
        }
    }

    /// A value nested in this one, at its own position.
    pub(crate) fn inner<'v, 'd>(&self, value: &'v Spanned<DeValue<'d>>) -> At<&'v DeValue<'d>> {
        At {
            value: value.get_ref(),
            field: self.field,
            at: value.span().start,
        }
    }
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

    /// The environment that strings are expanded from.
    pub(crate) fn env(&self) -> &Env {
        self.env
    }

    /// An error about the table as a whole.
    pub(crate) fn error(&self, what: &str) -> Error {
        self.error_at(self.start, what)
    }

    /// An error about a field by name. Points to the table if the field is not set.
    pub(crate) fn error_in<T>(&self, field: &Field<T>, what: &str) -> Error {
        let at = self
            .entries
            .iter()
            .find(|entry| entry.name == field.name())
            .map_or(self.start, |entry| entry.value_at);
        self.error_about(at, field.name(), what)
    }

    /// An error about one field.
    pub(crate) fn field_error<T>(&self, field: &At<T>, what: &str) -> Error {
        self.error_about(field.at, field.field, what)
    }

    /// An error about a value of the wrong type.
    pub(crate) fn wrong_type(&self, found: &At<&DeValue<'_>>, wanted: &str) -> Error {
        let kind = kind_of(found.value);
        self.field_error(found, &format!("must be {wanted}, not {kind}"))
    }

    fn error_about(&self, at: usize, field: &str, what: &str) -> Error {
        self.error_at(at, what)
            .in_field(format!("{}{field}", self.prefix))
    }

    fn error_at(&self, at: usize, what: &str) -> Error {
        let error = self.parsed.error(at, what);
        match self.connector {
            Some(connector) => error.of(connector),
            None => error,
        }
    }

    /// Whether the field is set, read or not.
    pub(crate) fn has<T>(&self, field: &Field<T>) -> bool {
        self.entries.iter().any(|entry| entry.name == field.name())
    }

    /// Takes the raw value of a field.
    pub(crate) fn raw<T>(&mut self, field: &Field<T>) -> Option<At<&'p DeValue<'d>>> {
        let mut entries = self.entries.iter_mut();
        let entry = entries.find(|entry| entry.name == field.name())?;
        entry.taken = true;
        Some(At {
            value: entry.value,
            field: field.name(),
            at: entry.value_at,
        })
    }

    /// Takes the value of a field, if it is set.
    pub(crate) fn get<T: Value>(&mut self, field: &Field<T>) -> Result<Option<At<T>>> {
        let Some(found) = self.raw(field) else {
            return Ok(None);
        };
        Ok(Some(found.with(T::read(self, &found)?)))
    }

    /// Takes the value of a field, without its position.
    pub(crate) fn value<T: Value>(&mut self, field: &Field<T>) -> Result<Option<T>> {
        Ok(self.get(field)?.map(|at| at.value))
    }

    /// Takes a string that passes `check`, whose error text completes `field 'x': …`.
    pub(crate) fn checked<T, E: ToString>(
        &mut self,
        field: &Field<String>,
        check: impl FnOnce(&str) -> std::result::Result<T, E>,
    ) -> Result<Option<At<T>>> {
        let Some(text) = self.get(field)? else {
            return Ok(None);
        };
        Ok(Some(text.with(self.read_as(&text, check)?)))
    }

    /// Takes a string, parsed by `check`.
    pub(crate) fn read_as<T, E: ToString>(
        &self,
        text: &At<String>,
        check: impl FnOnce(&str) -> std::result::Result<T, E>,
    ) -> Result<T> {
        check(&text.value).map_err(|error| self.field_error(text, &error.to_string()))
    }

    /// Takes a sub-table by service, to be read the same way.
    pub(crate) fn services(&mut self, field: &Field<Services>) -> Result<Option<Self>> {
        let Some(found) = self.raw(field) else {
            return Ok(None);
        };
        let DeValue::Table(table) = found.value else {
            return Err(self.wrong_type(&found, "a table"));
        };
        Ok(Some(Self {
            parsed: self.parsed,
            env: self.env,
            connector: self.connector,
            prefix: "endpoints.",
            start: found.at,
            entries: entries(table),
        }))
    }

    fn inside(&self) -> String {
        match self.prefix.strip_suffix('.') {
            Some(table) => format!(" in '{table}'"),
            None => String::new(),
        }
    }

    /// Rejects an unknown field. Call this first, because a misspelled required field would
    /// otherwise be reported as missing.
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
                format!("unknown field {name}{inside}; custom fields start with 'x-'")
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
                Some(reason) => self.error_about(entry.at, entry.name, &reason),
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
