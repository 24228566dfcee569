//! The profile file as text, cut at its table headers so that a command parses only the
//! connectors it needs: a thousand others cost one pass over their bytes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::is_connector_name;
use crate::error::{Error, Result};

/// The text of a profile file and where each connector stands in it.
#[derive(Debug)]
pub(crate) struct Document {
    /// The file, for messages.
    pub(crate) path: PathBuf,
    text: String,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    /// Everything before the first header, then each connector's own stretch of the file.
    Cut {
        root: Range<usize>,
        connectors: BTreeMap<String, Range<usize>>,
    },
    /// A file whose tables are written in another way than `[connectors.NAME]`: parsed whole.
    Whole,
}

/// A stretch of the file after parsing, with what is needed to say where a value stands.
pub(crate) struct Parsed<'d> {
    pub(crate) document: &'d Document,
    pub(crate) table: DeTable<'d>,
    offset: usize,
}

impl Document {
    pub(crate) fn new(path: &Path, text: String) -> Result<Self> {
        let mut document = Self {
            path: path.to_owned(),
            text,
            layout: Layout::Whole,
        };
        document.layout = document.cut()?;
        Ok(document)
    }

    /// The keys that stand outside every connector.
    pub(crate) fn root(&self) -> Result<Parsed<'_>> {
        match &self.layout {
            Layout::Cut { root, .. } => self.parse(root.clone()),
            Layout::Whole => self.parse(0..self.text.len()),
        }
    }

    /// The names of all connectors, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        match &self.layout {
            Layout::Cut { connectors, .. } => Ok(connectors.keys().cloned().collect()),
            Layout::Whole => {
                let parsed = self.parse(0..self.text.len())?;
                Ok(match parsed.table.get("connectors").map(|v| v.get_ref()) {
                    Some(DeValue::Table(table)) => {
                        table.keys().map(|k| k.get_ref().to_string()).collect()
                    }
                    _ => Vec::new(),
                })
            }
        }
    }

    /// The stretch in which a connector stands; `None` when there is no such connector.
    pub(crate) fn connector(&self, name: &str) -> Result<Option<Parsed<'_>>> {
        let range = match &self.layout {
            Layout::Cut { connectors, .. } => match connectors.get(name) {
                Some(range) => range.clone(),
                None => return Ok(None),
            },
            Layout::Whole => 0..self.text.len(),
        };
        let parsed = self.parse(range)?;
        let there = matches!(
            parsed.table.get("connectors").map(|v| v.get_ref()),
            Some(DeValue::Table(table)) if table.contains_key(name)
        );
        Ok(there.then_some(parsed))
    }

    /// The text of a connector's stretch, for a cheap look before parsing it; the whole file
    /// where the stretch is not known.
    pub(crate) fn connector_text(&self, name: &str) -> &str {
        match &self.layout {
            Layout::Cut { connectors, .. } => connectors
                .get(name)
                .and_then(|range| self.text.get(range.clone()))
                .unwrap_or(""),
            Layout::Whole => &self.text,
        }
    }

    fn parse(&self, range: Range<usize>) -> Result<Parsed<'_>> {
        let offset = range.start;
        let text = self.text.get(range).unwrap_or("");
        match DeTable::parse(text) {
            Ok(table) => Ok(Parsed {
                document: self,
                table: table.into_inner(),
                offset,
            }),
            Err(error) => {
                let at = offset + error.span().map_or(0, |span| span.start);
                Err(self.error(
                    at,
                    &format!("not valid TOML: {}", one_line(error.message())),
                ))
            }
        }
    }

    /// Where a byte of the file stands: `FILE:LINE`.
    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path.display(), self.line(at))
    }

    /// An error at a byte of the file: `FILE:LINE: what`.
    pub(crate) fn error(&self, at: usize, what: &str) -> Error {
        Error::profile(format!("{}: {what}", self.place(at)))
    }

    fn line(&self, at: usize) -> usize {
        let before = self
            .text
            .as_bytes()
            .get(..at)
            .unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    fn cut(&self) -> Result<Layout> {
        let mut connectors: BTreeMap<String, Range<usize>> = BTreeMap::new();
        let mut root_end = None;
        let mut open: Option<(String, usize)> = None;
        let mut last_end = 0;
        for (at, statement) in Statements::of(&self.text) {
            let Some(header) = statement.strip_prefix('[') else {
                if root_end.is_none() && !is_plain_root_key(statement) {
                    return Ok(Layout::Whole);
                }
                continue;
            };
            root_end.get_or_insert(at);
            let Some(name) = connector_of_header(header) else {
                return Ok(Layout::Whole);
            };
            match &open {
                // A sub-table such as [connectors.dev.tags] continues the stretch.
                Some((current, _)) if *current == name.connector && !name.is_top => {}
                _ => {
                    if let Some((current, start)) = open.take() {
                        connectors.insert(current, start..at);
                    }
                    if let Some(earlier) = connectors.get(&name.connector) {
                        if name.is_top {
                            let first = self.line(earlier.start);
                            return Err(self
                                .error(
                                    at,
                                    &format!("connector defined twice, first in line {first}"),
                                )
                                .of(&name.connector)
                                .fix("rename or remove one of them"));
                        }
                        return Ok(Layout::Whole);
                    }
                    open = Some((name.connector, at));
                }
            }
            last_end = self.text.len();
        }
        if let Some((current, start)) = open {
            connectors.insert(current, start..last_end);
        }
        Ok(Layout::Cut {
            root: 0..root_end.unwrap_or(self.text.len()),
            connectors,
        })
    }
}

