//! The AWS CLI's config and credentials files: their paths, and profiles merged from both.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::ini::{Dialect, Ini, Kind, Property};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::local_secret::expand_home;
use crate::paths::home;
use crate::shown::shown;
use crate::suggest::nearest;

/// The size limit of a configuration file.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Both files, each read once.
pub(super) struct Files {
    config: Read,
    credentials: Read,
}

/// The result of reading a file.
enum Read {
    /// The file was read.
    Ini(Ini),
    /// The file does not exist or has no known path; says where and why.
    Missing(String),
    /// The file cannot be read; says where and why.
    Unreadable(String),
}

/// A profile or session, with the properties of both files.
pub(super) struct Section<'f> {
    /// The profile's or session's name.
    pub(super) name: String,
    /// The file in which it first appears.
    file: &'f Ini,
    /// The line of its header.
    line: usize,
    /// The config file's, then the credentials file's. If a key is repeated, the last one wins.
    properties: Vec<Property<'f>>,
}

impl Dialect {
    /// The path of the file, as the AWS CLI finds it; `None` without a home directory.
    pub fn path(self, env: &Env) -> Option<PathBuf> {
        let (variable, name) = match self {
            Self::Config => ("AWS_CONFIG_FILE", "config"),
            Self::Credentials => ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        };
        let path = match env.get(variable) {
            Some(path) => expand_home(&path, env),
            None => home(env)?.join(".aws").join(name),
        };
        // Absolute, because a child process may have another working directory.
        Some(std::path::absolute(&path).unwrap_or(path))
    }
}

impl Files {
    /// Reads both files.
    pub(super) fn load(env: &Env) -> Self {
        Self {
            config: load(Dialect::Config, env),
            credentials: load(Dialect::Credentials, env),
        }
    }

    fn both(&self) -> impl Iterator<Item = &Ini> {
        [&self.config, &self.credentials]
            .into_iter()
            .filter_map(|read| match read {
                Read::Ini(ini) => Some(ini),
                _ => None,
            })
    }

    /// Finds a section by kind and name.
    ///
    /// # Errors
    /// A line in the section is invalid.
    pub(super) fn section(&self, kind: Kind, name: &str) -> Result<Option<Section<'_>>> {
        let Some((file, line)) = self
            .both()
            .find_map(|ini| ini.line_of(kind, name).map(|line| (ini, line)))
        else {
            return Ok(None);
        };
        let mut properties = Vec::new();
        for ini in self.both() {
            ini.read(kind, name, &mut properties)?;
        }
        Ok(Some(Section {
            name: name.to_owned(),
            file,
            line,
            properties,
        }))
    }

    /// Whether the profile exists.
    pub(super) fn has_profile(&self, name: &str) -> bool {
        self.both().any(|ini| ini.has(Kind::Profile, name))
    }

    /// Where profiles were searched, for messages.
    pub(super) fn places(&self) -> String {
        let place = |read: &Read| match read {
            Read::Ini(ini) => ini.path.display().to_string(),
            Read::Missing(why) | Read::Unreadable(why) => why.clone(),
        };
        format!("{} or {}", place(&self.config), place(&self.credentials))
    }

    /// The first file that cannot be read, and why.
    pub(super) fn unreadable(&self) -> Option<&str> {
        [&self.config, &self.credentials]
            .into_iter()
            .find_map(|read| match read {
                Read::Unreadable(why) => Some(why.as_str()),
                _ => None,
            })
    }

    /// The error for a section that does not exist.
    pub(super) fn unknown(&self, kind: Kind, name: &str) -> Error {
        let what = match kind {
            Kind::Profile => "AWS CLI profile",
            Kind::SsoSession => "sso-session",
            Kind::Services => "services section",
        };
        let error = Error::profile(format!(
            "{what} {} not found in {}",
            shown(name),
            self.places()
        ));
        let known: Vec<_> = self.both().flat_map(|ini| ini.names(kind)).collect();
        match nearest(name, known.iter().map(AsRef::as_ref)) {
            Some(near) => error.fix(format!("did you mean {}?", shown(near))),
            None if kind == Kind::Profile => error.fix(format!(
                "use an existing profile (aws configure list-profiles), or run 'aws configure \
                 --profile {}'",
                shown(name)
            )),
            None => error.fix(format!(
                "add [sso-session {}] (aws configure sso-session)",
                name
            )),
        }
    }
}

