//! A profile with `credential_process` in `~/.aws/config`.

use aws_connector_core::error::{Error, Result};

use super::lines::{append, cut, line_of, newline};

const PROGRAM: &str = "aws-connector-credential-process";

/// The keys that we write.
const KEYS: [&str; 3] = ["credential_process", "region", "endpoint_url"];

/// A profile to write.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The connector.
    pub(crate) connector: String,
    /// The command, with shell quoting.
    pub(crate) command: String,
    pub(crate) region: Option<String>,
    pub(crate) endpoint_url: Option<String>,
}

/// The profile's name for a connector.
pub(crate) fn profile_name(connector: &str) -> String {
    format!("aws-connector-{connector}")
}

impl Entry {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("[profile {}]", profile_name(&self.connector)),
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

/// A section of the file, with byte offsets.
#[derive(Debug)]
struct Section {
    /// The profile's name; empty for other sections.
    name: String,
    /// The text in the brackets.
    header: String,
    start: usize,
    /// After its last line that is not blank or a comment.
    end: usize,
    keys: Vec<(String, String)>,
}

/// Adds or updates the profile of a connector.
pub(crate) fn add(text: &str, entry: &Entry, force: bool) -> Result<String> {
    refuse_repetitions(text)?;
    let end = newline(text);
    let block = entry.lines().join(end);
    let Some(section) = find(text, &entry.connector)? else {
        let gap = if text.is_empty() { "" } else { end };
        return Ok(append(text, &format!("{gap}{block}")));
    };
    let old = text.get(section.start..section.end).unwrap_or_default();
    let (old, tail) = match old.strip_suffix(end) {
        Some(old) => (old, end),
        None => (old, ""),
    };
    if old == block {
        return Ok(text.to_owned());
    }
    if !(is_ours(&section, &entry.connector) || force) {
        return Err(theirs(text, &section));
    }
    Ok(format!(
        "{}{block}{tail}{}",
        text.get(..section.start).unwrap_or_default(),
        text.get(section.end..).unwrap_or_default()
    ))
}

/// Removes the profile of a connector.
pub(crate) fn remove(text: &str, connector: &str, force: bool) -> Result<String> {
    let Some(section) = find(text, connector)? else {
        return Ok(text.to_owned());
    };
    if !(is_ours(&section, connector) || force) {
        return Err(theirs(text, &section));
    }
    let before = text.get(..section.start).unwrap_or_default();
    let start = ["\r\n", "\n"]
        .into_iter()
        .find(|end| {
            before
                .strip_suffix(end)
                .is_some_and(|above| above.ends_with('\n'))
        })
        .map_or(section.start, |end| section.start - end.len());
    let mut behind = section.end;
    if section.start == 0 {
        // Also remove the blank line that separated it from later text.
        let below = text.get(behind..).unwrap_or_default();
        let blank = ["\r\n", "\n"]
            .into_iter()
            .find(|end| below.starts_with(end));
        behind += blank.map_or(0, str::len);
    }
    Ok(cut(text, start, behind))
}

/// The settings of a profile of any name, keys in lower case.
pub(crate) fn settings(text: &str, profile: &str) -> Option<Vec<(String, String)>> {
    let all = sections(text).ok()?;
    let section = all.into_iter().find(|section| section.name == profile)?;
    Some(section.keys)
}

/// The names of all profiles.
pub(crate) fn profile_names(text: &str) -> Vec<String> {
    let all = sections(text).unwrap_or_default();
    all.into_iter()
        .map(|section| section.name)
        .filter(|name| !name.is_empty())
        .collect()
}

/// The names of the profiles that a credentials file has keys for.
pub(crate) fn key_names(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix('[')?.split_once(']'))
        .map(|(name, _)| name.trim().to_owned())
        .collect()
}

fn theirs(text: &str, section: &Section) -> Error {
    let line = line_of(text, section.start);
    let name = &section.name;
    let foreign = section
        .keys
        .iter()
        .find(|(key, _)| !KEYS.contains(&key.as_str()));
    Error::refused(match foreign {
        Some((key, _)) => {
            format!(
                "line {line}: profile '{name}' contains '{key}', which aws-connector did not write"
            )
        }
        None => format!(
            "line {line}: profile '{name}' already exists and was not written by aws-connector"
        ),
    })
    .fix("remove it, or pass --force to replace the profile")
}

fn is_ours(section: &Section, connector: &str) -> bool {
    let ours = section.keys.iter().any(|(key, value)| {
        key == "credential_process"
            && value.contains(PROGRAM)
            && value.split_whitespace().any(|word| word == connector)
    });
    ours && section
        .keys
        .iter()
        .all(|(key, _)| KEYS.contains(&key.as_str()))
}

fn find(text: &str, connector: &str) -> Result<Option<Section>> {
    let name = profile_name(connector);
    let mut found = sections(text)?
        .into_iter()
        .filter(|section| section.name == name);
    match (found.next(), found.next()) {
        (Some(_), Some(second)) => Err(Error::local(format!(
            "line {}: duplicate profile '{name}'",
            line_of(text, second.start)
        ))),
        (first, _) => Ok(first),
    }
}

/// The AWS CLI rejects duplicate sections, and duplicate settings in a section.
fn refuse_repetitions(text: &str) -> Result<()> {
    let all = sections(text)?;
    for (number, section) in all.iter().enumerate() {
        let at = line_of(text, section.start);
        let wrong = |what: String| {
            Error::local(format!(
                "line {at}: duplicate {what}, which the AWS CLI rejects"
            ))
        };
        let before = all.get(..number).unwrap_or_default();
        if before.iter().any(|other| other.header == section.header) {
            return Err(wrong(format!("section [{}]", section.header)));
        }
        let mut keys: Vec<&str> = section.keys.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        if let Some([key, _]) = keys.array_windows().find(|[one, other]| one == other) {
            return Err(wrong(format!("setting {key} in [{}]", section.header)));
        }
    }
    Ok(())
}

/// Parses all sections as Python's configparser does; a line that it rejects is an error.
fn sections(text: &str) -> Result<Vec<Section>> {
    let mut all: Vec<Section> = Vec::new();
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        let wrong = |what: &str| Error::local(format!("line {}: {what}", number + 1));
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let (inside, _) = header
                .split_once(']')
                .ok_or_else(|| wrong("section without closing bracket"))?;
            all.push(Section {
                name: profile(inside),
                header: inside.to_owned(),
                start,
                end: at,
                keys: Vec::new(),
            });
            continue;
        }
        let Some(section) = all.last_mut() else {
            return Err(wrong("expected a section or a comment"));
        };
        section.end = at;
        if line.starts_with([' ', '\t']) && !section.keys.is_empty() {
            // A continuation of the value above.
            continue;
        }
        let (key, value) = trimmed
            .split_once(['=', ':'])
            .ok_or_else(|| wrong("expected a section, a setting or a comment"))?;
        section
            .keys
            .push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(all)
}

/// The profile's name from its header `profile "x"`; empty for other sections.
fn profile(header: &str) -> String {
    match header.trim().split_once(char::is_whitespace) {
        Some(("profile", name)) => name.trim().trim_matches(['"', '\'']).to_owned(),
        None if header.trim() == "default" => "default".to_owned(),
        _ => String::new(),
    }
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
