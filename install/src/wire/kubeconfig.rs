//! Cluster, user and context in a kubeconfig. The cluster is named by its ARN, and connectors share
//! it; each has its own user and context.

mod current;
mod read;

use std::collections::BTreeSet;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::shown::shown;

use super::lines::{append, line_of, newline};
use super::record::FileRecord;
use super::yaml::{delete, insert, is_empty_value, scalar, swap, tops};
pub(crate) use current::current;
use read::{cluster_of, find, mentions};
pub(crate) use read::{free_name, wired, wired_for};

const LISTS: [&str; 3] = ["clusters", "contexts", "users"];

/// A cluster to write.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) arn: String,
    /// The name of the user and the context.
    pub(crate) name: String,
    pub(crate) server: String,
    /// PEM in base64.
    pub(crate) certificate_authority: String,
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) connector: String,
    /// The plugin's absolute path.
    pub(crate) command: String,
    /// `v1` or `v1beta1`.
    pub(crate) api: String,
    /// Whether to make it the current context.
    pub(crate) make_current: bool,
}

impl Entry {
    /// The name of the item for a list.
    fn name_in(&self, list: &str) -> &str {
        match list {
            "clusters" => &self.arn,
            _ => &self.name,
        }
    }

    /// The item for a list, without indentation.
    fn item(&self, list: &str) -> String {
        let (arn, own) = (scalar(&self.arn), scalar(&self.name));
        match list {
            "clusters" => format!(
                "- cluster:\n    certificate-authority-data: {}\n    server: {}\n  name: {arn}",
                scalar(&self.certificate_authority),
                scalar(&self.server)
            ),
            "contexts" => {
                format!("- context:\n    cluster: {arn}\n    user: {own}\n  name: {own}")
            }
            _ => format!(
                "- name: {own}\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/{}\n      args:\n      - --cluster\n      - {}\n      - --region\n      - {}\n      - --connector\n      - {}\n      command: {}\n      installHint: {}\n      interactiveMode: IfAvailable\n      provideClusterInfo: false",
                self.api,
                scalar(&self.cluster),
                scalar(&self.region),
                scalar(&self.connector),
                scalar(&self.command),
                scalar("aws-connector is not installed on this machine; see its README")
            ),
        }
    }

    /// What to add by hand if the file cannot be edited.
    pub(crate) fn by_hand(&self) -> String {
        LISTS
            .map(|list| format!("{list}:\n{}\n", self.item(list)))
            .concat()
    }
}

/// Adds or updates a cluster.
pub(crate) fn add(
    text: &str,
    entry: &Entry,
    force: bool,
    record: &mut FileRecord,
) -> Result<Option<String>> {
    refuse_repetitions(text)?;
    let mut text = text.to_owned();
    for (key, value) in [("apiVersion", "v1"), ("kind", "Config")] {
        if !tops(&text)?.iter().any(|top| top.key == key) {
            record.made.insert(key.to_owned(), None);
            text = append(&text, &format!("{key}: {value}"));
        }
    }
    let all = wired(&text);
    let known = all.iter().find(|(name, ..)| *name == entry.name);
    let ours = match known {
        Some((name, owner, _)) if *owner != entry.connector && !force => {
            return Err(Error::refused(format!(
                "user {} is already used by connector '{owner}'",
                shown(name)
            ))
            .fix("choose another --alias, or pass --force to replace it"));
        }
        known => known.is_some(),
    };
    let mut shares = false;
    for (name, ..) in &all {
        shares |= mentions(&text, name, &entry.arn)?;
    }
    for list in LISTS {
        let ours = if list == "clusters" { shares } else { ours };
        text = add_item(text, list, entry, ours || force, record)?;
    }
    if entry.make_current {
        text = current::switch(text, &entry.name, record)?;
    }
    // Check the result: each of the three lists has the item once.
    let all = tops(&text)?;
    let there = LISTS.iter().all(|list| {
        let items = all
            .iter()
            .find(|top| top.key == *list)
            .map(|top| &top.items);
        items.is_some_and(|items| {
            items
                .iter()
                .filter(|item| item.name.as_deref() == Some(entry.name_in(list)))
                .count()
                == 1
        })
    });
    if !there {
        return Err(Error::local("its layout cannot be edited safely"));
    }
    Ok(Some(text))
}

/// kubectl rejects duplicate names in a list.
fn refuse_repetitions(text: &str) -> Result<()> {
    let all = tops(text)?;
    for top in all.iter().filter(|top| LISTS.contains(&top.key.as_str())) {
        let named = top
            .items
            .iter()
            .filter_map(|item| Some((item.name.as_ref()?, item)));
        let mut seen = BTreeSet::new();
        for (name, item) in named {
            if !seen.insert(name) {
                return Err(Error::local(format!(
                    "line {}: {} has duplicate name {}, which kubectl rejects",
                    line_of(text, item.start),
                    top.key,
                    shown(name)
                )));
            }
        }
    }
    Ok(())
}

