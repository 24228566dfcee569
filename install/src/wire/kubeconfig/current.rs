//! The current context.

use aws_connector_core::error::Result;

use super::read::wired;
use crate::wire::lines::append;
use crate::wire::record::FileRecord;
use crate::wire::yaml::{delete, is_empty_value, scalar, swap, tops, unquote};

const CURRENT: &str = "current-context";

/// The current context of a file.
pub(crate) fn current(text: &str) -> Option<String> {
    let all = tops(text).ok()?;
    let top = all.iter().find(|top| top.key == CURRENT)?;
    (!is_empty_value(&top.value)).then(|| unquote(&top.value))
}

/// Makes a context the current one.
pub(super) fn switch(text: String, name: &str, record: &mut FileRecord) -> Result<String> {
    let line = format!("{CURRENT}: {}", scalar(name));
    let all = tops(&text)?;
    let Some(top) = all.iter().find(|top| top.key == CURRENT) else {
        record.made.insert(CURRENT.to_owned(), None);
        return Ok(append(&text, &line));
    };
    if unquote(&top.value) == name {
        return Ok(text);
    }
    let old = text.get(top.start..top.own_end).unwrap_or_default();
    let old = old.trim_end_matches(['\r', '\n']).to_owned();
    // Keep the value from before our first change, for `leave` to restore.
    record.made.entry(CURRENT.to_owned()).or_insert(Some(old));
    Ok(swap(&text, top.start, top.own_end, &line))
}

/// Leaves a context that is removed, for the one from before our first change. If there was none,
/// for another of our contexts.
pub(super) fn leave(text: String, name: &str, record: &mut FileRecord) -> Result<String> {
    let all = tops(&text)?;
    let Some(top) = all.iter().find(|top| top.key == CURRENT) else {
        return Ok(text);
    };
    if unquote(&top.value) != name {
        return Ok(text);
    }
    let wired = wired(&text);
    let other = wired.iter().rev().find(|(known, ..)| known != name);
    Ok(match (record.made.get(CURRENT), other) {
        (Some(None) | None, Some((other, ..))) => {
            let line = format!("{CURRENT}: {}", scalar(other));
            swap(&text, top.start, top.own_end, &line)
        }
        _ => match record.made.remove(CURRENT) {
            Some(None) => delete(&text, top.start, top.end),
            Some(Some(line)) => swap(&text, top.start, top.end, &line),
            None => swap(&text, top.start, top.end, "current-context: \"\""),
        },
    })
}
