//! Finds our clusters in a kubeconfig.

use aws_connector_core::error::Result;

use crate::wire::yaml::{Item, Top, key_value, tops, unquote};

const PROGRAM: &str = "aws-connector-eks-token";

/// Our clusters in a file: ARN, connector, and the plugin's path.
pub(crate) fn wired(text: &str) -> Vec<(String, String, String)> {
    let Ok(all) = tops(text) else {
        return Vec::new();
    };
    let users = all.into_iter().find(|top| top.key == "users");
    let items = users.map(|top| top.items).unwrap_or_default();
    let ours = items.into_iter().filter_map(|item| {
        let body = text.get(item.start..item.end)?;
        let words: Vec<&str> = body.lines().map(argument).collect();
        let command = words
            .iter()
            .find_map(|line| key_value(line).filter(|(key, _)| *key == "command"));
        let command = unquote(command?.1);
        let at = words.iter().position(|word| *word == "--connector")?;
        let connector = (*words.get(at + 1)?).to_owned();
        command
            .ends_with(PROGRAM)
            .then_some((item.name?, connector, command))
    });
    ours.collect()
}

/// The clusters of a connector. A file that cannot be parsed is an error only if it mentions the
/// connector.
pub(crate) fn wired_for(text: &str, connector: &str) -> Result<Vec<String>> {
    let names_it = |line: &str| argument(line) == connector;
    if !(text.contains(PROGRAM) && text.lines().any(names_it)) {
        return Ok(Vec::new());
    }
    tops(text).map_err(|error| {
        let fix = format!("remove the entries of connector '{connector}' by hand");
        error.fix(fix)
    })?;
    let all = wired(text).into_iter();
    Ok(all
        .filter(|(_, owner, _)| owner == connector)
        .map(|(arn, _, _)| arn)
        .collect())
}

/// A plugin argument from its line.
fn argument(line: &str) -> &str {
    line.trim()
        .trim_start_matches("- ")
        .trim_matches(['"', '\''])
}

/// The name for a connector's user and context of a cluster: the one that it has, else the ARN
/// unless another connector uses it.
pub(crate) fn free_name(text: &str, arn: &str, connector: &str) -> String {
    let own = format!("{connector}@{arn}");
    let all = wired(text);
    let owner = |name: &str| {
        let known = all.iter().find(|(known, ..)| known == name);
        known.map(|(_, owner, _)| owner.as_str())
    };
    match owner(arn) {
        Some(owner) if owner == connector => arn.to_owned(),
        None if owner(&own).is_none() => arn.to_owned(),
        _ => own,
    }
}

/// The words of each context, with its name.
fn contexts(text: &str) -> Result<Vec<(Option<String>, Vec<&str>)>> {
    let all = tops(text)?;
    let contexts = all.into_iter().find(|top| top.key == "contexts");
    let items = contexts.map(|top| top.items).unwrap_or_default();
    let split = |c: char| c.is_whitespace() || "{},\"'".contains(c);
    Ok(items
        .into_iter()
        .map(|item| {
            let body = text.get(item.start..item.end).unwrap_or_default();
            let words = body.split(split).filter(|word| !word.is_empty());
            (item.name, words.collect())
        })
        .collect())
}

/// Whether the context of a name is for a cluster.
pub(super) fn mentions(text: &str, context: &str, cluster: &str) -> Result<bool> {
    let mut all = contexts(text)?.into_iter();
    Ok(all.any(|(name, words)| name.as_deref() == Some(context) && words.contains(&cluster)))
}

/// Whether any context is for a cluster.
pub(super) fn is_used(text: &str, cluster: &str) -> Result<bool> {
    let mut all = contexts(text)?.into_iter();
    Ok(all.any(|(_, words)| words.contains(&cluster)))
}

/// The cluster of a context.
pub(super) fn cluster_of(text: &str, context: &str) -> Result<Option<String>> {
    let mut all = contexts(text)?.into_iter();
    let found = all.find(|(name, _)| name.as_deref() == Some(context));
    Ok(found.and_then(|(_, words)| {
        let at = words.iter().position(|word| *word == "cluster:")?;
        words.get(at + 1).map(|word| (*word).to_owned())
    }))
}

pub(super) fn find<'t>(top: &'t Top, name: &str) -> Option<&'t Item> {
    top.items
        .iter()
        .find(|item| item.name.as_deref() == Some(name))
}
