//! Registries: `credHelpers` entries.

use aws_connector_core::error::{Error, Result};
use aws_connector_core::request::{Client, Request, Wants};
use aws_connector_core::resource::{RegistryHost, Resource, ResourceType};
use aws_connector_core::serve::choose;

use super::job::{Document, Job};
use crate::services::{calls, obtain, registries};
use crate::wire::{Desk, docker_config, places};

pub(super) fn login(job: &Job<'_>, wanted: &Resource) -> Result<Document> {
    let name = &job.connector.name;
    let hosts = chosen(job, wanted)?;
    for registry in &hosts {
        serves(job, registry)?;
        obtain::registry_login(job.app, job.profile, name, registry)?;
    }
    let hosts: Vec<String> = hosts.iter().map(RegistryHost::host).collect();
    // Docker runs the helper by its name, so it must be installed.
    places::binary(job.app, "docker-credential-aws-connector")?;
    let mut desk = Desk::open(job.app)?;
    let by_hand = docker_config::by_hand(&hosts);
    for path in places::docker_configs(job.app)? {
        job.explained(&by_hand, || {
            desk.edit(&path, |text, record| {
                let text = docker_config::add(text, &hosts, job.consent.force, record)?;
                for host in &hosts {
                    record.registries.insert(host.clone(), name.clone());
                }
                Ok(text)
            })
        })?;
    }
    let changed = desk.apply(job.app, job.consent)?;
    Ok(Document {
        connector: name.clone(),
        resource_type: ResourceType::DockerRegistry.id(),
        try_this: format!(
            "docker pull {}/REPOSITORY",
            hosts.first().map_or("", String::as_str)
        ),
        wired: hosts,
        changed,
        current_context: None,
        switched: false,
    })
}

/// The registries to wire: the requested one, else the connector's, else the account's own.
fn chosen(job: &Job<'_>, wanted: &Resource) -> Result<Vec<RegistryHost>> {
    if let Resource::Registry(host) = wanted {
        return Ok(vec![host.clone()]);
    }
    let site = calls::site(job.app, job.profile, job.connector)?;
    let named = registries::named(job.connector, &site);
    if named.is_empty() {
        registries::own(job.app, job.profile, job.connector, &site).map(|own| vec![own])
    } else {
        Ok(named)
    }
}

/// Docker passes no connector name: the helper must select this connector by itself.
fn serves(job: &Job<'_>, registry: &RegistryHost) -> Result<()> {
    let name = &job.connector.name;
    let request = Request {
        connector: None,
        wants: Wants::RegistryLogin {
            registry: registry.clone(),
        },
        client: Client::Docker,
        may_prompt: false,
    };
    let found = choose(job.profile, &request, &job.app.env).map(|connector| connector.name.clone());
    let why = match found {
        Ok(found) if found == *name => return Ok(()),
        Ok(found) => format!("connector '{found}' serves {} to Docker", registry.host()),
        Err(error) => error.summary(),
    };
    Err(Error::refused(why).of(name).fix(format!(
        "run 'aws-connector update {name} --registry {}'",
        registry.host()
    )))
}
