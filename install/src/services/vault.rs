//! Moves secrets from a prompt, a pipe or an AWS CLI profile into the platform's keyring, or, only
//! if requested, into the connectors file.

use std::time::{Duration, Instant};

use aws_connector_aws::exchange_in_keyring;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::log;
use aws_connector_core::secret::Secret;
use toml_edit::{InlineTable, Value};

use super::fields::{FieldList, Fields, SECRETS};
use crate::prompt;

/// Long enough for the password prompt of a locked keyring.
const PATIENCE: Duration = Duration::from_secs(60);

/// The keyring entries that were written, with their previous values, which are restored on drop
/// unless `keep` is called.
#[derive(Default)]
pub(crate) struct Vault {
    written: Vec<(String, Option<Secret>)>,
}

impl Vault {
    /// Moves plaintext secrets out of a connector's fields.
    pub(crate) fn settle(flags: &Fields, name: &str, found: &mut FieldList) -> Result<Self> {
        let in_clear = |(key, field): &(String, Value)| {
            (SECRETS.contains(&key.as_str()) && field.is_str()).then(|| key.clone())
        };
        let Some(first) = found.iter().find_map(in_clear) else {
            return Ok(Self::default());
        };
        if flags.secret_store.is_some() {
            return Self::put_away(name, found);
        }
        if flags.store_plaintext {
            return Ok(Self::default());
        }
        if prompt::can_ask() {
            return if keyring_or_file()? {
                Self::put_away(name, found)
            } else {
                Ok(Self::default())
            };
        }
        Err(Error::refused(format!("{first} would be stored in the connectors file in plaintext"))
            .of(name)
            .fix("pass --secret-store keyring, read it from another place (--secret-from env:NAME, file:PATH, …), or pass --store-plaintext"))
    }

    fn put_away(name: &str, found: &mut FieldList) -> Result<Self> {
        let mut vault = Self::default();
        for (key, field) in found {
            let Some(text) = field.as_str().filter(|_| SECRETS.contains(&key.as_str())) else {
                continue;
            };
            let entry = match key.as_str() {
                "aws_session_token" => format!("aws-connector/{name}/session-token"),
                _ => format!("aws-connector/{name}"),
            };
            let deadline = Instant::now() + PATIENCE;
            let before = exchange_in_keyring(&entry, Some(Secret::new(text)), deadline)
                .map_err(|error| error.of(name))?;
            let mut reference = InlineTable::new();
            reference.insert("keyring", Value::from(entry.as_str()));
            *field = Value::InlineTable(reference);
            vault.written.push((entry, before));
        }
        Ok(vault)
    }

    /// Keeps the entries, since the connector works; returns their names.
    pub(crate) fn keep(mut self) -> Vec<String> {
        std::mem::take(&mut self.written)
            .into_iter()
            .map(|(entry, _)| entry)
            .collect()
    }
}

impl Drop for Vault {
    /// Restores the previous values.
    fn drop(&mut self) {
        for (entry, before) in self.written.drain(..) {
            let restored = exchange_in_keyring(&entry, before, Instant::now() + PATIENCE);
            if let Err(error) = restored {
                log::warn(format_args!(
                    "cannot restore desktop keyring entry {entry}: {error}"
                ));
            }
        }
    }
}

/// Asks whether to store a secret in the keyring instead of the file.
fn keyring_or_file() -> Result<bool> {
    let ways = [
        ("keyring", "the desktop keyring"),
        ("file", "the connectors file, in plaintext"),
    ];
    let flag = "--secret-store keyring (or --store-plaintext)";
    Ok(prompt::choose(flag, "Where should the secret be stored?", &ways)? == "keyring")
}
