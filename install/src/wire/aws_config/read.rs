//! Finds profiles and their settings.

use std::borrow::Cow;

use aws_connector_core::ambient::ini::{BadLine, Dialect, Ini, Kind, Property, Section};
use aws_connector_core::ambient::split_command;
use aws_connector_core::error::{Error, Result};

const PROGRAM: &str = "aws-connector-credential-process";

/// The profiles of a connector that `login` wrote: the one with its default name, even if only its
/// services section is left, and those that call us for it and have a default name for buckets or a
/// name that was recorded.
pub(crate) fn wired_for(text: &str, connector: &str, recorded: &[String]) -> Vec<String> {
    let ini = parse(text);
    let for_buckets = format!("{}-s3", profile_name(connector));
    let is_ours = |name: &String| {
        let by_name = name.starts_with(&for_buckets) || recorded.contains(name);
        let calls =
            |section: Section<'_>| properties(section).is_ok_and(|all| calls_for(&all, connector));
        let section = ini
            .sections()
            .find(|section| section.is(Kind::Profile, name));
        *name == profile_name(connector) || (by_name && section.is_some_and(calls))
    };
    let all = ini.names(Kind::Profile).chain(ini.names(Kind::Services));
    let mut names: Vec<String> = Vec::new();
    for name in all.map(Cow::into_owned) {
        if is_ours(&name) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether a section calls us.
pub(super) fn calls_us(all: &[Property<'_>]) -> bool {
    all.iter().any(|property| {
        property.key.eq_ignore_ascii_case("credential_process")
            && property.command().contains(PROGRAM)
    })
}

/// Whether a section calls us for a connector.
pub(super) fn calls_for(all: &[Property<'_>], connector: &str) -> bool {
    all.iter().any(|property| {
        let command = property.command();
        property.key.eq_ignore_ascii_case("credential_process")
            && command.contains(PROGRAM)
            && command.split_whitespace().any(|word| word == connector)
    })
}

/// The settings of any profile, without empty ones, with keys in lower case.
pub(crate) fn settings(text: &str, profile: &str) -> Option<Vec<(String, String)>> {
    let ini = parse(text);
    let mut all = Vec::new();
    ini.read(Kind::Profile, profile, &mut all).ok()?;
    let settings = all.iter().filter_map(|property| {
        let key = property.key.to_ascii_lowercase();
        let value = match key.as_str() {
            "credential_process" => property.command().into_owned(),
            _ => property.value().ok()??.to_owned(),
        };
        Some((key, value))
    });
    ini.has(Kind::Profile, profile).then(|| settings.collect())
}

/// The names of all profiles in one of the files.
pub(crate) fn profile_names(text: &str, file: Dialect) -> Vec<String> {
    let ini = Ini::parse(text, file);
    ini.names(Kind::Profile).map(Cow::into_owned).collect()
}

/// The program of a command line and the connector that it names.
pub(crate) fn program_and_connector(command: &str) -> (Option<String>, Option<String>) {
    let words = split_command(command).unwrap_or_default();
    let is_ours = |word: &&String| word.ends_with(PROGRAM);
    let program = words.iter().find(is_ours).cloned();
    let named = words.iter().position(|word| word == "--connector");
    let next = named.and_then(|at| words.get(at + 1));
    let glued = || {
        words
            .iter()
            .find_map(|word| word.strip_prefix("--connector="))
    };
    let connector = next.cloned().or_else(|| glued().map(str::to_owned));
    (program, connector)
}

/// The default name of a connector's profile.
pub(crate) fn profile_name(connector: &str) -> String {
    format!("aws-connector-{connector}")
}

/// The only section of that kind and name.
pub(super) fn find<'i>(ini: &'i Ini, kind: Kind, name: &str) -> Result<Option<Section<'i>>> {
    let mut found = ini.sections().filter(|section| section.is(kind, name));
    match (found.next(), found.next()) {
        (Some(_), Some(second)) => {
            let what = format!("duplicate section [{}]", second.header());
            Err(wrong(second.line(), &what))
        }
        (first, _) => Ok(first),
    }
}

pub(super) fn parse(text: &str) -> Ini {
    Ini::parse(text, Dialect::Config)
}

pub(super) fn properties(section: Section<'_>) -> Result<Vec<Property<'_>>> {
    section
        .properties()
        .map_err(|BadLine(line)| wrong(line, "expected a section, a setting or a comment"))
}

pub(super) fn wrong(line: usize, what: &str) -> Error {
    Error::local(format!("line {line}: {what}"))
}
