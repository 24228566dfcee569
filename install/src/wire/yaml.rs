//! The subset of YAML that kubeconfigs use: block style, one document. Anything else is an error.

use aws_connector_core::error::{Error, Result};

use super::lines::{append, cut, newline};

/// A top-level key with everything below it.
#[derive(Debug)]
pub(super) struct Top {
    pub(super) key: String,
    /// The text after the colon, without a comment.
    pub(super) value: String,
    /// The start of its line.
    pub(super) start: usize,
    /// The end of its line.
    pub(super) own_end: usize,
    /// After its last line that is not blank or a comment.
    pub(super) end: usize,
    pub(super) items: Vec<Item>,
    /// The indentation of its items' dashes.
    pub(super) indent: usize,
}

/// An item of a list.
#[derive(Debug)]
pub(super) struct Item {
    /// The value of its `name`.
    pub(super) name: Option<String>,
    pub(super) start: usize,
    /// After its last line that is not blank or a comment.
    pub(super) end: usize,
}

/// Whether a value is an empty list.
pub(super) fn is_empty_value(value: &str) -> bool {
    matches!(
        value,
        "" | "~" | "null" | "Null" | "NULL" | "[]" | "\"\"" | "''" | "{}"
    )
}

/// Parses the top-level keys.
pub(super) fn tops(text: &str) -> Result<Vec<Top>> {
    let mut all: Vec<Top> = Vec::new();
    // YAML allows a byte order mark; keep it first.
    let rest = text.trim_start_matches('\u{feff}');
    let mut at = text.len() - rest.len();
    for (number, line) in rest.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        let wrong = |what: &str| Error::local(format!("line {}: {what}", number + 1));
        let content = line.trim();
        let indent = line.len() - line.trim_start_matches(' ').len();
        // Reject tabs in blank lines too: kubectl accepts them after some lines only.
        if line
            .get(indent..)
            .is_some_and(|rest| rest.starts_with('\t'))
        {
            return Err(wrong("YAML does not allow tabs for indentation"));
        }
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        check(content).map_err(&wrong)?;
        if indent == 0 && content == "---" && all.is_empty() {
            continue;
        }
        if indent > 0 || content == "-" || content.starts_with("- ") {
            let top = all
                .last_mut()
                .ok_or_else(|| wrong("expected a key or a comment"))?;
            if !(top.value.is_empty() || top.value.starts_with(['|', '>'])) {
                return Err(wrong("unexpected content below a key with a value"));
            }
            inside(top, line, start, indent).map_err(&wrong)?;
            top.end = at;
            continue;
        }
        let (key, value) = key_value(content).ok_or_else(|| {
            wrong("unsupported: not a plain key (flow style, or a second document)")
        })?;
        if all.iter().any(|top| top.key == key) {
            return Err(wrong("duplicate key"));
        }
        all.push(Top {
            key: key.to_owned(),
            value: value.to_owned(),
            start,
            own_end: at,
            end: at,
            items: Vec::new(),
            indent: 0,
        });
    }
    Ok(all)
}

/// A line below a key: the first line of an item, or a line inside one.
fn inside(top: &mut Top, line: &str, start: usize, indent: usize) -> Result<(), &'static str> {
    let content = line.trim();
    let end = start + line.len();
    let is_item = content == "-" || content.starts_with("- ");
    if top.items.is_empty() {
        if !is_item {
            // A mapping or a scalar, not a list.
            return Ok(());
        }
        top.indent = indent;
    }
    let after = content.strip_prefix('-').unwrap_or(content);
    if is_item && indent == top.indent {
        let name = match after.trim_start().strip_prefix('{') {
            Some(flow) => flow_name(flow),
            None => key_value(after.trim_start())
                .filter(|(key, _)| *key == "name")
                .map(|(_, name)| unquote(name)),
        };
        top.items.push(Item { name, start, end });
        return Ok(());
    }
    if indent <= top.indent {
        return Err("indentation does not match the list above");
    }
    if let Some(item) = top.items.last_mut() {
        item.end = end;
        // In kubeconfigs, an item's `name` is two columns after the dash.
        if indent == top.indent + 2
            && let Some(("name", value)) = key_value(content)
        {
            item.name = Some(unquote(value));
        }
    }
    Ok(())
}

