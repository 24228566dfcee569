//! Parses the flags of the small programs: `--name value` or `--name=value`, each at most once.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::error::{Error, Result};
use crate::shown::shown;
use crate::suggest::nearest;

/// The maximum length of a value; names and ARNs are far shorter.
const LONGEST: usize = 2048;

/// The parsed flags.
#[derive(Debug, Default)]
pub(super) struct Flags {
    values: BTreeMap<&'static str, String>,
    pub(super) help: bool,
    pub(super) version: bool,
}

impl Flags {
    /// Parses the flags; each of `known` takes a value.
    pub(super) fn parse(args: &[OsString], known: &[&'static str]) -> Result<Self> {
        use lexopt::Arg;
        let mut flags = Self::default();
        let mut parser = lexopt::Parser::from_args(args.iter().cloned());
        while let Some(arg) = parser.next().map_err(|error| usage(&error.to_string()))? {
            let name = match arg {
                Arg::Short('h') | Arg::Long("help") => {
                    flags.help = true;
                    continue;
                }
                Arg::Short('V') | Arg::Long("version") => {
                    flags.version = true;
                    continue;
                }
                Arg::Long(name) => match known.iter().find(|known| **known == name) {
                    Some(name) => *name,
                    None => return Err(unknown(&format!("--{name}"), name, known)),
                },
                Arg::Short(c) => return Err(unknown(&format!("-{c}"), "", known)),
                Arg::Value(value) => {
                    let text = value.to_string_lossy();
                    return Err(unknown(&text, text.trim_start_matches('-'), known));
                }
            };
            let value = parser
                .value()
                .map_err(|_| usage(&format!("--{name} requires a value")))?
                .into_string()
                .map_err(|_| usage(&format!("--{name}: the value is not UTF-8 text")))?;
            if value.is_empty() {
                return Err(usage(&format!("--{name}: the value is empty")));
            }
            if value.len() > LONGEST || value.chars().any(char::is_control) {
                return Err(usage(&format!(
                    "--{name}: {} is too long or contains control characters",
                    shown(&value)
                )));
            }
            if flags.values.insert(name, value).is_some() {
                return Err(usage(&format!("--{name} cannot be used multiple times")));
            }
        }
        Ok(flags)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)
    }
}

fn unknown(given: &str, name: &str, known: &[&'static str]) -> Error {
    let error = Error::usage(format!("unknown argument {}", shown(given)));
    match nearest(name, known.iter().copied()) {
        Some(near) => error.fix(format!("did you mean --{near}?")),
        None => error.fix("see --help"),
    }
}

fn usage(what: &str) -> Error {
    Error::usage(what.to_owned()).fix("see --help")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_value_is_limited_in_length_and_has_no_control_characters() {
        let value = |value: &str| {
            let args = [OsString::from("--name"), value.into()];
            Flags::parse(&args, &["name"]).map(|mut flags| flags.take("name"))
        };
        let longest = "a".repeat(LONGEST);
        assert_eq!(value(&longest), Ok(Some(longest.clone())));
        assert_eq!(value("b"), Ok(Some("b".to_owned())));
        for refused in [format!("{longest}a"), "a\tb".to_owned()] {
            let error = value(&refused).unwrap_err().to_string();
            assert!(error.contains("is too long or contains control"), "{error}");
        }
    }
}
