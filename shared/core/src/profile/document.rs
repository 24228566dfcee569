//! The connectors file as text, cut at its table headers so that a command parses only the
//! connectors it needs: a thousand others cost one pass over their bytes.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::statements::{Lines, Statements};
use super::{LONGEST_NAME, is_connector_name};
use crate::error::{Error, Result};
use crate::shown::one_line;

/// The text of a connectors file, and where each connector is in it.
#[derive(Debug)]
pub(crate) struct Document {
    /// The file, for messages.
    pub(crate) path: PathBuf,
    text: String,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    /// Everything before the first header, then each connector's own stretch of the file, in the
    /// order of the file.
    Cut {
        root: Range<usize>,
        connectors: Vec<Stretch>,
    },
    /// A file whose tables are written in another way than `[connectors.NAME]`: parsed whole.
    Whole,
}

/// Where a connector is in the text: its name, and everything from its header on.
#[derive(Clone, Debug)]
struct Stretch {
    name: Range<usize>,
    all: Range<usize>,
}

/// A stretch of the file after parsing, with what is needed to say where a value is.
pub(crate) struct Parsed<'d> {
    pub(crate) document: &'d Document,
    pub(crate) table: DeTable<'d>,
    offset: usize,
}

impl Document {
    pub(crate) fn new(path: &Path, text: String) -> Self {
        let mut document = Self {
            path: path.to_owned(),
            text,
            layout: Layout::Whole,
        };
        document.layout = document.cut();
        document
    }

