//! Ambient credentials: environment variables, the AWS CLI's files, endpoints near the machine.
//! Resolved to plain data without running a program, calling a service or opening any other file.

mod aws_profile;
mod chain;
mod container;
mod endpoints;
mod environment;
mod files;
pub mod ini;
mod process;
mod property;
mod role;
mod scan;
mod sso;
mod words;

#[cfg(test)]
mod cases_test;
#[cfg(test)]
mod ini_test;

use std::borrow::Cow;
use std::cell::OnceCell;

pub use words::split as split_command;

use crate::env::Env;
use crate::error::Result;
use crate::plan::{How, Site, Step};
use crate::profile::ImplicitSource;
use crate::user::Runner;
use files::Files;

/// The ambient sources of this process. The AWS CLI's files are read once, when first needed.
pub struct Surroundings<'e> {
    env: &'e Env,
    runner: Runner,
    files: OnceCell<Files>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Surroundings")
    }
}

impl<'e> Surroundings<'e> {
    /// Creates the ambient sources of an environment.
    pub fn new(env: &'e Env) -> Self {
        Self {
            env,
            runner: Runner::current(env),
            files: OnceCell::new(),
        }
    }

    /// Resolves a source to the step that yields its credentials. `process_environment` is the
    /// connector's field of that name.
    ///
    /// # Errors
    /// The source is not configured, or is invalid. Every error names the variable, or the file,
    /// line, profile and key.
    pub fn resolve(
        &self,
        source: &ImplicitSource,
        connector: &str,
        process_environment: &[String],
        site: &Site,
    ) -> Result<Step> {
        let look = Look {
            connector,
            process_environment,
            site,
            env: self.env,
            around: self,
        };
        match source {
            ImplicitSource::Chain => chain::first(&look),
            ImplicitSource::Pinned(source) => chain::only(&look, *source),
            ImplicitSource::Profile(name) => aws_profile::named(&look, name),
        }
        .map_err(|error| {
            error
                .of(connector)
                .fix("correct it there, or set another source in the connector")
        })
    }

    /// The `region` of an AWS CLI profile; without a name, of the one that the environment names,
    /// or of `default`. Problems in the files are reported when credentials are looked up.
    pub fn profile_region(&self, profile: Option<&str>) -> Option<String> {
        let name = self.profile_name(profile);
        let section = self.files().section(ini::Kind::Profile, &name).ok()??;
        let (region, _) = section.get("region").ok()??;
        Some(region.to_owned())
    }

    /// The profile of that name, else of the environment, else `default`.
    fn profile_name<'n>(&self, profile: Option<&'n str>) -> Cow<'n, str> {
        match profile {
            Some(name) => Cow::Borrowed(name),
            None => aws_profile::from_environment(self.env)
                .map_or(Cow::Borrowed(aws_profile::DEFAULT), Cow::Owned),
        }
    }

    fn files(&self) -> &Files {
        self.files.get_or_init(|| Files::load(self.env))
    }
}

/// As [`Surroundings::resolve`], for a single lookup without a connectors file.
///
/// # Errors
/// As [`Surroundings::resolve`].
pub fn resolve(source: &ImplicitSource, connector: &str, site: &Site, env: &Env) -> Result<Step> {
    Surroundings::new(env).resolve(source, connector, &[], site)
}

/// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
pub fn environment_region(env: &Env) -> Option<String> {
    env.get("AWS_REGION")
        .or_else(|| env.get("AWS_DEFAULT_REGION"))
}

/// As [`Surroundings::profile_region`], for a single lookup.
pub fn profile_region(profile: Option<&str>, env: &Env) -> Option<String> {
    Surroundings::new(env).profile_region(profile)
}

/// The context of a lookup.
struct Look<'a> {
    connector: &'a str,
    process_environment: &'a [String],
    site: &'a Site,
    env: &'a Env,
    around: &'a Surroundings<'a>,
}

/// The result of looking up one source.
enum Found {
    /// It is configured.
    Step(Box<Step>),
    /// It is not configured, for this reason.
    No(Cow<'static, str>),
}

impl Found {
    fn nothing(why: &'static str) -> Self {
        Self::No(Cow::Borrowed(why))
    }
}

impl Look<'_> {
    /// The AWS CLI's files.
    fn files(&self) -> &Files {
        self.around.files()
    }

    fn step(&self, how: How) -> Step {
        Step::new(self.connector, self.site, how)
    }

    fn found(&self, how: How) -> Found {
        Found::Step(Box::new(self.step(how)))
    }
}
