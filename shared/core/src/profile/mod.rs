//! Parses `connectors.toml` into typed connectors.

mod auth;
mod chain;
mod connector;
pub mod duration;
#[cfg(test)]
mod error_texts_test;
pub mod expand;
pub mod field;
#[cfg(test)]
mod field_test;
mod file;
mod file_text;
mod layout;
pub mod limits;
#[cfg(test)]
mod owner_test;
mod read;
mod refusal;
mod resources;
mod root;
mod secret_ref;
mod statements;
mod table;
mod value;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use auth::{
    Auth, CredentialSource, ImplicitSource, KeyPair, Method, Mfa, Origin, Policies, Role, Source,
    Yields,
};
pub use connector::{CacheMode, Connector, Endpoints, Expiry, Limit, RegistryPattern};
pub(crate) use file::{LONGEST_FILE, not_as_root};
pub(crate) use read::SERVICES;
pub use root::is_connector_name;
pub use secret_ref::SecretRef;
pub use value::{Kind, Tags};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::paths::{FILE_VARIABLE, Paths};
use crate::shown::shown;
use crate::suggest::nearest;
use crate::user::{Runner, Trust};
use file::ReadError;
use file_text::FileText;

/// The connector that is used without a connectors file.
pub const BUILT_IN: &str = "implicit";

/// The connectors file; only requested connectors are parsed.
#[derive(Debug)]
pub struct Profile {
    document: Option<FileText>,
    default_connector: Option<String>,
    env: Env,
    /// Where the file would be, if it does not exist.
    wanted_file: Option<PathBuf>,
    /// The path of the file, for the message, if other users can read it.
    readable_by_others: Option<String>,
    /// The file's owner, if it is a user whose commands root must not run and whose references it
    /// must not follow.
    distrusted: Option<String>,
    /// The connectors parsed so far, since a chain may request one repeatedly.
    read: Mutex<Vec<Arc<Connector>>>,
}

impl Profile {
    /// Reads the connectors file. If it does not exist and the environment does not name one, there
    /// is one built-in implicit connector.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or could have been written by another user.
    pub fn load(paths: &Paths, env: &Env) -> Result<Self> {
        let Some(path) = &paths.profile_file else {
            return Ok(Self::built_in(env, None));
        };
        match file::read(path, &Runner::current(env)) {
            Ok(read) => {
                let mut profile = Self::parse(path, read.text, env)?.owned_by(read.owner);
                if read.by_others {
                    profile.readable_by_others = Some(path.display().to_string());
                }
                Ok(profile)
            }
            Err(ReadError::Missing) if !paths.profile_file_named => {
                Ok(Self::built_in(env, Some(path.clone())))
            }
            Err(ReadError::Missing) => Err(Error::profile(format!(
                "{FILE_VARIABLE} names {}, which does not exist",
                path.display()
            ))
            .fix(format!("create the file or unset {FILE_VARIABLE}"))),
            Err(ReadError::Other(error)) => Err(error),
        }
    }

    /// Parses a profile from text; `path` is for messages.
    ///
    /// # Errors
    /// The text is not TOML, or its top-level keys are invalid.
    pub fn parse(path: &Path, text: String, env: &Env) -> Result<Self> {
        let document = FileText::new(path, text);
        let default_connector = root::read(&document, env)?;
        let profile = Self {
            document: Some(document),
            default_connector,
            env: env.clone(),
            wanted_file: None,
            readable_by_others: None,
            distrusted: None,
            read: Mutex::default(),
        };
        if let Some(name) = &profile.default_connector
            && !profile.has(name)?
        {
            return Err(profile.unknown(name, ", but default_connector is set to it"));
        }
        Ok(profile)
    }

    fn built_in(env: &Env, wanted_file: Option<PathBuf>) -> Self {
        Self {
            document: None,
            default_connector: None,
            env: env.clone(),
            wanted_file,
            readable_by_others: None,
            distrusted: None,
            read: Mutex::default(),
        }
    }

    /// Sets the owner of the file. Root does not run the commands of another user's file or follow
    /// its references to secrets.
    #[must_use]
    pub fn owned_by(self, owner: u32) -> Self {
        let runner = Runner::current(&self.env);
        self.owned(owner, &runner)
    }

    fn owned(mut self, owner: u32, runner: &Runner) -> Self {
        if runner.is_root() && runner.trusts(owner) != Trust::Full {
            self.distrusted = Some(runner.describe(owner));
        }
        self
    }

    /// Whether a connectors file exists.
    pub fn has_file(&self) -> bool {
        self.document.is_some()
    }