    /// The keys outside of all connectors.
    pub(crate) fn root(&self) -> Result<Parsed<'_>> {
        match &self.layout {
            Layout::Cut { root, .. } => self.parse(root.clone()),
            Layout::Whole => self.parse(0..self.text.len()),
        }
    }

    /// The names of all connectors, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        match &self.layout {
            Layout::Cut { connectors, .. } => {
                let mut names: Vec<String> = connectors
                    .iter()
                    .map(|stretch| self.slice(&stretch.name).to_owned())
                    .collect();
                names.sort_unstable();
                if let Some([twice, _]) = names.array_windows().find(|[a, b]| a == b) {
                    self.find(twice)?;
                }
                Ok(names)
            }
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

    /// The part of the text with a connector; `None` if the connector does not exist.
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

    /// The connectors whose text could name a registry of this account (any registry for `None`),
    /// sorted: a cheap look that spares parsing the many that cannot.
    pub(crate) fn may_name_registry(&self, account: Option<&str>) -> Result<Vec<String>> {
        let Layout::Cut { connectors, .. } = &self.layout else {
            return self.names();
        };
        // Escapes and macros hide what a text says: then each connector is looked at by itself.
        if memchr::memchr2(b'\\', b'$', self.text.as_bytes()).is_some() {
            let may = |stretch: &&Stretch| {
                let text = self.slice(&stretch.all);
                text.contains('\\')
                    || (text.contains("registries") || text.contains("resource_id"))
                        && account
                            .is_none_or(|account| text.contains(account) || text.contains('$'))
            };
            let mut names: Vec<String> = connectors
                .iter()
                .filter(may)
                .map(|stretch| self.slice(&stretch.name).to_owned())
                .collect();
            names.sort_unstable();
            return Ok(names);
        }
        let bytes = self.text.as_bytes();
        let mut at: Vec<usize> = Vec::new();
        for word in ["registries", "resource_id"] {
            at.extend(memchr::memmem::find_iter(bytes, word));
        }
        at.sort_unstable();
        let mut names: Vec<String> = Vec::new();
        let mut rest = connectors.iter().peekable();
        for found in at {
            while rest.next_if(|stretch| stretch.all.end <= found).is_some() {}
            let Some(stretch) = rest.next_if(|stretch| stretch.all.contains(&found)) else {
                continue;
            };
            let text = self.slice(&stretch.all);
            if account.is_none_or(|account| text.contains(account)) {
                names.push(self.slice(&stretch.name).to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or("")
    }

    fn find(&self, name: &str) -> Result<Option<&Stretch>> {
        let Layout::Cut { connectors, .. } = &self.layout else {
            return Ok(None);
        };
        let mut all = connectors.iter().filter(|stretch| {
            stretch.name.len() == name.len() && self.slice(&stretch.name) == name
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

    /// An error at a byte of the file.
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

    fn cut(&self) -> Layout {
        let text = self.text.as_str();
        let bytes = text.as_bytes();
        // Most files have no single quote at all.
        let long_strings = memchr::memmem::find(bytes, b"\"\"\"").is_some()
            || memchr::memchr_iter(b'\'', bytes).any(|at| bytes.get(at..at + 3) == Some(b"'''"));
        let cut = if long_strings {
            self.cut_at(Statements::of(text).filter_map(|(at, statement)| {
                statement.starts_with('[').then_some((at, statement))
            }))
        } else {
            // Without strings that span lines, a line that begins with `[connectors.` is a header
            // and nothing else, so that looking at where lines begin is enough. Any other line
            // that begins with a bracket may be one, or an item of a list: then all is looked at.
            match self.cut_at(Lines::of(text)) {
                None => self.cut_at(Statements::of(text).filter_map(|(at, statement)| {
                    statement.starts_with('[').then_some((at, statement))
                })),
                cut => cut,
            }
        };
        cut.unwrap_or(Layout::Whole)
    }

    /// Cuts at the headers; `None` where one is written in another way than `[connectors.NAME]`.
    fn cut_at<'t>(&self, headers: impl Iterator<Item = (usize, &'t str)>) -> Option<Layout> {
        let mut connectors: Vec<Stretch> = Vec::new();
        let mut root_end = None;
        for (at, header) in headers {
            root_end.get_or_insert(at);
            let name = connector_of_header(header.strip_prefix('[')?)?;
            if let Some(last) = connectors.last_mut() {
                // A sub-table such as [connectors.dev.tags] continues the stretch.
                if !name.is_top && self.text.get(last.name.clone()) == Some(name.connector) {
                    continue;
                }
                last.all.end = at;
            }
            if !name.is_top {
                // A sub-table away from its connector.
                return None;
            }
            let start = at + (name.connector.as_ptr().addr() - header.as_ptr().addr());
            connectors.push(Stretch {
                name: start..start + name.connector.len(),
                all: at..self.text.len(),
            });
        }
        let root = 0..root_end.unwrap_or(self.text.len());
        let plain = Statements::of(self.slice(&root)).all(|(_, key)| is_plain_root_key(key));
        plain.then_some(Layout::Cut { root, connectors })
    }
}

impl Parsed<'_> {
    /// An error at a place inside this stretch.
    pub(crate) fn error(&self, at: usize, what: &str) -> Error {
        self.document.error(self.offset + at, what)
    }

    /// An error in a connector's field; it points to the connector if it does not set the field.
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

fn is_plain_root_key(statement: &str) -> bool {
    !statement.starts_with("connectors") && !statement.starts_with(['"', '\''])
}

struct HeaderName<'t> {
    connector: &'t str,
    is_top: bool,
}

/// The connector that a header such as `[connectors.dev]` or `[connectors.dev.tags]` belongs to;
/// `None` for every other way to write a header, valid or not.
fn connector_of_header(after_bracket: &str) -> Option<HeaderName<'_>> {
    let rest = after_bracket.strip_prefix("connectors.")?;
    let (name, rest) = match rest.strip_prefix('"') {
        Some(quoted) => {
            let (name, rest) = quoted.split_once('"')?;
            if !is_connector_name(name) {
                return None;
            }
            (name, rest)
        }
        None => {
            let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            let length = rest.bytes().position(|byte| !is_bare(byte))?;
            if !(1..=LONGEST_NAME).contains(&length) {
                return None;
            }
            rest.split_at_checked(length)?
        }
    };
    let is_top = match rest.bytes().next()? {
        b']' => true,
        b'.' => false,
        _ => return None,
    };
    Some(HeaderName {
        connector: name,
        is_top,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn document(text: &str) -> Document {
        Document::new(Path::new("connectors.toml"), text.to_owned())
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
            // A comment with a long quote sends it the thorough way.
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
