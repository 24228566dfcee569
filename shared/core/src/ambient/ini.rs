//! AWS's INI dialect, as botocore reads it: sections, `key = value` (or `key: value`), comment
//! lines, deeper-indented lines that continue a value. The index is one pass over the lines; only
//! the requested sections are read, so that a thousand profiles cost little.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::scan::{Item, Scan};
use super::words;
use crate::error::{Error, Result};
use crate::shown::shown;

/// Which of the two files it is: they name their profiles differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `~/.aws/config`: `[profile NAME]`, `[default]`, `[sso-session NAME]`, `[services NAME]`.
    Config,
    /// `~/.aws/credentials`: a section's name is the profile's.
    Credentials,
}

/// What a section is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Profile,
    SsoSession,
    Services,
}

/// One file, with the places of its sections. No `Debug`: the text holds secrets.
pub(super) struct Ini {
    pub(super) path: PathBuf,
    pub(super) dialect: Dialect,
    /// The owner, if known.
    pub(super) owner: Option<u32>,
    text: Zeroizing<String>,
    sections: Vec<Section>,
}

/// Byte offsets into the text.
#[derive(Clone, Copy, Debug)]
struct Section {
    header: (usize, usize),
    body: (usize, usize),
    line: usize,
}

/// One `key = value` of a section that was looked into.
pub(super) struct Property<'t> {
    /// The file that contains it.
    pub(super) file: &'t Ini,
    /// Its line, from 1.
    pub(super) line: usize,
    /// The key as it is written; compare without regard to case.
    pub(super) key: &'t str,
    first: &'t str,
    more: Vec<&'t str>,
}

impl Ini {
    /// Finds the sections. Lines before the first section are ignored.
    pub(super) fn new(path: PathBuf, dialect: Dialect, text: Zeroizing<String>) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        // Some Windows editors start a file with a byte order mark.
        let start = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        let mut scan = Scan::new(&text, start, 0);
        while let Some((item, start, line)) = scan.next() {
            let Item::Header(header) = item else {
                continue;
            };
            if let Some(last) = sections.last_mut() {
                last.body.1 = start;
            }
            sections.push(Section {
                header,
                body: (scan.offset(), text.len()),
                line,
            });
        }
        Self {
            path,
            dialect,
            owner: None,
            text,
            sections,
        }
    }

    /// Whether there is a section of that kind and name.
    pub(super) fn has(&self, kind: Kind, name: &str) -> bool {
        self.named(kind, name).next().is_some()
    }

    /// The names of all sections of a kind.
    pub(super) fn names(&self, kind: Kind) -> impl Iterator<Item = Cow<'_, str>> {
        self.sections
            .iter()
            .filter_map(move |section| self.name_of(section))
            .filter_map(move |(found, name, _)| (found == kind).then_some(name))
    }

    /// The line of the first section of that kind and name.
    pub(super) fn line_of(&self, kind: Kind, name: &str) -> Option<usize> {
        self.named(kind, name).next().map(|section| section.line)
    }

    /// Adds all properties of the sections of that kind and name, in the order of the file.
    ///
    /// # Errors
    /// A line is neither `key = value` nor a comment.
    pub(super) fn read<'t>(
        &'t self,
        kind: Kind,
        name: &str,
        into: &mut Vec<Property<'t>>,
    ) -> Result<()> {
        for section in self.named(kind, name) {
            self.read_section(section, into)?;
        }
        Ok(())
    }

    fn read_section<'t>(&'t self, section: &Section, into: &mut Vec<Property<'t>>) -> Result<()> {
        let text: &'t str = &self.text;
        let before = into.len();
        let mut scan = Scan::new(
            text.get(..section.body.1).unwrap_or(""),
            section.body.0,
            section.line,
        );
        while let Some((item, _, line)) = scan.next() {
            match item {
                Item::Option((start, end)) => {
                    let option = text.get(start..end).unwrap_or("");
                    let Some((key, first)) = option.split_once(['=', ':']) else {
                        return Err(self
                            .wrong(line, "expected 'key = value' or a comment")
                            .fix("fix the line, or comment it out with #"));
                    };
                    into.push(Property {
                        file: self,
                        line,
                        key: key.trim(),
                        first,
                        more: Vec::new(),
                    });
                }
                Item::More((start, end)) => {
                    // Only ever after an option of this very section.
                    if let Some(last) = into.get_mut(before..).and_then(<[_]>::last_mut) {
                        last.more.push(text.get(start..end).unwrap_or(""));
                    }
                }
                Item::Header(_) => {}
            }
        }
        Ok(())
    }

    fn named<'a>(&'a self, kind: Kind, name: &'a str) -> impl Iterator<Item = &'a Section> {
        // Of [default] and [profile default] the latter is meant, and the former not read at all.
        let bare_counts = !(self.dialect == Dialect::Config
            && kind == Kind::Profile
            && name == "default"
            && self.sections.iter().any(|section| {
                self.name_of(section)
                    .is_some_and(|(k, n, bare)| k == kind && n == name && !bare)
            }));
        self.sections.iter().filter(move |section| {
            self.name_of(section)
                .is_some_and(|(k, n, bare)| k == kind && n == name && (bare_counts || !bare))
        })
    }

    /// Kind and name of a section, and whether it is the bare `[default]`.
    fn name_of(&self, section: &Section) -> Option<(Kind, Cow<'_, str>, bool)> {
        let header = self.text.get(section.header.0..section.header.1)?.trim();
        if self.dialect == Dialect::Credentials {
            return Some((Kind::Profile, Cow::Borrowed(header), false));
        }
        if header == "default" {
            return Some((Kind::Profile, Cow::Borrowed(header), true));
        }
        let (kind, rest) = header.split_once(char::is_whitespace)?;
        let kind = match kind {
            "profile" => Kind::Profile,
            "sso-session" => Kind::SsoSession,
            "services" => Kind::Services,
            _ => return None,
        };
        let rest = rest.trim();
        if !rest.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\')) {
            return Some((kind, Cow::Borrowed(rest), false));
        }
        match <[String; 1]>::try_from(words::split(rest)?) {
            Ok([name]) => Some((kind, Cow::Owned(name), false)),
            Err(_) => None,
        }
    }

    /// An error in a line.
    pub(super) fn wrong(&self, line: usize, what: impl Into<String>) -> Error {
        self.place(Error::profile(what), line)
    }

    /// An error that a line led to.
    pub(super) fn place(&self, error: Error, line: usize) -> Error {
        error.at(show_path(&self.path), line)
    }
}

