//! A unified diff that is safe to print: our lines in full, other lines without their values.

use std::collections::HashSet;

use aws_connector_core::shown::clean;
use similar::{ChangeTag, TextDiff};

use super::mask;

/// Longer certificates are cut, and JSON with longer lines is broken into more lines.
const LONGEST_LINE: usize = 160;

/// How many lines around a change are shown.
const RADIUS: usize = 2;

/// The diff from `old` to `new`, with their names.
pub(super) fn diff(old_name: &str, new_name: &str, old: &str, new: &str) -> String {
    let head = format!("--- {old_name}\n+++ {new_name}\n");
    if mask::is_json(old) || mask::is_json(new) {
        let (mut old, mut new) = (mask::json(old), mask::json(new));
        let is_long = |text: &str| text.lines().any(|it| it.chars().count() > LONGEST_LINE);
        // In a single line the change would be hard to see.
        if is_long(&old) || is_long(&new) {
            (old, new) = (mask::spread(&old), mask::spread(&new));
        }
        return head + &hunks(&old, &new, |_, _, line| line.to_owned());
    }
    let (olds, news) = (mask::lines(old), mask::lines(new));
    let lines = TextDiff::from_lines(old, new);
    let removed = lines
        .iter_all_changes()
        .filter(|it| it.tag() == ChangeTag::Delete);
    // A line that only gets a line break is not ours.
    let others: HashSet<&str> = removed.map(|it| it.value().trim()).collect();
    head + &hunks(old, new, |tag, at, line| match tag {
        ChangeTag::Insert if !others.contains(line.trim()) => ours(line, old),
        ChangeTag::Insert => news.get(at).cloned().unwrap_or_default(),
        _ => olds.get(at).cloned().unwrap_or_default(),
    })
}

/// A line of ours, without the comment that it keeps from the line that it replaces.
fn ours(line: &str, old: &str) -> String {
    if let Some((own, comment)) = line.split_once('#')
        && !comment.trim().is_empty()
        && old.contains(comment)
    {
        return format!("{own}# [hidden]");
    }
    let is_certificate = line.trim_start().starts_with("certificate-authority-data:");
    match line.char_indices().nth(LONGEST_LINE) {
        Some((at, _)) if is_certificate => format!("{}...", line.get(..at).unwrap_or_default()),
        _ => line.to_owned(),
    }
}

/// The hunks of a diff, each line as `shown` renders it from its kind, its index and its text.
fn hunks(old: &str, new: &str, shown: impl Fn(ChangeTag, usize, &str) -> String) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut unified = diff.unified_diff();
    let mut text = String::new();
    for hunk in unified.context_radius(RADIUS).iter_hunks() {
        text.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let place = change.old_index().or(change.new_index());
            let line = change.value().trim_end_matches(['\r', '\n']);
            let line = shown(change.tag(), place.unwrap_or_default(), line);
            // Tabs are safe, and needed for indentation.
            let parts: Vec<_> = line.split('\t').map(clean).collect();
            text.push_str(&format!("{}{}\n", change.tag(), parts.join("\t")));
            if change.missing_newline() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}
