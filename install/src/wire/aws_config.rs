//! A profile with `credential_process` in `~/.aws/config`.

mod entry;
mod owned;
mod read;

use std::collections::HashSet;

use aws_connector_core::ambient::ini::{Ini, Kind};
use aws_connector_core::error::Result;

use super::lines::{append, cut, newline};
use owned::{is_ours, require_ours};
use read::{find, parse, properties, wrong};

pub(crate) use entry::{ClientEndpoints, Entry};
pub(crate) use read::{profile_name, profile_names, program_and_connector, settings, wired_for};

/// Adds or updates a profile and its services section.
pub(crate) fn add(text: &str, entry: &Entry, force: bool) -> Result<String> {
    let before = parse(text);
    refuse_what_the_aws_cli_rejects(&before)?;
    let mut text = text.to_owned();
    for (kind, lines) in entry.sections() {
        // As before the edit: the new profile uses the services section, whoever wrote that.
        let is_ours = is_ours(&before, kind, &entry.profile, &entry.connector)?;
        text = match lines.as_slice() {
            [] if is_ours => cut_section(&text, kind, &entry.profile)?,
            [] => text,
            lines => put(&text, kind, entry, lines, is_ours, force)?,
        };
    }
    Ok(text)
}

fn put(
    text: &str,
    kind: Kind,
    entry: &Entry,
    lines: &[String],
    is_ours: bool,
    force: bool,
) -> Result<String> {
    let ini = parse(text);
    let end = newline(text);
    let block = lines.join(end);
    let Some(section) = find(&ini, kind, &entry.profile)? else {
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
    if !force {
        require_ours(section, kind, is_ours, (&entry.profile, &entry.connector))?;
    }
    Ok(format!(
        "{}{block}{tail}{}",
        text.get(..range.start).unwrap_or_default(),
        text.get(range.end..).unwrap_or_default()
    ))
}

/// Removes a profile of a connector and its services section.
pub(crate) fn remove(text: &str, profile: &str, connector: &str, force: bool) -> Result<String> {
    let before = parse(text);
    let mut text = text.to_owned();
    if is_ours(&before, Kind::Services, profile, connector)? {
        text = cut_section(&text, Kind::Services, profile)?;
    }
    if let Some(section) = find(&before, Kind::Profile, profile)?
        && !force
    {
        let is_ours = is_ours(&before, Kind::Profile, profile, connector)?;
        require_ours(section, Kind::Profile, is_ours, (profile, connector))?;
    }
    cut_section(&text, Kind::Profile, profile)
}

fn cut_section(text: &str, kind: Kind, name: &str) -> Result<String> {
    let ini = parse(text);
    let Some(section) = find(&ini, kind, name)? else {
        return Ok(text.to_owned());
    };
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
    fn a_services_section_that_the_user_wrote_is_neither_replaced_nor_removed() {
        let text = "[services work]\ns3 =\n  endpoint_url = http://localhost:1\n";
        let plain = Entry {
            profile: "work".to_owned(),
            ..entry()
        };
        let more = add(text, &plain, false).unwrap();
        assert_eq!(remove(&more, "work", "dev", false).unwrap(), text);
        let mut with_services = plain;
        with_services.endpoints.by_service =
            [("sts".to_owned(), "http://localhost:2".to_owned())].into();
        let error = add(&more, &with_services, false).unwrap_err().to_string();
        assert!(error.contains("line 1: section [services work]"), "{error}");
        let ours = add("", &with_services, false).unwrap();
        let renewed = ours.replace("localhost:2", "localhost:3");
        assert_eq!(add(&renewed, &with_services, false).unwrap(), ours);
        assert_eq!(remove(&ours, "work", "dev", false).unwrap(), "");
        let left = ours.lines().skip(5).collect::<Vec<_>>().join("\n");
        assert_eq!(remove(&left, "work", "dev", false).unwrap(), left);
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
