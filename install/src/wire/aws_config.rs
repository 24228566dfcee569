//! A profile with `credential_process` in `~/.aws/config`.

mod entry;

use std::borrow::Cow;
use std::collections::HashSet;

use aws_connector_core::ambient::ini::{BadLine, Dialect, Ini, Kind, Property, Section};
use aws_connector_core::error::{Error, Result};

pub(crate) use entry::{ClientEndpoints, Entry, profile_name};

use super::lines::{append, cut, newline};

const PROGRAM: &str = "aws-connector-credential-process";

/// The keys that we write.
const KEYS: [&str; 6] = [
    "credential_process",
    "region",
    "endpoint_url",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "services",
];

/// Adds or updates the profile of a connector.
pub(crate) fn add(text: &str, entry: &Entry, force: bool) -> Result<String> {
    refuse_what_the_aws_cli_rejects(&read(text))?;
    let mut text = text.to_owned();
    for (kind, lines) in entry.sections() {
        text = match lines.as_slice() {
            [] => cut_section(&text, kind, &entry.connector, force)?,
            lines => put(&text, kind, &entry.connector, lines, force)?,
        };
    }
    Ok(text)
}

fn put(text: &str, kind: Kind, connector: &str, lines: &[String], force: bool) -> Result<String> {
    let ini = read(text);
    let end = newline(text);
    let block = lines.join(end);
    let Some(section) = find(&ini, kind, connector)? else {
        let gap = if text.is_empty() { "" } else { end };
        return Ok(append(text, &format!("{gap}{block}")));
    };
    let range = section.range();
    let old = text.get(range.clone()).unwrap_or_default();
    let (old, tail) = match old.strip_suffix(end) {
        Some(old) => (old, end),
        None => (old, ""),
    };
    if old == block {
        return Ok(text.to_owned());
    }
    require_ours(section, kind, connector, force)?;
    Ok(format!(
        "{}{block}{tail}{}",
        text.get(..range.start).unwrap_or_default(),
        text.get(range.end..).unwrap_or_default()
    ))
}

/// Removes the profile of a connector.
pub(crate) fn remove(text: &str, connector: &str, force: bool) -> Result<String> {
    let text = cut_section(text, Kind::Services, connector, force)?;
    cut_section(&text, Kind::Profile, connector, force)
}

fn cut_section(text: &str, kind: Kind, connector: &str, force: bool) -> Result<String> {
    let ini = read(text);
    let Some(section) = find(&ini, kind, connector)? else {
        return Ok(text.to_owned());
    };
    require_ours(section, kind, connector, force)?;
    let range = section.range();
    let before = text.get(..range.start).unwrap_or_default();
    let start = ["\r\n", "\n"]
        .into_iter()
        .find(|end| {
            before
                .strip_suffix(end)
                .is_some_and(|above| above.ends_with('\n'))
        })
        .map_or(range.start, |end| range.start - end.len());
    let mut behind = range.end;
    if range.start == 0 {
        // Also remove the blank line that separated it from later text.
        let below = text.get(behind..).unwrap_or_default();
        let blank = ["\r\n", "\n"]
            .into_iter()
            .find(|end| below.starts_with(end));
        behind += blank.map_or(0, str::len);
    }
    Ok(cut(text, start, behind))
}

