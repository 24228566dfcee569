//! Where the connectors are in the text of a file, by a look at its table headers.

use std::ops::Range;

use super::is_connector_name;
use super::root::LONGEST_NAME;
use super::statements::{Lines, Statements};

/// Where the connectors are in the text of a file.
#[derive(Debug)]
pub(super) enum Layout {
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
pub(super) struct Stretch {
    pub(super) name: Range<usize>,
    pub(super) all: Range<usize>,
}

impl Layout {
    /// Cuts a text at the headers of its tables.
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        // Most files have no single quote at all.
        let long_strings = memchr::memmem::find(bytes, b"\"\"\"").is_some()
            || memchr::memchr_iter(b'\'', bytes).any(|at| bytes.get(at..at + 3) == Some(b"'''"));
        // Without strings that span lines, a line that begins with `[connectors.` is a header and
        // nothing else, so that looking at where lines begin is enough. Any other line that begins
        // with a bracket may be one, or an item of a list: then all is looked at.
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

    /// The names of all connectors, sorted; `None` where they were not cut.
    pub(super) fn names(&self, text: &str) -> Option<Vec<String>> {
        match self {
            Self::Cut { connectors, .. } => Some(sorted(text, connectors.iter())),
            Self::Whole => None,
        }
    }

    /// The connectors whose text could name a registry of this account (any registry for `None`),
    /// sorted; `None` where they were not cut.
    pub(super) fn may_name_registry(
        &self,
        text: &str,
        account: Option<&str>,
    ) -> Option<Vec<String>> {
        let Self::Cut { connectors, .. } = self else {
            return None;
        };
        // Escapes and macros hide what a text says: then each connector is looked at by itself.
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

/// Cuts at the headers; `None` where one is written in another way than `[connectors.NAME]`.
fn cut_at<'t>(text: &'t str, headers: impl Iterator<Item = (usize, &'t str)>) -> Option<Layout> {
    let mut connectors: Vec<Stretch> = Vec::new();
    let mut root_end = None;
    for (at, header) in headers {
        root_end.get_or_insert(at);
        let name = connector_of_header(header.strip_prefix('[')?)?;
        if let Some(last) = connectors.last_mut() {
            // A sub-table such as [connectors.dev.tags] continues the stretch.
            if !name.is_top && text.get(last.name.clone()) == Some(name.connector) {
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