fn add_item(
    text: String,
    list: &str,
    entry: &Entry,
    may_replace: bool,
    record: &mut FileRecord,
) -> Result<String> {
    let all = tops(&text)?;
    let end = newline(&text);
    let lines = |indent: usize| indented(&entry.item(list), indent, end);
    let Some(top) = all.iter().find(|top| top.key == list) else {
        record.made.insert(list.to_owned(), None);
        return Ok(append(&text, &format!("{list}:{end}{}", lines(0))));
    };
    if top.items.is_empty() {
        if top.end > top.own_end || !is_empty_value(&top.value) {
            return Err(Error::local(format!(
                "line {}: {list} is not a block style list",
                line_of(&text, top.start)
            )));
        }
        if top.value.is_empty() {
            return Ok(insert(&text, top.own_end, &lines(0)));
        }
        let old = text.get(top.start..top.own_end).unwrap_or_default();
        let old = old.trim_end_matches(['\r', '\n']).to_owned();
        record.made.insert(list.to_owned(), Some(old));
        return Ok(swap(
            &text,
            top.start,
            top.own_end,
            &format!("{list}:{end}{}", lines(0)),
        ));
    }
    let name = entry.name_in(list);
    let Some(item) = find(top, name) else {
        return Ok(insert(&text, top.end, &lines(top.indent)));
    };
    let there = text.get(item.start..item.end).unwrap_or_default();
    if same(there, &entry.item(list)) {
        return Ok(text);
    }
    if !may_replace {
        return Err(Error::refused(format!(
            "line {}: {list} already has {name}, which aws-connector did not write",
            line_of(&text, item.start),
        ))
        .fix(match list {
            "clusters" => "pass --force to replace it",
            _ => "pass --alias to choose another name, or --force to replace it",
        }));
    }
    Ok(swap(&text, item.start, item.end, &lines(top.indent)))
}

/// Removes a user and its context, and its cluster unless another context uses it.
pub(crate) fn remove(text: &str, name: &str, record: &mut FileRecord) -> Result<Option<String>> {
    if !wired(text).iter().any(|(known, ..)| known == name) {
        return Ok(Some(text.to_owned()));
    }
    let cluster = cluster_of(text, name)?;
    let mut text = current::leave(text.to_owned(), name, record)?;
    for list in LISTS.iter().rev() {
        let all = tops(&text)?;
        let Some(top) = all.iter().find(|top| top.key == *list) else {
            continue;
        };
        let name = match (*list, &cluster) {
            ("clusters", Some(cluster)) if read::is_used(&text, cluster)? => continue,
            ("clusters", Some(cluster)) => cluster,
            _ => name,
        };
        let Some(item) = find(top, name) else {
            continue;
        };
        if top.items.len() > 1 {
            text = delete(&text, item.start, item.end);
            continue;
        }
        text = match record.made.remove(*list) {
            Some(None) => delete(&text, top.start, top.end),
            Some(Some(line)) => swap(&text, top.start, top.end, &line),
            None => delete(&text, item.start, item.end),
        };
    }
    if record.created
        && LISTS
            .iter()
            .all(|list| !text.contains(&format!("\n{list}:")))
    {
        // kubectl adds this to every file that it writes.
        text = text.replace("preferences: {}\n", "");
    }
    // All our clusters share these: remove them with the last one.
    let last = wired(&text).is_empty();
    for key in ["kind", "apiVersion"].into_iter().filter(|_| last) {
        let all = tops(&text)?;
        if record.made.remove(key).is_some()
            && let Some(top) = all.iter().find(|top| top.key == key)
        {
            text = delete(&text, top.start, top.end);
        }
    }
    Ok(if record.created && text.trim().is_empty() {
        None
    } else {
        Some(text)
    })
}

/// Whether two items are equal apart from the order, indentation and quotes of their lines, which
/// kubectl may change.
fn same(there: &str, ours: &str) -> bool {
    let lines = |text: &str| {
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| {
                line.trim()
                    .trim_start_matches("- ")
                    .replace(['"', '\''], "")
            })
            .filter(|line| !line.is_empty())
            .collect();
        lines.sort();
        lines
    };
    lines(there) == lines(ours)
}

fn indented(item: &str, indent: usize, end: &str) -> String {
    let lead = " ".repeat(indent);
    item.lines()
        .map(|line| format!("{lead}{line}"))
        .collect::<Vec<_>>()
        .join(end)
}
