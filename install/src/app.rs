//! What every command uses: the environment, the connectors file and cache, AWS, the terminal.

use std::path::{Path, PathBuf};

use aws_connector_aws::Sdk;
use aws_connector_core::cache::Cache;
use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::paths::{self, FILE_VARIABLE, Paths};
use aws_connector_core::profile::Profile;

use crate::ui::{Output, Ui};

/// The context of a command.
pub(crate) struct App {
    pub(crate) env: Env,
    pub(crate) paths: Paths,
    pub(crate) ui: Ui,
    pub(crate) sdk: Sdk,
}

impl App {
    pub(crate) fn new(output: Output) -> Self {
        let env = Env::Process;
        Self {
            paths: Paths::find(&env),
            ui: Ui::new(output, &env),
            sdk: Sdk::new(),
            env,
        }
    }

    pub(crate) fn profile(&self) -> Result<Profile> {
        Profile::load(&self.paths, &self.env)
    }

    /// The path of `connectors.toml`, whether it exists or not.
    pub(crate) fn profile_file(&self) -> Result<&Path> {
        self.paths.profile_file.as_deref().ok_or_else(|| {
            Error::local("cannot find the folder of connectors.toml")
                .fix(format!("set HOME, or {FILE_VARIABLE}"))
        })
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::open(self.paths.cache_folder.as_deref())
    }

    pub(crate) fn home(&self) -> Result<PathBuf> {
        paths::home(&self.env)
            .ok_or_else(|| Error::local("HOME is not set").fix("set HOME to your home folder"))
    }

    /// The connector's name: the argument, else `AWS_CONNECTOR`, else the default.
    pub(crate) fn name(&self, given: Option<&str>, profile: &Profile) -> Result<String> {
        given
            .map(str::to_owned)
            .or_else(|| self.env.get("AWS_CONNECTOR"))
            .or_else(|| profile.default_connector().map(str::to_owned))
            .ok_or_else(|| {
                Error::usage("no connector is named")
                    .fix("pass a name, or set AWS_CONNECTOR, or default_connector in the connectors file")
            })
    }
}
