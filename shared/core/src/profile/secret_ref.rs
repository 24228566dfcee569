//! Where a secret comes from: the file itself, or a reference.

use toml::de::DeValue;

use super::limits;
use super::table::{At, Fields};
use super::value::{Command, Kind, Value};
use crate::error::Result;
use crate::secret::Secret;
use crate::shown::shown;
use crate::suggest::nearest;

/// A secret, or the place to fetch it from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// Written in the connectors file.
    Literal(Secret),
    /// An environment variable.
    Env(String),
    /// A file's content, without trailing white space.
    File(String),
    /// The output of a command.
    Command(Vec<String>),
    /// `SERVICE/USER` in the platform's keyring.
    Keyring(String),
    /// A parameter in the SSM Parameter Store.
    Ssm {
        /// The parameter's name or ARN.
        name: String,
        /// The connector that fetches it; without one, ambient credentials do.
        connector: Option<String>,
        /// Its region, if it differs from the connector's.
        region: Option<String>,
    },
}

const KINDS: [&str; 5] = ["env", "file", "command", "keyring", "ssm"];

impl SecretRef {
    /// Whether it is written in the connectors file itself.
    pub fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }

    /// Describes the reference without its content: `env NAME`, `file PATH`, ….
    pub fn describe(&self) -> String {
        match self {
            Self::Literal(_) => "the connectors file".to_owned(),
            Self::Env(name) => format!("environment variable {name}"),
            Self::File(path) => format!("file {}", shown(path)),
            Self::Command(argv) => {
                format!("command {}", shown(argv.first().map_or("", String::as_str)))
            }
            Self::Keyring(entry) => format!("desktop keyring entry {}", shown(entry)),
            Self::Ssm { name, .. } => format!("SSM parameter {}", shown(name)),
        }
    }
}

/// A literal string, or a table with exactly one kind of reference.
impl Value for SecretRef {
    const KIND: Kind = Kind::Secret;

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        let text = |value: &DeValue<'_>| String::read(fields, &found.with(value));
        let table = match found.value {
            DeValue::String(_) => {
                let text = String::read(fields, found)?;
                if text.chars().any(char::is_control) {
                    return Err(fields.field_error(found, "contains a line break or tab"));
                }
                return Ok(SecretRef::Literal(Secret::new(text)));
            }
            DeValue::Table(table) => table,
            _ => {
                return Err(fields.wrong_type(
                found,
                "a string or one of { env = }, { file = }, { command = [] }, { keyring = }, { ssm = }",
            ));
            }
        };
        let mut kind: Option<(&str, &DeValue<'_>)> = None;
        let mut connector = None;
        let mut region = None;
        for (key, value) in table.iter() {
            match key.get_ref().as_ref() {
                name if KINDS.contains(&name) => {
                    if let Some((other, _)) = kind.replace((name, value.get_ref())) {
                        return Err(fields.field_error(
                            found,
                            &format!("has both {other} and {name}; keep one of them"),
                        ));
                    }
                }
                "connector" => connector = Some(text(value.get_ref())?),
                "region" => region = Some(text(value.get_ref())?),
                unknown => {
                    let near = nearest(unknown, KINDS.into_iter().chain(["connector", "region"]))
                        .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
                    return Err(
                        fields.field_error(found, &format!("unknown key {}{near}", shown(unknown)))
                    );
                }
            }
        }
        let Some((kind, value)) = kind else {
            return Err(
                fields.field_error(found, "requires one of env, file, command, keyring, ssm")
            );
        };
        if kind != "ssm" && (connector.is_some() || region.is_some()) {
            return Err(fields.field_error(found, "connector and region are allowed only with ssm"));
        }
        Ok(match kind {
            "env" => {
                let name = text(value)?;
                if name.contains('=') || name.contains('\0') {
                    return Err(
                        fields.field_error(found, "is not the name of an environment variable")
                    );
                }
                SecretRef::Env(name)
            }
            "file" => {
                let path = text(value)?;
                SecretRef::File(limits::path(&path).map_err(|e| fields.field_error(found, &e))?)
            }
            "keyring" => SecretRef::Keyring(text(value)?),
            "ssm" => SecretRef::Ssm {
                name: text(value)?,
                connector,
                region,
            },
            _ => SecretRef::Command(Command::read(fields, &found.with(value))?.0),
        })
    }
}
