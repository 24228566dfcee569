//! The environment as a value, so that tests need not change the process's own.

use std::collections::BTreeMap;
use std::env::VarError;

use crate::passwd;
use crate::sys::user::real_uid;

/// The source of environment variables.
#[derive(Clone, Debug)]
pub enum Env {
    /// This process's environment.
    Process,
    /// A fixed set of variables.
    Fixed(BTreeMap<String, String>),
}

impl Env {
    /// Creates a fixed environment from pairs.
    pub fn fixed<const N: usize>(vars: [(&str, &str); N]) -> Self {
        Self::Fixed(
            vars.into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// The value of a variable. An empty one counts as unset, as in AWS's own tools. A value that
    /// is not UTF-8 becomes one that matches nothing: treating it as unset could select somebody
    /// else's credentials.
    pub fn get(&self, name: &str) -> Option<String> {
        self.get_raw(name).filter(|value| !value.is_empty())
    }

    /// The value of a variable, even if empty.
    pub fn get_raw(&self, name: &str) -> Option<String> {
        match self {
            Self::Process => match std::env::var(name) {
                Ok(value) => Some(value),
                Err(VarError::NotPresent) => None,
                Err(VarError::NotUnicode(value)) => Some(value.to_string_lossy().into_owned()),
            },
            Self::Fixed(vars) => vars.get(name).cloned(),
        }
    }

    /// The variables whose names start with a prefix, sorted by name.
    pub fn starting_with(&self, prefix: &str) -> BTreeMap<String, String> {
        match self {
            Self::Process => std::env::vars_os()
                .filter(|(name, _)| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
                .map(|(name, value)| {
                    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
                    (text(name), text(value))
                })
                .collect(),
            Self::Fixed(vars) => vars
                .iter()
                .filter(|(name, _)| name.starts_with(prefix))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        }
    }

    /// Whether a variable is set to something that is not UTF-8.
    pub fn is_garbled(&self, name: &str) -> bool {
        match self {
            Self::Process => {
                std::env::var(name).is_err_and(|error| matches!(error, VarError::NotUnicode(_)))
            }
            Self::Fixed(_) => false,
        }
    }

    /// Whether a variable is set to one of `1`, `true`, `on`, `yes` in any case.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| {
            ["1", "true", "on", "yes"]
                .iter()
                .any(|on| v.eq_ignore_ascii_case(on))
        })
    }

    /// Whether a variable is set to one of `0`, `false`, `off`, `no` in any case.
    pub fn is_off(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| {
            ["0", "false", "off", "no"]
                .iter()
                .any(|off| v.eq_ignore_ascii_case(off))
        })
    }

    /// The name of the user of this process: `USER`, `LOGNAME` or `USERNAME`, else, as under cron,
    /// the system's name, else the numeric user id.
    pub fn user(&self) -> String {
        ["USER", "LOGNAME", "USERNAME"]
            .iter()
            .find_map(|name| self.get(name))
            .unwrap_or_else(|| {
                let uid = real_uid();
                let name = passwd::user(uid).and_then(|user| user.name);
                name.unwrap_or_else(|| format!("uid-{uid}"))
            })
    }
}
