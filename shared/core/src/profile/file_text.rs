//! The text of the connectors file, split at its table headers so that a command parses only the
//! connectors it needs: a thousand others cost one scan.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::layout::{Layout, Stretch, slice};
use crate::error::{Error, Result};
use crate::shown::one_line;

/// The text of a connectors file, and the position of each connector in it.
#[derive(Debug)]
pub(crate) struct FileText {
    /// The path, for messages.
    pub(crate) path: PathBuf,
    text: String,
    layout: Layout,
}

/// A parsed part of the file, with what is needed to locate a value.
pub(crate) struct Parsed<'d> {
    pub(crate) document: &'d FileText,
    pub(crate) table: DeTable<'d>,
    offset: usize,
}

impl FileText {
    pub(crate) fn new(path: &Path, text: String) -> Self {
        Self {
            path: path.to_owned(),
            layout: Layout::of(&text),
            text,
        }
    }

    /// Parses the keys outside of all connectors.
    pub(crate) fn root(&self) -> Result<Parsed<'_>> {
        match &self.layout {
            Layout::Cut { root, .. } => self.parse(root.clone()),
            Layout::Whole => self.parse(0..self.text.len()),
        }
    }

    /// The names of all connectors, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        match self.layout.names(&self.text) {
            Some(names) => {
                if let Some([twice, _]) = names.array_windows().find(|[a, b]| a == b) {
                    self.find(twice)?;
                }
                Ok(names)
            }
            None => {
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

    /// Parses the part with a connector; `None` if the connector does not exist.
    pub(crate) fn connector(&self, name: &str) -> Result<Option<Parsed<'_>>> {
        let range = match &self.layout {
            Layout::Cut { .. } => match self.find(name)? {
                Some(stretch) => stretch.all.clone(),
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

    /// Whether there is a connector of this name.
    pub(crate) fn has(&self, name: &str) -> Result<bool> {
        match &self.layout {
            Layout::Cut { .. } => Ok(self.find(name)?.is_some()),
            Layout::Whole => Ok(self.names()?.iter().any(|known| known == name)),
        }
    }

    /// The connectors whose text could list a registry of this account (any registry for `None`),
    /// sorted. A cheap check that avoids parsing the others.
    pub(crate) fn may_name_registry(&self, account: Option<&str>) -> Result<Vec<String>> {
        match self.layout.may_name_registry(&self.text, account) {
            Some(names) => Ok(names),
            None => self.names(),
        }
    }

    fn find(&self, name: &str) -> Result<Option<&Stretch>> {
        let Layout::Cut { connectors, .. } = &self.layout else {
            return Ok(None);
        };
        let mut all = connectors.iter().filter(|stretch| {
            stretch.name.len() == name.len() && slice(&self.text, &stretch.name) == name
        });
        let first = all.next();
        if let (Some(first), Some(second)) = (first, all.next()) {
            let line = self.line(first.all.start);
            return Err(self
                .error(
                    second.all.start,
                    &format!("duplicate connector, first defined on line {line}"),
                )
                .of(name)
                .fix("rename or remove one of them"));
        }
        Ok(first)
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

    /// An error at a byte offset of the file.
    pub(crate) fn error(&self, at: usize, what: &str) -> Error {
        Error::profile(what).at(self.path.display().to_string(), self.line(at))
    }

    fn line(&self, at: usize) -> usize {
        let before = self
            .text
            .as_bytes()
            .get(..at)
            .unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

impl Parsed<'_> {
    /// An error at an offset in this part.
    pub(crate) fn error(&self, at: usize, what: &str) -> Error {
        self.document.error(self.offset + at, what)
    }

    /// An error in a connector's field. Points to the connector if the field is not set.
    pub(crate) fn field_error(&self, connector: &str, field: &str, what: &str) -> Error {
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
        self.error(at.unwrap_or(0), what).in_field(field)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn document(text: &str) -> FileText {
        FileText::new(Path::new("connectors.toml"), text.to_owned())
    }

    #[test]
    fn a_connector_is_found_without_parsing_its_neighbours() {
        let text = "default_connector = \"b\"\n[connectors.a]\nbroken = = =\n[connectors.b]\nregion = \"x\"\n[connectors.b.tags]\nk = \"v\"\n";
        let document = document(text);
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
    fn a_header_inside_a_string_or_array_is_ignored() {
        let text = "[connectors.a]\npolicy = \"\"\"\n[connectors.evil]\n\"\"\"\nregistries = [\n[\"x\"],\n]\nd = '''\n[connectors.evil]'''\n# [connectors.evil]\n[connectors.b]\n";
        assert_eq!(document(text).names().unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_connector_written_twice_is_an_error_that_names_both_lines() {
        let text = "[connectors.a]\n\n[connectors.b]\n[connectors.a]\n";
        let document = document(text);
        assert!(document.names().is_err() && document.connector("b").is_ok());
        let error = document.connector("a").err().unwrap().to_string();
        assert_eq!(
            error,
            "connector 'a': connectors.toml:4: duplicate connector, first defined on line 1; \
             fix: rename or remove one of them"
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
            let document = document(text);
            assert!(document.connector("a").unwrap().is_some(), "{text}");
        }
    }

    #[test]
    fn a_scan_by_lines_finds_the_same_as_a_full_scan() {
        let piece = proptest::sample::select(vec![
            "[connectors.a]",
            "[connectors.b]",
            "[connectors.a.tags]",
            "[connectors.\"c.d\"]",
            "  [connectors.e]",
            "x = [\n\"[connectors.f]\",\n[\"y\"],\n]",
            "k = \"[connectors.g]\"",
            "# [connectors.h]",
            "[other]",
            "k = 1",
            "",
        ]);
        proptest::proptest!(|(lines in proptest::collection::vec(piece, 0..14))| {
            let text = lines.join("\n");
            // Invalid TOML has no right answer; the parser rejects it later.
            if DeTable::parse(&text).is_err() {
                return Ok(());
            }
            // A comment with a triple quote forces the full scan.
            let thorough = format!("{text}\n# '''");
            assert_eq!(document(&text).names().ok(), document(&thorough).names().ok(), "{text}");
        });
    }

    #[test]
    fn a_registry_is_looked_for_only_where_it_can_be_named() {
        let text = "[connectors.a]\nrole_arn = \"111111111111\"\n[connectors.b]\nregistries = [\"111111111111\"]\n[connectors.c]\nresource_id = \"222222222222\"\n";
        let named = |account| document(text).may_name_registry(account).unwrap();
        assert_eq!(named(Some("111111111111")), ["b"]);
        assert_eq!(named(None), ["b", "c"]);
        let hidden = document(&format!(
            "{text}x-y = \"$\"\n[connectors.d]\nx-z = \"\\u0061\"\n"
        ));
        assert_eq!(
            hidden.may_name_registry(Some("333333333333")).unwrap(),
            ["c", "d"]
        );
    }

    #[test]
    fn cutting_never_panics() {
        proptest::proptest!(|(text in ".{0,200}")| {
            let _ = document(&text).names();
        });
        proptest::proptest!(|(text in "[\\[\\]\"'#=\n\\\\a.{}]{0,60}")| {
            let _ = document(&text).names();
        });
    }
}