/// Rejects anchors, aliases, merge keys, tags, directives, and quoted or flow values over several
/// lines.
fn check(content: &str) -> Result<(), &'static str> {
    if content.starts_with('%') || content == "..." {
        return Err("unsupported: directive or end of document");
    }
    let value = match key_value(content.trim_start_matches("- ")) {
        Some(("<<", _)) => return Err("unsupported: merge key"),
        Some((_, value)) => value,
        None => content.trim_start_matches("- "),
    };
    let closed =
        |open: char, close: char| value.matches(open).count() == value.matches(close).count();
    match value.chars().next() {
        Some('&' | '*') => Err("unsupported: anchor or alias"),
        Some('!') => Err("unsupported: tag"),
        Some('"') if !(value.len() > 1 && value.ends_with('"')) => {
            Err("unsupported: quoted string over several lines")
        }
        Some('\'') if !(value.len() > 1 && value.ends_with('\'')) => {
            Err("unsupported: quoted string over several lines")
        }
        Some('{') if !closed('{', '}') => Err("unsupported: flow style over several lines"),
        Some('[') if !closed('[', ']') => Err("unsupported: flow style over several lines"),
        _ => Ok(()),
    }
}

/// `key: value` of a line, a trailing comment removed.
pub(super) fn key_value(content: &str) -> Option<(&str, &str)> {
    let parted = content.match_indices(':').find(|(at, _)| {
        content
            .get(at + 1..)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    });
    let (key, value) = content.split_at_checked(parted?.0)?;
    let value = value.get(1..)?.trim_start();
    let plain = key == "<<"
        || (!key.is_empty()
            && key
                .trim_end()
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')));
    let value = match value.find(" #") {
        _ if value.starts_with('#') => "",
        Some(at) if !value.starts_with(['"', '\'']) => value.get(..at)?,
        _ => value,
    };
    plain.then(|| (key.trim_end(), value.trim()))
}

fn flow_name(flow: &str) -> Option<String> {
    let at = flow.find("name:")?;
    let value = flow.get(at + 5..)?.trim_start();
    let end = value.find([',', '}']).unwrap_or(value.len());
    Some(unquote(value.get(..end)?.trim()))
}

pub(super) fn unquote(value: &str) -> String {
    value.trim_matches(['"', '\'']).to_owned()
}

/// A string as a YAML value: plain if that is safe, else in double quotes.
pub(super) fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '-'))
        && !text.starts_with("- ")
        && text.len() > 1
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/.:_-+@=".contains(c))
        && !text.ends_with(':')
        && !["true", "false", "null", "yes", "no", "on", "off"]
            .contains(&text.to_ascii_lowercase().as_str())
        && text.parse::<f64>().is_err();
    if plain {
        text.to_owned()
    } else {
        // JSON strings are valid YAML if they contain no control characters.
        serde_json::Value::from(text).to_string()
    }
}

/// Inserts whole lines at the start of a line or the end of the text.
pub(super) fn insert(text: &str, at: usize, lines: &str) -> String {
    if at >= text.len() {
        return append(text, lines);
    }
    let end = newline(text);
    format!(
        "{}{lines}{end}{}",
        text.get(..at).unwrap_or_default(),
        text.get(at..).unwrap_or_default()
    )
}

/// Replaces whole lines; keeps the last line break.
pub(super) fn swap(text: &str, start: usize, end: usize, lines: &str) -> String {
    let old = text.get(start..end).unwrap_or_default();
    let tail = old.len() - old.trim_end_matches(['\r', '\n']).len();
    format!(
        "{}{lines}{}",
        text.get(..start).unwrap_or_default(),
        text.get(end - tail..).unwrap_or_default()
    )
}

/// Removes whole lines.
pub(super) fn delete(text: &str, start: usize, end: usize) -> String {
    cut(text, start, end)
}