    /// Where the connectors file would be; `None` if it exists or has no known path.
    pub fn wanted_file(&self) -> Option<&Path> {
        self.wanted_file.as_deref()
    }

    fn has(&self, name: &str) -> Result<bool> {
        self.document
            .as_ref()
            .map_or(Ok(name == BUILT_IN), |document| document.has(name))
    }

    /// The names of all connectors, sorted.
    ///
    /// # Errors
    /// The file is not TOML.
    pub fn names(&self) -> Result<Vec<String>> {
        match &self.document {
            Some(document) => document.names(),
            None => Ok(vec![BUILT_IN.to_owned()]),
        }
    }

    /// `default_connector`; without a connectors file, the built-in one.
    pub fn default_connector(&self) -> Option<&str> {
        match self.document {
            Some(_) => self.default_connector.as_deref(),
            None => Some(BUILT_IN),
        }
    }

    /// Finds a connector by name, and checks everything it refers to.
    ///
    /// # Errors
    /// The connector does not exist, or it or one that it refers to is invalid.
    pub fn connector(&self, name: &str) -> Result<Arc<Connector>> {
        let connector = self.connector_alone(name)?;
        chain::check(self, &connector)?;
        Ok(connector)
    }

    /// Finds a connector by name, without checking what it refers to.
    pub(crate) fn connector_alone(&self, name: &str) -> Result<Arc<Connector>> {
        let read = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = read().iter().find(|c| c.name == name).map(Arc::clone);
        if let Some(connector) = earlier {
            return Ok(connector);
        }
        let connector = Arc::new(self.read_connector(name)?);
        read().push(Arc::clone(&connector));
        Ok(connector)
    }

    fn read_connector(&self, name: &str) -> Result<Connector> {
        let Some(document) = &self.document else {
            return if name == BUILT_IN {
                Ok(read::built_in())
            } else {
                Err(self.unknown(name, ": no connectors file yet"))
            };
        };
        let Some(parsed) = document.connector(name).map_err(|e| e.of(name))? else {
            return Err(self.unknown(name, ""));
        };
        let (connector, has_literal) = read::connector(&parsed, name, &self.env)?;
        if has_literal && let Some(path) = &self.readable_by_others {
            return Err(Error::profile(format!(
                "{path} contains secrets and is readable by other users"
            ))
            .of(name)
            .fix(format!("chmod 600 {path}")));
        }
        if let Some(owner) = &self.distrusted
            && let Some((field, refused)) = chain::reach(&connector)
        {
            let what = format!("{refused} as root: the file belongs to {owner}");
            return Err(self
                .field_error(name, field, &what)
                .fix(not_as_root(&document.path)));
        }
        Ok(connector)
    }

    /// The connectors that could list a registry of this account, by a cheap check.
    pub(crate) fn may_name_registry(&self, account: Option<&str>) -> Result<Vec<String>> {
        self.document.as_ref().map_or(Ok(Vec::new()), |document| {
            document.may_name_registry(account)
        })
    }

    /// An error about a field of a connector that was already parsed.
    pub(crate) fn field_error(&self, connector: &str, field: &str, what: &str) -> Error {
        let placed = self.document.as_ref().and_then(|document| {
            let parsed = document.connector(connector).ok()??;
            Some(parsed.field_error(connector, field, what))
        });
        placed
            .unwrap_or_else(|| Error::profile(what).in_field(field))
            .of(connector)
    }

    fn unknown(&self, name: &str, why: &str) -> Error {
        let names = self.names().unwrap_or_default();
        let file = self.document.as_ref().map_or_else(String::new, |document| {
            format!(" in {}", document.path.display())
        });
        let error = Error::profile(format!("connector {} not found{file}{why}", shown(name)));
        match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => error.fix(format!("did you mean '{near}'?")),
            None if self.document.is_none() => error.fix(match self.wanted_file() {
                Some(path) => format!(
                    "run 'aws-connector register {} --auto-configure' to create {}",
                    if is_connector_name(name) {
                        name
                    } else {
                        "NAME"
                    },
                    path.display()
                ),
                None => format!("set HOME, or {FILE_VARIABLE}"),
            }),
            None if names.is_empty() => {
                error.fix("add [connectors.NAME] with an auth_method to the file")
            }
            None => match names.as_slice() {
                [only] => error.fix(format!("use connector '{only}'")),
                _ => error.fix(format!("use one of {}", first_few(&names))),
            },
        }
    }
}

fn first_few(names: &[String]) -> String {
    let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(8) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}