impl Parsed<'_> {
    /// An error at a place inside this stretch.
    pub(crate) fn error(&self, at: usize, what: &str) -> Error {
        self.document.error(self.offset + at, what)
    }
}

impl Parsed<'_> {
    /// Where a field of a connector stands, or the connector's header.
    pub(crate) fn place(&self, connector: &str, field: &str) -> String {
        let find = |table: &DeTable<'_>, name: &str| {
            table
                .iter()
                .find(|(key, _)| key.get_ref().as_ref() == name)
                .map(|(key, _)| key.span().start)
        };
        let at = match self.table.get("connectors").map(|v| v.get_ref()) {
            Some(DeValue::Table(all)) => match all.get(connector).map(|v| v.get_ref()) {
                Some(DeValue::Table(table)) => find(table, field).or_else(|| find(all, connector)),
                _ => None,
            },
            _ => None,
        };
        self.document.place(self.offset + at.unwrap_or(0))
    }
}

/// A TOML parser's message can span lines; ours may not.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_plain_root_key(statement: &str) -> bool {
    !statement.starts_with("connectors") && !statement.starts_with(['"', '\''])
}

struct HeaderName {
    connector: String,
    is_top: bool,
}

/// The connector that a header such as `[connectors.dev]` or `[connectors.dev.tags]` belongs to;
/// `None` for every other way to write a header, valid or not.
fn connector_of_header(after_bracket: &str) -> Option<HeaderName> {
    let rest = after_bracket.strip_prefix("connectors.")?;
    let (name, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => rest
            .split_at(rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))?),
    };
    if !is_connector_name(name) {
        return None;
    }
    let is_top = if rest.starts_with(']') {
        true
    } else if rest.starts_with('.') {
        false
    } else {
        return None;
    };
    Some(HeaderName {
        connector: name.to_owned(),
        is_top,
    })
}

/// The statements of a TOML text: each header or key with its value, which may span lines.
/// Comments and blank lines are passed over. Text that is not TOML yields some statements or
/// other; the parser has the last word on it.
struct Statements<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Statements<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'t> Iterator for Statements<'t> {
    type Item = (usize, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => self.at = line_end(bytes, self.at),
                _ => break,
            }
        }
        let start = self.at;
        self.at = if bytes.get(start) == Some(&b'[') {
            line_end(bytes, start)
        } else {
            statement_end(bytes, start)
        };
        Some((start, self.text.get(start..self.at).unwrap_or("")))
    }
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |n| from + n)
}

/// The end of `key = value`: the first line break outside strings, arrays and inline tables.
fn statement_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut depth = 0usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' if depth == 0 => return at,
            b'#' => {
                at = line_end(bytes, at);
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => {
                at = string_end(bytes, at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The place after a string that opens at `start`, of any of TOML's four kinds.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes.get(start).copied().unwrap_or(b'"');
    let long = bytes.get(start..start + 3) == Some(&[quote; 3]);
    let mut at = start + if long { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && quote == b'"' {
            at += 2;
        } else if long && bytes.get(at..at + 3) == Some(&[quote; 3]) {
            at += 3;
            // Up to two more quotes belong to the string's content.
            while bytes.get(at) == Some(&quote) {
                at += 1;
            }
            return at;
        } else if !long && (byte == quote || byte == b'\n') {
            return if byte == quote { at + 1 } else { at };
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn document(text: &str) -> Result<Document> {
        Document::new(Path::new("connectors.toml"), text.to_owned())
    }

    #[test]
    fn a_connector_is_found_without_parsing_its_neighbours() {
        let text = "default_connector = \"b\"\n[connectors.a]\nbroken = = =\n[connectors.b]\nregion = \"x\"\n[connectors.b.tags]\nk = \"v\"\n";
        let document = document(text).unwrap();
        assert_eq!(document.names().unwrap(), ["a", "b"]);
        assert!(document.connector("b").unwrap().is_some());
        assert!(document.connector("c").unwrap().is_none());
        let error = document.connector("a").err().unwrap().to_string();
        assert!(
            error.starts_with("connectors.toml:3: not valid TOML"),
            "{error}"
        );
    }

    #[test]
    fn what_looks_like_a_header_inside_a_string_or_array_is_none() {
        let text = "[connectors.a]\npolicy = \"\"\"\n[connectors.evil]\n\"\"\"\nregistries = [\n[\"x\"],\n]\nd = '''\n[connectors.evil]'''\n# [connectors.evil]\n[connectors.b]\n";
        assert_eq!(document(text).unwrap().names().unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_connector_written_twice_is_an_error_that_names_both_lines() {
        let text = "[connectors.a]\n\n[connectors.b]\n[connectors.a]\n";
        let error = document(text).err().unwrap().to_string();
        assert_eq!(
            error,
            "connector 'a': connectors.toml:4: connector defined twice, first in line 1; fix: rename or remove one of them"
        );
    }

    #[test]
    fn other_ways_to_write_the_tables_are_read_too() {
        for text in [
            "[connectors]\na = { region = \"x\" }\n",
            "connectors.a.region = \"x\"\n",
            "[ connectors . a ]\nregion = \"x\"\n",
            "[connectors.a]\nregion = \"x\"\n[connectors.b]\n[connectors.a.tags]\n",
        ] {
            let document = document(text).unwrap();
            assert!(document.connector("a").unwrap().is_some(), "{text}");
        }
    }

    #[test]
    fn cutting_never_panics() {
        proptest::proptest!(|(text in ".{0,200}")| {
            let _ = document(&text).map(|d| d.names());
        });
        proptest::proptest!(|(text in "[\\[\\]\"'#=\n\\\\a.{}]{0,60}")| {
            let _ = document(&text).map(|d| d.names());
        });
    }
}
