//! Locates the connectors in the text of a file by its table headers.

use std::ops::Range;

use super::is_connector_name;
use super::root::LONGEST_NAME;
use super::statements::{Lines, Statements};

/// The positions of the connectors in the text of a file.
#[derive(Debug)]
pub(super) enum Layout {
    /// The part before the first header, then each connector's part, in file order.
    Cut {
        root: Range<usize>,
        connectors: Vec<Stretch>,
    },
    /// A file whose tables are not all written as `[connectors.NAME]`: it is parsed whole.
    Whole,
}

/// A connector's part of the text: its name, and everything from its header on.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) name: Range<usize>,
    pub(super) all: Range<usize>,
}

impl Layout {
    /// Splits a text at its table headers.
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        // Most files have no single quote at all.
        let long_strings = memchr::memmem::find(bytes, b"\"\"\"").is_some()
            || memchr::memchr_iter(b'\'', bytes).any(|at| bytes.get(at..at + 3) == Some(b"'''"));
        // Without multi-line strings, a line that begins with `[connectors.` can only be a header,
        // so checking line starts is enough. Any other line that begins with a bracket may be a
        // header or an array item, and requires the full scan.
        let quick = if long_strings {
            None
        } else {
            cut_at(text, Lines::of(text))
        };
        let headers = || Statements::of(text).filter(|(_, statement)| statement.starts_with('['));
        quick
            .or_else(|| cut_at(text, headers()))
            .unwrap_or(Self::Whole)
    }

    /// The names of all connectors, sorted; `None` if the text was not split.
    pub(super) fn names(&self, text: &str) -> Option<Vec<String>> {
        match self {
            Self::Cut { connectors, .. } => Some(sorted(text, connectors.iter())),
            Self::Whole => None,
        }
    }

    /// The connectors whose text could list a registry of this account (any registry for `None`),
    /// sorted; `None` if the text was not split.
    pub(super) fn may_name_registry(
        &self,
        text: &str,
        account: Option<&str>,
    ) -> Option<Vec<String>> {
        let Self::Cut { connectors, .. } = self else {
            return None;
        };
        // Escapes and macros can hide a registry, so check each connector separately.
        if memchr::memchr2(b'\\', b'$', text.as_bytes()).is_some() {
            let may = |stretch: &&Stretch| {
                let text = slice(text, &stretch.all);
                text.contains('\\')
                    || (text.contains("registries") || text.contains("resource_id"))
                        && account
                            .is_none_or(|account| text.contains(account) || text.contains('$'))
            };
            return Some(sorted(text, connectors.iter().filter(may)));
        }
        let bytes = text.as_bytes();
        let mut at: Vec<usize> = Vec::new();
        for word in ["registries", "resource_id"] {
            at.extend(memchr::memmem::find_iter(bytes, word));
        }
        at.sort_unstable();
        let mut named: Vec<&Stretch> = Vec::new();
        let mut rest = connectors.iter().peekable();
        for found in at {
            while rest.next_if(|stretch| stretch.all.end <= found).is_some() {}
            let Some(stretch) = rest.next_if(|stretch| stretch.all.contains(&found)) else {
                continue;
            };
            let own = slice(text, &stretch.all);
            if account.is_none_or(|account| own.contains(account)) {
                named.push(stretch);
            }
        }
        Some(sorted(text, named.into_iter()))
    }
}

/// Splits at the headers; `None` if one is not written as `[connectors.NAME]`.
fn cut_at<'t>(text: &'t str, headers: impl Iterator<Item = (usize, &'t str)>) -> Option<Layout> {
    let mut connectors: Vec<Stretch> = Vec::new();
    let mut root_end = None;
    for (at, header) in headers {
        root_end.get_or_insert(at);
        let name = connector_of_header(header.strip_prefix('[')?)?;
        if let Some(last) = connectors.last_mut() {
            // A sub-table such as [connectors.dev.tags] continues its connector.
            if !name.is_top && text.get(last.name.clone()) == Some(name.connector) {
                continue;
            }
            last.all.end = at;
        }
        if !name.is_top {
            // A sub-table that does not follow its connector.
            return None;
        }
        let start = at + (name.connector.as_ptr().addr() - header.as_ptr().addr());
        connectors.push(Stretch {
            name: start..start + name.connector.len(),
            all: at..text.len(),
        });
    }
    let root = 0..root_end.unwrap_or(text.len());
    let plain = Statements::of(slice(text, &root)).all(|(_, key)| is_plain_root_key(key));
    plain.then_some(Layout::Cut { root, connectors })
}

fn sorted<'s>(text: &str, connectors: impl Iterator<Item = &'s Stretch>) -> Vec<String> {
    let mut names: Vec<String> = connectors
        .map(|stretch| slice(text, &stretch.name).to_owned())
        .collect();
    names.sort_unstable();
    names
}

/// A part of a text.
pub(super) fn slice<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or("")
}

fn is_plain_root_key(statement: &str) -> bool {
    !statement.starts_with("connectors") && !statement.starts_with(['"', '\''])
}

struct HeaderName<'t> {
    connector: &'t str,
    is_top: bool,
}

/// The connector that a header such as `[connectors.dev]` or `[connectors.dev.tags]` belongs to;
/// `None` if the header is written in any other way, valid or not.
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
