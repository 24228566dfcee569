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

pub(super) fn is_ours(text: &str, arn: &str) -> Result<bool> {
    let all = tops(text)?;
    let user = all
        .iter()
        .find(|top| top.key == "users")
        .and_then(|top| find(top, arn));
    Ok(user.is_some_and(|item| {
        text.get(item.start..item.end)
            .is_some_and(|body| body.contains(PROGRAM))
    }))
}

pub(super) fn find<'t>(top: &'t Top, name: &str) -> Option<&'t Item> {
    top.items
        .iter()
        .find(|item| item.name.as_deref() == Some(name))
}
