//! What refers to a connector.

use aws_connector_core::ambient::ini::Dialect;
use aws_connector_core::profile::{Connector, Profile, SecretRef};
use aws_connector_core::resource::RegistryHost;
use serde::Serialize;

use super::registries;
use crate::app::App;
use crate::wire::{aws_config, docker_config, kubeconfig, places, read_or_empty};

/// What refers to a connector. A file that cannot be read has no references.
#[derive(Serialize)]
pub(crate) struct Usage {
    /// The connectors whose source it is, or that read their secrets with it.
    pub(crate) connectors: Vec<String>,
    pub(crate) aws_profiles: Vec<String>,
    /// The wired registries that it serves to Docker.
    pub(crate) registries: Vec<String>,
    pub(crate) kubeconfig_users: Vec<String>,
}

impl Usage {
    pub(crate) fn of(app: &App, profile: &Profile, name: &str) -> Self {
        Self {
            connectors: connectors(profile, name, |other| {
                is_source(other, name) || fetches(other, name)
            }),
            aws_profiles: aws_profiles(app, profile, name),
            registries: registries_of(app, profile, name),
            kubeconfig_users: kubeconfig_users(app, name),
        }
    }

    /// For people.
    pub(crate) fn lines(&self) -> Vec<String> {
        [
            ("connector", &self.connectors),
            ("AWS CLI profile", &self.aws_profiles),
            ("registry", &self.registries),
            ("kubeconfig user", &self.kubeconfig_users),
        ]
        .into_iter()
        .flat_map(|(what, all)| all.iter().map(move |one| format!("{what} {one}")))
        .collect()
    }
}

/// The connectors whose source it is.
pub(crate) fn dependents(profile: &Profile, name: &str) -> Vec<String> {
    connectors(profile, name, |other| is_source(other, name))
}

fn connectors(profile: &Profile, name: &str, refers: impl Fn(&Connector) -> bool) -> Vec<String> {
    let mut names = profile.names().unwrap_or_default();
    names.retain(|other| {
        other != name && profile.connector(other).is_ok_and(|other| refers(&other))
    });
    names
}

fn is_source(connector: &Connector, name: &str) -> bool {
    connector.auth.source_connector() == Some(name)
}

/// Whether a connector reads secrets with another one's session.
fn fetches(connector: &Connector, name: &str) -> bool {
    connector.auth.secrets().iter().any(|(_, secret)| {
        matches!(secret, SecretRef::Ssm { connector: Some(other), .. } if other == name)
    })
}

fn aws_profiles(app: &App, profile: &Profile, name: &str) -> Vec<String> {
    let text = places::aws_config(app).map_or_else(|_| String::new(), |path| read_or_empty(&path));
    let calls = |wired: &String| {
        let settings = aws_config::settings(&text, wired).unwrap_or_default();
        let mut settings = settings.iter();
        settings.any(|(key, command)| {
            let (program, connector) = aws_config::program_and_connector(command);
            let connector = connector.as_deref().or(profile.default_connector());
            key == "credential_process" && program.is_some() && connector == Some(name)
        })
    };
    let mut names = aws_config::profile_names(&text, Dialect::Config);
    names.retain(calls);
    names
}

fn registries_of(app: &App, profile: &Profile, name: &str) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for path in places::docker_configs(app).unwrap_or_default() {
        hosts.extend(docker_config::wired(&read_or_empty(&path)));
    }
    hosts.sort();
    hosts.dedup();
    hosts.retain(|host| {
        RegistryHost::parse(host).is_some_and(|registry| {
            registries::served_by(app, profile, &registry).is_ok_and(|found| found.name == name)
        })
    });
    hosts
}

fn kubeconfig_users(app: &App, name: &str) -> Vec<String> {
    let paths = places::kubeconfigs(app).unwrap_or_default();
    let wired = paths
        .iter()
        .flat_map(|path| kubeconfig::wired(&read_or_empty(path)));
    wired
        .filter(|(_, connector, _)| connector == name)
        .map(|(user, ..)| user)
        .collect()
}
