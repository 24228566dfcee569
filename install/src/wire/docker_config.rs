//! `credHelpers` of Docker's `config.json`, and of the `auth.json` that podman and skopeo read.

use aws_connector_core::error::{Error, Result};

use super::json::{Object, colon};
use super::lines::{line_of, newline};
use super::record::FileRecord;

/// The `credHelpers` value that selects our helper.
pub(crate) const HELPER: &str = "aws-connector";

const LIST: &str = "credHelpers";

/// What to add by hand if the file cannot be edited.
pub(crate) fn by_hand(hosts: &[String]) -> String {
    let rows: Vec<String> = hosts
        .iter()
        .map(|host| format!("    \"{host}\": \"{HELPER}\""))
        .collect();
    format!("{{\n  \"{LIST}\": {{\n{}\n  }}\n}}\n", rows.join(",\n"))
}

/// Adds registries to our helper.
pub(crate) fn add(
    text: &str,
    hosts: &[String],
    force: bool,
    record: &mut FileRecord,
) -> Result<Option<String>> {
    let mut text = text.to_owned();
    for host in hosts {
        text = add_one(text, host, force, record)?;
    }
    Ok(Some(text))
}

fn add_one(text: String, host: &str, force: bool, record: &mut FileRecord) -> Result<String> {
    let Some(root) = root(&text)? else {
        record.made.insert("root".to_owned(), Some(text.clone()));
        let end = newline(&text);
        return Ok(format!(
            "{{{end}\t\"{LIST}\": {{{end}\t\t\"{host}\": \"{HELPER}\"{end}\t}}{end}}}{end}"
        ));
    };
    let Some(list) = root.member(LIST) else {
        let value = container(&text, &root, host);
        record.made.insert(LIST.to_owned(), None);
        return root.insert(&text, LIST, &value).ok_or_else(odd);
    };
    let (start, end) = (list.value.start, list.value.end);
    let old = text.get(start..end).unwrap_or_default();
    let helpers = match Object::at(&text, start) {
        Some(helpers) => helpers,
        None if old == "null" => {
            record.made.insert(LIST.to_owned(), Some(old.to_owned()));
            let value = container(&text, &root, host);
            return Ok(splice(&text, start, end, &value));
        }
        None => {
            return Err(Error::local(format!(
                "line {}: {LIST} is not an object",
                line_of(&text, start)
            )));
        }
    };
    if helpers.members.is_empty() {
        record.made.insert(LIST.to_owned(), Some(old.to_owned()));
        let value = container(&text, &root, host);
        return Ok(splice(&text, start, end, &value));
    }
    match helpers.member(host) {
        None => helpers
            .insert(&text, host, &format!("\"{HELPER}\""))
            .ok_or_else(odd),
        Some(member) => {
            let there = text.get(member.value.clone()).unwrap_or_default();
            if there == format!("\"{HELPER}\"") {
                return Ok(text);
            }
            if !force {
                return Err(Error::refused(format!(
                    "line {}: {LIST} already uses {there} for {host}",
                    line_of(&text, member.start)
                ))
                .fix("pass --force to replace it"));
            }
            record.made.insert(replaced(host), Some(there.to_owned()));
            let value = member.value.clone();
            Ok(splice(
                &text,
                value.start,
                value.end,
                &format!("\"{HELPER}\""),
            ))
        }
    }
}

/// The name in the record of another helper that `--force` replaced.
fn replaced(host: &str) -> String {
    format!("{LIST}/{host}")
}

/// Removes registries; restores the helpers that `--force` replaced.
pub(crate) fn remove(
    text: &str,
    hosts: &[String],
    record: &mut FileRecord,
) -> Result<Option<String>> {
    let mut text = text.to_owned();
    for host in hosts.iter().rev() {
        text = remove_one(text, host, record)?;
    }
    Ok(if record.created && text.trim().is_empty() {
        None
    } else {
        Some(text)
    })
}

fn remove_one(text: String, host: &str, record: &mut FileRecord) -> Result<String> {
    let Some(root) = root(&text)? else {
        return Ok(text);
    };
    let Some(list) = root.member(LIST) else {
        return Ok(text);
    };
    let Some(helpers) = Object::at(&text, list.value.start) else {
        return Ok(text);
    };
    let ours = helpers
        .member(host)
        .is_some_and(|member| text.get(member.value.clone()) == Some(&format!("\"{HELPER}\"")));
    if !ours {
        return Ok(text);
    }
    if let Some(Some(before)) = record.made.remove(&replaced(host))
        && let Some(member) = helpers.member(host)
    {
        return Ok(splice(&text, member.value.start, member.value.end, &before));
    }
    if helpers.members.len() > 1 {
        return helpers.remove(&text, host).ok_or_else(odd);
    }
    let (start, end) = (list.value.start, list.value.end);
    if root.members.len() == 1
        && let Some(before) = record.made.remove("root")
    {
        record.made.remove(LIST);
        return Ok(before.unwrap_or_default());
    }
    match record.made.remove(LIST) {
        Some(Some(before)) => Ok(splice(&text, start, end, &before)),
        Some(None) => root.remove(&text, LIST).ok_or_else(odd),
        None => Ok(splice(&text, start, end, "{}")),
    }
}

/// The registries that use our helper.
pub(crate) fn wired(text: &str) -> Vec<String> {
    let Ok(Some(root)) = root(text) else {
        return Vec::new();
    };
    let helpers = root
        .member(LIST)
        .and_then(|list| Object::at(text, list.value.start));
    let members = helpers.map(|helpers| helpers.members).unwrap_or_default();
    members
        .into_iter()
        .filter(|member| text.get(member.value.clone()) == Some(&format!("\"{HELPER}\"")))
        .map(|member| member.name)
        .collect()
}

/// The object of a file; `None` for an empty object or file.
fn root(text: &str) -> Result<Option<Object>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str::<serde_json::Value>(text)
        .map_err(|error| Error::local("invalid JSON").because(error))?;
    let root =
        Object::at(text, 0).ok_or_else(|| Error::local("expected a JSON object".to_owned()))?;
    if root
        .members
        .iter()
        .filter(|member| member.name == LIST)
        .count()
        > 1
    {
        return Err(Error::local(format!("duplicate {LIST}")));
    }
    Ok((!root.members.is_empty()).then_some(root))
}

/// A list with one registry, formatted like the object around it.
fn container(text: &str, root: &Object, host: &str) -> String {
    let Some(first) = root.members.first() else {
        return format!("{{\"{host}\": \"{HELPER}\"}}");
    };
    let gap = text.get(root.open + 1..first.start).unwrap_or_default();
    let colon = colon(text, first).unwrap_or(": ");
    match gap.rsplit_once('\n') {
        Some((_, indent)) => {
            let end = newline(text);
            let outer = indent.trim_matches('\r');
            format!("{{{end}{outer}{outer}\"{host}\"{colon}\"{HELPER}\"{end}{outer}}}")
        }
        None => format!("{{\"{host}\"{colon}\"{HELPER}\"}}"),
    }
}

fn splice(text: &str, start: usize, end: usize, new: &str) -> String {
    format!(
        "{}{new}{}",
        text.get(..start).unwrap_or_default(),
        text.get(end..).unwrap_or_default()
    )
}

fn odd() -> Error {
    Error::local("its layout cannot be edited safely")
}