/// A path in a message.
pub(super) fn show_path(path: &Path) -> String {
    plain(&path.display().to_string())
}

/// A text in a message: as it is, unless it could break the line.
pub(super) fn plain(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return shown(text);
    }
    text.to_owned()
}

impl<'t> Property<'t> {
    /// The value on one line, less a comment at its end; `None` for an empty one and for one
    /// that holds sub-properties.
    ///
    /// # Errors
    /// The value goes over several lines, or holds a control character.
    pub(super) fn value(&self) -> Result<Option<&'t str>> {
        let first = without_comment(self.first);
        if first.is_empty() {
            return Ok(None);
        }
        if !self.more.is_empty() || first.chars().any(char::is_control) {
            return Err(self.wrong("spans several lines or contains a control character").fix(
                "write it on one line; a line that is indented deeper than the one above continues it",
            ));
        }
        Ok(Some(first))
    }

    /// The value of `credential_process`: line breaks are spaces, and a `#` within quotes starts
    /// no comment.
    pub(super) fn command(&self) -> Cow<'t, str> {
        let first = words::without_comment(self.first).trim();
        if self.more.is_empty() {
            return Cow::Borrowed(first);
        }
        let mut command = first.to_owned();
        for line in &self.more {
            command.push(' ');
            command.push_str(words::without_comment(line).trim());
        }
        Cow::Owned(command)
    }

    /// Whether it has no value, or only sub-properties.
    pub(super) fn is_empty(&self) -> bool {
        without_comment(self.first).is_empty()
    }

    /// All of the value as it is written.
    pub(super) fn raw(&self) -> impl Iterator<Item = &'t str> {
        std::iter::once(self.first.trim()).chain(self.more.iter().copied())
    }

    /// The value of a sub-property, if it has one.
    pub(super) fn inner(&self, key: &str) -> Option<&'t str> {
        self.more
            .iter()
            .filter(|line| !line.trim_start().starts_with(['#', ';']))
            .filter_map(|line| line.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case(key))
            .map(|(_, value)| without_comment(value))
            .rfind(|value| !value.is_empty())
    }

    /// An error in this property.
    pub(super) fn wrong(&self, what: &str) -> Error {
        let key = self.key.to_ascii_lowercase();
        self.file.wrong(self.line, format!("{key} {what}"))
    }
}

/// A `#` or `;` after whitespace starts a comment. (botocore keeps it in the value; AWS's other
/// SDKs do not, and no value that is read here can hold one.)
fn without_comment(value: &str) -> &str {
    let mut before_is_space = false;
    for (at, c) in value.char_indices() {
        if matches!(c, '#' | ';') && before_is_space {
            return value.get(..at).unwrap_or("").trim();
        }
        before_is_space = c.is_whitespace();
    }
    value.trim()
}
