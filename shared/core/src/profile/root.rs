//! Parses the keys outside of the connectors.

use toml::de::DeValue;

use super::field::{self, Field};
use super::file_text::FileText;
use super::table::Fields;
use crate::env::Env;
use crate::error::Result;
use crate::shown::shown;

const VERSION: Field<()> = Field::named("version");
const DEFAULT_CONNECTOR: Field<String> = Field::named("default_connector");
const CONNECTORS: Field<()> = Field::named("connectors");

/// Parses the keys outside of the connectors, and returns `default_connector`.
pub(super) fn read(document: &FileText, env: &Env) -> Result<Option<String>> {
    let parsed = document.root()?;
    let mut fields = Fields::new(&parsed, env, None, &parsed.table, 0);
    if let Some(version) = fields.raw(&VERSION) {
        match version.value {
            DeValue::Integer(number) if number.as_str() == "1" => {}
            DeValue::Integer(_) | DeValue::String(_) => {
                return Err(fields
                    .field_error(&version, "is not a supported version")
                    .fix("set version = 1, or install a newer aws-connector"));
            }
            _ => return Err(fields.wrong_type(&version, "1")),
        }
    }
    let default = fields.checked(&DEFAULT_CONNECTOR, connector_name)?;
    if let Some(connectors) = fields.raw(&CONNECTORS)
        && !matches!(connectors.value, DeValue::Table(_))
    {
        return Err(fields.wrong_type(&connectors, "a table"));
    }
    let known = [VERSION.name(), DEFAULT_CONNECTOR.name(), CONNECTORS.name()];
    fields.finish(&known, |name| {
        field::NAMES
            .contains(&name)
            .then(|| "is a connector field; move it below a [connectors.NAME] line".to_owned())
    })?;
    Ok(default.map(|at| at.value))
}

/// The maximum length of a connector's name, in bytes.
pub(super) const LONGEST_NAME: usize = 64;

/// Whether a text is a valid connector name: letters, digits, `.`, `_`, `-`, at most 64.
pub fn is_connector_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

pub(super) fn connector_name(text: &str) -> std::result::Result<String, String> {
    if is_connector_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{} is not a connector name (letters, digits, '.', '_', '-', at most 64)",
            shown(text)
        ))
    }
}
