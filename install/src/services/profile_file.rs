//! Edits `connectors.toml`: keeps comments and order.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::profile::{Profile, field};
use toml_edit::{Array, DocumentMut, Item, Table, Value, value};

use crate::app::App;
use crate::wire::{Mode, lock, make_folder, read, replace, resolve};

/// The file with its changes.
pub(crate) struct ProfileFile {
    path: PathBuf,
    before: Option<String>,
    document: DocumentMut,
}

impl ProfileFile {
    pub(crate) fn open(app: &App) -> Result<Self> {
        let path = resolve(app.profile_file()?)?;
        let before = read(&path)?;
        // The parser's errors are better than the editor's.
        let text = before.clone().unwrap_or_default();
        Profile::parse(&path, text.clone(), &app.env)?;
        let document = text
            .parse::<DocumentMut>()
            .map_err(|error| Error::profile(format!("{}: {}", path.display(), error.message())))?;
        Ok(Self {
            path,
            before,
            document,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.connectors().is_some_and(|all| all.contains_key(name))
    }

    pub(crate) fn is_default(&self, name: &str) -> bool {
        let default = self.document.get("default_connector");
        default.and_then(Item::as_str) == Some(name)
    }

    fn connectors(&self) -> Option<&dyn toml_edit::TableLike> {
        self.document.get("connectors")?.as_table_like()
    }

    /// Appends a connector; the first one becomes the default.
    pub(crate) fn add(&mut self, name: &str, fields: &[(String, Value)]) -> Result<()> {
        let fresh = self
            .before
            .as_deref()
            .is_none_or(|text| text.trim().is_empty());
        if fresh && self.document.get("default_connector").is_none() {
            self.document.insert("default_connector", value(name));
        }
        let connectors = self.document.entry("connectors").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let mut table = Table::new();
        for (key, field) in fields {
            table.insert(key, Item::Value(field.clone()));
        }
        let all = connectors.as_table_like_mut().ok_or_else(|| {
            Error::profile(format!(
                "{}: 'connectors' must be a table",
                self.path.display()
            ))
        })?;
        // Separate it from the text above with a blank line.
        table.decor_mut().set_prefix("\n");
        all.insert(name, Item::Table(table));
        Ok(())
    }

    /// Removes and sets fields of a connector; those in `added` append to their values.
    pub(crate) fn change(
        &mut self,
        name: &str,
        fields: &[(String, Value)],
        added: &[&str],
        unset: &[String],
    ) -> Result<()> {
        let path = self.path.display().to_string();
        let table = self
            .document
            .get_mut("connectors")
            .and_then(|all| all.get_mut(name))
            .and_then(Item::as_table_like_mut)
            .ok_or_else(|| Error::profile(format!("{path}: connector '{name}' not found")))?;
        for key in unset {
            if table.remove(key).is_none() {
                return Err(Error::usage(format!("--unset {key}: the field is not set")).of(name));
            }
        }
        for (key, field) in fields {
            if added.contains(&key.as_str())
                && table.get_mut(key).is_some_and(|old| extend(old, field))
            {
                continue;
            }
            match table.get_mut(key).and_then(Item::as_value_mut) {
                Some(old) => {
                    let decor = old.decor().clone();
                    *old = field.clone();
                    *old.decor_mut() = decor;
                }
                None => drop(table.insert(key, Item::Value(field.clone()))),
            }
        }
        Ok(())
    }

    /// Adds registries to a connector.
    pub(crate) fn list(&mut self, name: &str, hosts: &[String]) -> Result<()> {
        let connector = self.connectors().and_then(|all| all.get(name));
        if connector.is_none_or(|item| !item.is_table()) {
            // A diff would show the whole line of an inline table, and secrets with it.
            return Err(Error::refused(format!(
                "{}: connector '{name}' is not a [connectors.{name}] table",
                self.path.display()
            ))
            .fix(format!("add {} to its registries", hosts.join(", "))));
        }
        let key = field::REGISTRIES.name();
        let hosts = Value::Array(hosts.iter().collect::<Array>());
        self.change(name, &[(key.to_owned(), hosts)], &[key], &[])
    }

    /// Removes registries from a connector, and the list if nothing is left.
    pub(crate) fn unlist(&mut self, name: &str, hosts: &[String]) {
        let key = field::REGISTRIES.name();
        let all = self.document.get_mut("connectors");
        let connector = all.and_then(|all| all.get_mut(name));
        let Some(connector) = connector.and_then(Item::as_table_like_mut) else {
            return;
        };
        let Some(list) = connector.get_mut(key).and_then(Item::as_array_mut) else {
            return;
        };
        list.retain(|value| {
            let is_it = |host: &String| value.as_str() == Some(host);
            !hosts.iter().any(is_it)
        });
        if list.is_empty() {
            connector.remove(key);
        }
    }

    /// Removes the file and line from an error that flags caused; keeps them if the connector was
    /// already invalid.
    pub(crate) fn blame_flags(&self, app: &App, name: &str, error: Error) -> Error {
        let text = self.before.clone().unwrap_or_default();
        let before = Profile::parse(&self.path, text, &app.env);
        let was_there = before.as_ref().is_ok_and(|all| {
            let names = all.names().unwrap_or_default();
            names.iter().any(|known| known == name)
        });
        if was_there && before.is_ok_and(|all| all.connector(name).is_err()) {
            return error;
        }
        let mut error = error;
        let line = error.place.as_mut().and_then(|place| place.line.take());
        if line.is_some() {
            error.kind = Kind::Usage;
        }
        error
    }

    /// Removes a connector, and `default_connector` if it names it.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(all) = self
            .document
            .get_mut("connectors")
            .and_then(Item::as_table_like_mut)
        {
            all.remove(name);
        }
        if self.is_default(name) {
            self.document.remove("default_connector");
        }
    }

    /// The new text.
    pub(crate) fn text(&self) -> String {
        let text = self.document.to_string();
        // Drop the blank line below a removed `default_connector`.
        match &self.before {
            Some(before) if before.starts_with('\n') => text,
            _ => text.trim_start_matches('\n').to_owned(),
        }
    }

    /// Parses the new text.
    pub(crate) fn parsed(&self, app: &App) -> Result<Profile> {
        let profile = Profile::parse(&self.path, self.text(), &app.env)?;
        Ok(match fs::metadata(&self.path) {
            Ok(meta) => profile.owned_by(meta.uid()),
            Err(_) => profile,
        })
    }

    /// Writes the file, readable by its owner only.
    pub(crate) fn store(&self) -> Result<()> {
        let text = self.text();
        make_folder(&self.path).map_err(|error| {
            Error::local(format!("cannot write {}", self.path.display()))
                .because(error)
                .fix("check the permissions of its folder")
        })?;
        let _lock = lock(&self.path)?;
        replace(
            &self.path,
            self.before.as_deref(),
            Some(&text),
            Mode::Private,
        )
    }
}

/// Appends missing values to a list, or members to a table; returns false for other values.
fn extend(old: &mut Item, more: &Value) -> bool {
    if let (Some(text), true) = (old.as_str(), more.is_array()) {
        // A list of one can be written as a string.
        *old = value(Array::from_iter([text]));
    }
    if let (Some(old), Some(more)) = (old.as_array_mut(), more.as_array()) {
        for value in more {
            if !old.iter().any(|known| known.as_str() == value.as_str()) {
                old.push(value.clone());
            }
        }
        return true;
    }
    let Some(more) = more.as_inline_table() else {
        return false;
    };
    let Some(table) = old.as_table_like_mut() else {
        return false;
    };
    for (key, value) in more {
        table.insert(key, Item::Value(value.clone()));
    }
    if let Some(table) = old.as_inline_table_mut() {
        table.fmt();
    }
    true
}
