//! A profile with `credential_process` in `~/.aws/config`.

mod read;

use std::collections::HashSet;

use aws_connector_core::ambient::ini::{Ini, Kind, Property, Section};
use aws_connector_core::error::{Error, Result};

use super::lines::{append, cut, newline};
use read::{calls_for, parse, properties, wrong};
pub(crate) use read::{profile_name, profile_names, program_and_connector, settings, wired_for};

/// The keys that we write.
const KEYS: [&str; 3] = ["credential_process", "region", "endpoint_url"];

/// A profile to write.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The profile's name.
    pub(crate) profile: String,
    /// The connector.
    pub(crate) connector: String,
    /// The command, with shell quoting.
    pub(crate) command: String,
    pub(crate) region: Option<String>,
    pub(crate) endpoint_url: Option<String>,
}

impl Entry {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("[profile {}]", self.profile),
            format!("credential_process = {}", self.command),
        ];
        lines.extend(
            self.region
                .as_ref()
                .map(|region| format!("region = {region}")),
        );
        lines.extend(
            self.endpoint_url
                .as_ref()
                .map(|url| format!("endpoint_url = {url}")),
        );
        lines
    }

    /// What to add by hand if the file cannot be edited.
    pub(crate) fn by_hand(&self) -> String {
        self.lines().join("\n") + "\n"
    }
}

/// Adds or updates a profile.
pub(crate) fn add(text: &str, entry: &Entry, force: bool) -> Result<String> {
    let ini = parse(text);
    refuse_what_the_aws_cli_rejects(&ini)?;
    let end = newline(text);
    let block = entry.lines().join(end);
    let Some(section) = find(&ini, &entry.profile)? else {
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
    require_ours(section, &entry.profile, &entry.connector, force)?;
    Ok(format!(
        "{}{block}{tail}{}",
        text.get(..range.start).unwrap_or_default(),
        text.get(range.end..).unwrap_or_default()
    ))
}

/// Removes a profile of a connector.
pub(crate) fn remove(text: &str, profile: &str, connector: &str, force: bool) -> Result<String> {
    let ini = parse(text);
    let Some(section) = find(&ini, profile)? else {
        return Ok(text.to_owned());
    };
    require_ours(section, profile, connector, force)?;
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

/// Fails unless we wrote all of the section, or `force` is set.
fn require_ours(section: Section<'_>, name: &str, connector: &str, force: bool) -> Result<()> {
    let all = properties(section)?;
    let is_known = |property: &&Property<'_>| {
        KEYS.iter()
            .any(|key| property.key.eq_ignore_ascii_case(key))
    };
    let foreign = all.iter().find(|property| !is_known(property));
    if force || (calls_for(&all, connector) && foreign.is_none()) {
        return Ok(());
    }
    let line = section.line();
    Err(Error::refused(match foreign {
        Some(property) => format!(
            "line {line}: profile '{name}' contains '{}', which aws-connector did not write",
            property.key.to_ascii_lowercase()
        ),
        None => format!(
            "line {line}: profile '{name}' already exists and was not written by aws-connector for connector '{connector}'"
        ),
    })
    .fix("remove it, or pass --force to replace the profile"))
}

fn find<'i>(ini: &'i Ini, name: &str) -> Result<Option<Section<'i>>> {
    let mut found = ini
        .sections()
        .filter(|section| section.is(Kind::Profile, name));
    match (found.next(), found.next()) {
        (Some(_), Some(second)) => {
            Err(wrong(second.line(), &format!("duplicate profile '{name}'")))
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
            profile: "aws-connector-dev".to_owned(),
            connector: "dev".to_owned(),
            command: "/opt/bin/aws-connector-credential-process --connector dev".to_owned(),
            region: Some("us-east-1".to_owned()),
            endpoint_url: None,
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
            assert_eq!(
                remove(&more, "aws-connector-dev", "dev", false).unwrap(),
                text,
                "{more:?}"
            );
        }
    }

    #[test]
    fn a_profile_with_other_settings_is_not_removed() {
        let text = add("", &entry(), false).unwrap() + "output = json\n";
        let error = remove(&text, "aws-connector-dev", "dev", false)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("output") && error.contains("--force"),
            "{error}"
        );
        assert_eq!(remove(&text, "aws-connector-dev", "dev", true).unwrap(), "");
        let renamed = Entry {
            region: None,
            ..entry()
        };
        assert!(add(&text, &renamed, false).is_err());
    }

    #[test]
    fn the_profiles_of_a_connector_are_found_by_their_command_and_a_name_that_login_gave_them() {
        let mut text = "[profile mine]\ncredential_process = aws-connector-credential-process --connector dev\n".to_owned();
        for profile in ["aws-connector-dev", "aws-connector-dev-s3", "work"] {
            let entry = Entry {
                profile: profile.to_owned(),
                ..entry()
            };
            text = add(&text, &entry, false).unwrap();
        }
        let recorded = ["work".to_owned(), "gone".to_owned()];
        assert_eq!(
            wired_for(&text, "dev", &recorded),
            ["aws-connector-dev", "aws-connector-dev-s3", "work"]
        );
        assert!(wired_for(&text, "ops", &recorded).is_empty());
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
            remove(&renewed, "aws-connector-dev", "dev", false).unwrap(),
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
