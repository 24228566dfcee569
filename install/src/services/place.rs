//! WHERE a secret is: the value of a flag such as `--secret-from`.

use std::io::Read as _;

use aws_connector_core::ambient::split_command;
use aws_connector_core::error::{Error, Result};
use toml_edit::{Array, InlineTable, Value};

/// Parses WHERE into its form in the file. Text without a kind is the value itself, which only ids
/// may be: other users can read the command line.
pub(super) fn place(given: &str, flag: &str) -> Result<Value> {
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
