//! What the surroundings offer: environment variables, the AWS CLI's files, endpoints near the
//! machine. Resolved to plain data without running, asking or opening anything but those files.

mod aws_profile;
mod chain;
mod container;
mod endpoints;
mod environment;
mod files;
mod ini;
mod process;
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

pub use endpoints::{ProfileEndpoints, profile_endpoints};
pub use words::split as split_command;

use crate::env::Env;
use crate::error::Result;
use crate::plan::{How, Site, Step};
use crate::profile::ImplicitSource;
use files::Files;

/// The step that yields a source's credentials.
///
/// # Errors
/// Nothing is configured there, or what is configured is wrong; every text names the variable, or
/// the file, line, profile and key.
pub fn resolve(source: &ImplicitSource, connector: &str, site: &Site, env: &Env) -> Result<Step> {
    let look = Look {
        connector,
        site,
        env,
        files: OnceCell::new(),
    };
    match source {
        ImplicitSource::Chain => chain::first(&look),
        ImplicitSource::Pinned(source) => chain::only(&look, *source),
        ImplicitSource::Profile(name) => aws_profile::named(&look, name),
    }
    .map_err(|error| {
        error
            .of(connector)
            .fix("correct it there, or let the connector name another source")
    })
}

/// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
pub fn environment_region(env: &Env) -> Option<String> {
    env.get("AWS_REGION")
        .or_else(|| env.get("AWS_DEFAULT_REGION"))
}

/// The `region` of an AWS CLI profile; without a name, of the one that the environment names, or
/// of `default`. What is wrong with the files comes out when credentials are looked for there.
pub fn profile_region(profile: Option<&str>, env: &Env) -> Option<String> {
    let named = match profile {
        Some(_) => None,
        None => aws_profile::from_environment(env),
    };
    let name = profile.or(named.as_deref()).unwrap_or(aws_profile::DEFAULT);
    let files = Files::load(env);
    let section = files.section(ini::Kind::Profile, name).ok()??;
    let (region, _) = section.get("region").ok()??;
    Some(region.to_owned())
}

/// What a look around needs.
struct Look<'a> {
    connector: &'a str,
    site: &'a Site,
    env: &'a Env,
    files: OnceCell<Files>,
}

/// What one source answered.
enum Found {
    /// It is configured.
    Step(Box<Step>),
    /// It is not, and why.
    No(Cow<'static, str>),
}

impl Found {
    fn nothing(why: &'static str) -> Self {
        Self::No(Cow::Borrowed(why))
    }
}

impl Look<'_> {
    /// The AWS CLI's files, read when they are first needed.
    fn files(&self) -> &Files {
        self.files.get_or_init(|| Files::load(self.env))
    }

    fn step(&self, how: How) -> Step {
        Step {
            connector: self.connector.to_owned(),
            site: self.site.clone(),
            how,
        }
    }

    fn found(&self, how: How) -> Found {
        Found::Step(Box::new(self.step(how)))
    }
}