/// The settings of any profile, without empty ones, with keys in lower case.
pub(crate) fn settings(text: &str, profile: &str) -> Option<Vec<(String, String)>> {
    let ini = read(text);
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

fn read(text: &str) -> Ini {
    Ini::parse(text, Dialect::Config)
}

fn properties(section: Section<'_>) -> Result<Vec<Property<'_>>> {
    section
        .properties()
        .map_err(|BadLine(line)| wrong(line, "expected a section, a setting or a comment"))
}

fn wrong(line: usize, what: &str) -> Error {
    Error::local(format!("line {line}: {what}"))
}

/// Fails unless we wrote all of the section, or `force` is set.
fn require_ours(section: Section<'_>, kind: Kind, connector: &str, force: bool) -> Result<()> {
    let all = properties(section)?;
    // A services section of that name has only endpoints, and every service is allowed.
    let is_known = |property: &&Property<'_>| {
        kind == Kind::Services
            || KEYS
                .iter()
                .any(|key| property.key.eq_ignore_ascii_case(key))
    };
    let foreign = all.iter().find(|property| !is_known(property));
    let calls_us = all.iter().any(|property| {
        let command = property.command();
        property.key.eq_ignore_ascii_case("credential_process")
            && command.contains(PROGRAM)
            && command.split_whitespace().any(|word| word == connector)
    });
    if force || ((kind == Kind::Services || calls_us) && foreign.is_none()) {
        return Ok(());
    }
    let (line, name) = (section.line(), profile_name(connector));
    Err(Error::refused(match foreign {
        Some(property) => format!(
            "line {line}: AWS CLI profile '{name}' contains '{}', which aws-connector did not write",
            property.key.to_ascii_lowercase()
        ),
        None => format!(
            "line {line}: AWS CLI profile '{name}' already exists and was not written by aws-connector"
        ),
    })
    .fix("remove it, or pass --force to replace the profile"))
}

fn find<'i>(ini: &'i Ini, kind: Kind, connector: &str) -> Result<Option<Section<'i>>> {
    let name = profile_name(connector);
    let mut found = ini.sections().filter(|section| section.is(kind, &name));
    match (found.next(), found.next()) {
        (Some(_), Some(second)) => {
            let what = format!("duplicate section [{}]", second.header());
            Err(wrong(second.line(), &what))
        }
        (first, _) => Ok(first),
    }
}

/// The AWS CLI rejects a file with a line that it cannot parse, a duplicate section or a duplicate
/// setting, while our reader parses only the sections that are used.
fn refuse_what_the_aws_cli_rejects(ini: &Ini) -> Result<()> {
    if let Some(line) = ini.stray() {
        return Err(wrong(line, "expected a section or a comment"));
    }
    let mut headers = HashSet::new();
    for section in ini.sections() {
        let (line, header) = (section.line(), section.header());
        let twice = |what: String| {
            wrong(
                line,
                &format!("duplicate {what}, which the AWS CLI rejects"),
            )
        };
        if !headers.insert(header) {
            return Err(twice(format!("section [{header}]")));
        }
        let mut keys = HashSet::new();
        for property in properties(section)? {
            let key = property.key.to_ascii_lowercase();
            if !keys.insert(key.clone()) {
                return Err(twice(format!("setting {key} in [{header}]")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn entry() -> Entry {
        Entry {
            connector: "dev".to_owned(),
            command: "/opt/bin/aws-connector-credential-process --connector dev".to_owned(),
            region: Some("us-east-1".to_owned()),
            endpoints: ClientEndpoints::default(),
        }
    }

    #[test]
    fn removing_a_profile_restores_the_text() {
        for text in [
            "",
            "\n",
            "[default]\nregion=x\n",
            "[default]\r\nregion = x",
            "# only this",
            "[a]\nx=1\n\n\n",
        ] {
            let more = add(text, &entry(), false).unwrap();
            assert_eq!(add(&more, &entry(), false).unwrap(), more);
            assert_eq!(remove(&more, "dev", false).unwrap(), text, "{more:?}");
        }
    }

    #[test]
    fn a_profile_with_other_settings_is_not_removed() {
        let text = add("", &entry(), false).unwrap() + "output = json\n";
        let error = remove(&text, "dev", false).unwrap_err().to_string();
        assert!(
            error.contains("output") && error.contains("--force"),
            "{error}"
        );
        assert_eq!(remove(&text, "dev", true).unwrap(), "");
        let renamed = Entry {
            region: None,
            ..entry()
        };
        assert!(add(&text, &renamed, false).is_err());
    }

    #[test]
    fn our_profile_is_updated_in_place() {
        let text = add("[a]\nx=1\n", &entry(), false).unwrap() + "\n[b]\ny=2\n";
        let other = Entry {
            region: Some("eu-west-1".to_owned()),
            ..entry()
        };
        let renewed = add(&text, &other, false).unwrap();
        assert_eq!(renewed, text.replace("us-east-1", "eu-west-1"));
        assert_eq!(
            remove(&renewed, "dev", false).unwrap(),
            "[a]\nx=1\n\n[b]\ny=2\n"
        );
    }

    #[test]
    fn errors_name_the_line_that_the_aws_cli_rejects() {
        for (text, line) in [
            ("x=1\n", "line 1"),
            ("[a]\nx\n", "line 2"),
            ("[a\n", "line 1"),
        ] {
            let error = add(text, &entry(), false).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }
}
