//! Parses AWS's INI dialect as botocore does: sections, `key = value` (or `key: value`), comment
//! lines, and deeper-indented continuation lines. One pass indexes the file and only requested
//! sections are parsed, so a thousand profiles cost little.
//!
//! Nothing else parses these files: `login` and `logout` edit them at the offsets found here.

use std::borrow::Cow;
use std::ops::Range;
use std::path::PathBuf;

use zeroize::Zeroizing;

pub use super::property::Property;
use super::scan::{Item, Scan};
use super::words;
use crate::error::{Error, Result};

/// Which of the two files it is; they name profiles differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `~/.aws/config`: `[profile NAME]`, `[default]`, `[sso-session NAME]`, `[services NAME]`.
    Config,
    /// `~/.aws/credentials`: the section's name is the profile's.
    Credentials,
}

/// The kind of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A profile.
    Profile,
    /// `[sso-session NAME]`
    SsoSession,
    /// `[services NAME]`
    Services,
}

/// One file, with the offsets of its sections. No `Debug`: the text contains secrets.
pub struct Ini {
    pub(super) path: PathBuf,
    pub(super) dialect: Dialect,
    /// The owner, if known.
    pub(super) owner: Option<u32>,
    text: Zeroizing<String>,
    sections: Vec<Span>,
    /// The first line that belongs to no section.
    stray: Option<usize>,
}

/// A section, as byte offsets into the text.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// The start of its header line.
    start: usize,
    header: (usize, usize),
    body: (usize, usize),
    line: usize,
}

/// A section of one file.
#[derive(Clone, Copy)]
pub struct Section<'t> {
    ini: &'t Ini,
    span: &'t Span,
}

/// A line (from 1) that is neither `key = value` nor a comment.
#[derive(Clone, Copy, Debug)]
pub struct BadLine(pub usize);

impl Ini {
    /// Finds the sections of a text. Errors do not name a file.
    pub fn parse(text: &str, dialect: Dialect) -> Self {
        let text = Zeroizing::new(text.to_owned());
        Self::new(PathBuf::new(), dialect, text)
    }

    /// Finds the sections. Lines before the first section are ignored, except by [`Ini::stray`].
    pub(super) fn new(path: PathBuf, dialect: Dialect, text: Zeroizing<String>) -> Self {
        let mut sections: Vec<Span> = Vec::new();
        // Some Windows editors start a file with a byte order mark.
        let start = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        let mut stray = (start > 0).then_some(1);
        let mut scan = Scan::new(&text, start, 0);
        while let Some((item, start, line)) = scan.next() {
            let Item::Header(header) = item else {
                if sections.is_empty() {
                    stray = stray.or(Some(line));
                }
                continue;
            };
            if let Some(last) = sections.last_mut() {
                last.body.1 = start;
            }
            sections.push(Span {
                start,
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
            stray,
        }
    }

    /// The first line outside a section, or line 1 if the file starts with a byte order mark. The
    /// AWS CLI rejects such a file.
    pub fn stray(&self) -> Option<usize> {
        self.stray
    }

    /// All sections, in the order of the file.
    pub fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        self.sections
            .iter()
            .map(move |span| Section { ini: self, span })
    }

    /// Whether there is a section of that kind and name.
    pub fn has(&self, kind: Kind, name: &str) -> bool {
        self.named(kind, name).next().is_some()
    }

    /// The names of all sections of a kind.
    pub fn names(&self, kind: Kind) -> impl Iterator<Item = Cow<'_, str>> {
        self.sections()
            .filter_map(|section| section.name())
            .filter_map(move |(found, name, _)| (found == kind).then_some(name))
    }

    /// The line of the first section of that kind and name.
    pub(super) fn line_of(&self, kind: Kind, name: &str) -> Option<usize> {
        self.named(kind, name).next().map(|section| section.line())
    }

    /// Adds all properties of the sections of that kind and name, in the order of the file.
    ///
    /// # Errors
    /// A line is neither `key = value` nor a comment.
    pub fn read<'t>(&'t self, kind: Kind, name: &str, into: &mut Vec<Property<'t>>) -> Result<()> {
        for section in self.named(kind, name) {
            into.extend(section.properties().map_err(|BadLine(line)| {
                self.wrong(line, "expected 'key = value' or a comment")
                    .fix("fix the line, or comment it out with #")
            })?);
        }
        Ok(())
    }

    fn named<'t>(&'t self, kind: Kind, name: &str) -> impl Iterator<Item = Section<'t>> {
        // If [default] and [profile default] exist, only the latter counts.
        let bare_counts = !(self.dialect == Dialect::Config
            && kind == Kind::Profile
            && name == "default"
            && self.sections().any(|section| {
                section
                    .name()
                    .is_some_and(|(k, n, bare)| k == kind && n == name && !bare)
            }));
        self.sections().filter(move |section| {
            section
                .name()
                .is_some_and(|(k, n, bare)| k == kind && n == name && (bare_counts || !bare))
        })
    }

    /// An error in a line.
    pub(super) fn wrong(&self, line: usize, what: impl Into<String>) -> Error {
        self.place(Error::profile(what), line)
    }

    /// Adds the file and line to an error.
    pub(super) fn place(&self, error: Error, line: usize) -> Error {
        error.at(self.path.display().to_string(), line)
    }
}

impl<'t> Section<'t> {
    /// The text between the brackets.
    pub fn header(&self) -> &'t str {
        let (start, end) = self.span.header;
        self.ini.text.get(start..end).unwrap_or("")
    }

    /// The line of the header, from 1.
    pub fn line(&self) -> usize {
        self.span.line
    }

    /// Whether the section has this kind and name.
    pub fn is(&self, kind: Kind, name: &str) -> bool {
        self.name().is_some_and(|(k, n, _)| k == kind && n == name)
    }

    /// Its kind and name, and whether it is the bare `[default]`.
    fn name(&self) -> Option<(Kind, Cow<'t, str>, bool)> {
        let header = self.header().trim();
        if self.ini.dialect == Dialect::Credentials {
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

    /// The byte range from its header to its last line that is not blank or a comment.
    pub fn range(&self) -> Range<usize> {
        let mut scan = self.scan();
        let mut end = scan.offset();
        while scan.next().is_some() {
            end = scan.offset();
        }
        self.span.start..end
    }

    /// Its properties, in the order of the file.
    ///
    /// # Errors
    /// A line is neither `key = value` nor a comment.
    pub fn properties(&self) -> Result<Vec<Property<'t>>, BadLine> {
        let piece = |(start, end)| self.ini.text.get(start..end).unwrap_or("");
        let mut all: Vec<Property<'t>> = Vec::new();
        let mut scan = self.scan();
        while let Some((item, _, line)) = scan.next() {
            match item {
                Item::Option(option) => {
                    let (key, first) = piece(option).split_once(['=', ':']).ok_or(BadLine(line))?;
                    all.push(Property {
                        file: self.ini,
                        line,
                        key: key.trim(),
                        first,
                        more: Vec::new(),
                    });
                }
                Item::More(more) => {
                    if let Some(last) = all.last_mut() {
                        last.more.push(piece(more));
                    }
                }
                Item::Header(_) => {}
            }
        }
        Ok(all)
    }

    fn scan(&self) -> Scan<'t> {
        let (start, end) = self.span.body;
        let text = self.ini.text.get(..end).unwrap_or("");
        Scan::new(text, start, self.span.line)
    }
}