impl<'f> Section<'f> {
    /// `FILE:LINE` of its header.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file.path.display(), self.line)
    }

    /// An error about the profile as a whole.
    pub(super) fn wrong(&self, what: &str) -> Error {
        let name = shown(&self.name);
        self.file
            .wrong(self.line, format!("AWS CLI profile {name} {what}"))
    }

    /// All properties; the last one of a key wins.
    pub(super) fn properties(&self) -> impl Iterator<Item = &Property<'f>> {
        self.properties.iter()
    }

    /// The property with this key; the last one wins.
    pub(super) fn property(&self, key: &str) -> Option<&Property<'f>> {
        self.properties
            .iter()
            .rev()
            .find(|property| property.key.eq_ignore_ascii_case(key))
    }

    /// The property with this key, if it has a value.
    pub(super) fn filled(&self, key: &str) -> Option<&Property<'f>> {
        self.property(key).filter(|property| !property.is_empty())
    }

    /// Whether a key has a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.filled(key).is_some()
    }

    /// A key's single-line value, with its property for messages; `None` if empty.
    ///
    /// # Errors
    /// The value spans several lines.
    pub(super) fn get(&self, key: &str) -> Result<Option<(&'f str, &Property<'f>)>> {
        match self.property(key) {
            Some(property) => Ok(property.value()?.map(|value| (value, property))),
            None => Ok(None),
        }
    }

    /// As [`Section::get`], but in one of the files only.
    ///
    /// # Errors
    /// The value spans several lines.
    pub(super) fn get_in(
        &self,
        dialect: Dialect,
        key: &str,
    ) -> Result<Option<(&'f str, &Property<'f>)>> {
        let found = self.properties.iter().rev().find(|property| {
            property.file.dialect == dialect && property.key.eq_ignore_ascii_case(key)
        });
        match found {
            Some(property) => Ok(property.value()?.map(|value| (value, property))),
            None => Ok(None),
        }
    }

    /// The section's text in a normalized form, with the paths of its files, to identify it.
    /// Secrets are omitted so that no `Debug` shows them; the key id identifies them.
    pub(super) fn origin(&self, into: &mut String) {
        let mut file: Option<&Ini> = None;
        for property in &self.properties {
            if file.is_none_or(|file| !std::ptr::eq(file, property.file)) {
                into.push_str(&property.file.path.to_string_lossy());
                into.push_str(" [");
                into.push_str(&self.name);
                into.push_str("]\n");
                file = Some(property.file);
            }
            into.push_str(&property.key.to_ascii_lowercase());
            if !SECRETS
                .iter()
                .any(|secret| property.key.eq_ignore_ascii_case(secret))
            {
                into.push('=');
                for (at, line) in property.raw().enumerate() {
                    if at > 0 {
                        into.push_str("\n ");
                    }
                    into.push_str(line);
                }
            }
            into.push('\n');
        }
    }
}

const SECRETS: [&str; 4] = [
    "aws_secret_access_key",
    "aws_session_token",
    "aws_security_token",
    "external_id",
];

fn load(dialect: Dialect, env: &Env) -> Read {
    let Some(path) = dialect.path(env) else {
        let name = match dialect {
            Dialect::Config => "config",
            Dialect::Credentials => "credentials",
        };
        return Read::Missing(format!("~/.aws/{name} (HOME is not set)"));
    };
    let unreadable = |why: &str| Read::Unreadable(format!("{} ({why})", path.display()));
    let empty = |error| match crate::fs::is_null_device(&path) {
        true => Ok((Zeroizing::default(), None)),
        false => Err(error),
    };
    let read =
        crate::fs::open(&path).and_then(|file| Ok((file.read(LONGEST)?, Some(file.meta().uid()))));
    match read.or_else(empty) {
        Ok((mut bytes, owner)) => match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => {
                let mut ini = Ini::new(path, dialect, Zeroizing::new(text));
                ini.owner = owner;
                Read::Ini(ini)
            }
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let bytes = Zeroizing::new(error.into_bytes());
                let line = 1 + bytes
                    .iter()
                    .take(good)
                    .filter(|byte| **byte == b'\n')
                    .count();
                unreadable(&format!("line {line} is not UTF-8 text"))
            }
        },
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Read::Missing(format!("{} (no such file)", path.display()))
        }
        Err(error) => unreadable(&error.to_string()),
    }
}
