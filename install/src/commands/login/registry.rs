//! Registries: `credHelpers` entries.

use aws_connector_core::error::Result;
use aws_connector_core::profile::Profile;
use aws_connector_core::resource::{RegistryHost, Resource, ResourceType};

use super::job::{Document, Job};
use crate::services::profile_file::ProfileFile;
use crate::services::{calls, obtain, registries};
use crate::wire::{Desk, docker_config, places, resolve};

pub(super) fn login(job: &Job<'_>, wanted: &Resource) -> Result<Document> {
    let name = &job.connector.name;
    let hosts = chosen(job, wanted)?;
    let listing = match hosts.iter().all(|host| serves(job, job.profile, host)) {
        true => None,
        false => Some(Listing::plan(job, &hosts)?),
    };
    let profile = listing.as_ref().map_or(job.profile, |it| &it.profile);
    for registry in &hosts {
        obtain::registry_login(job.app, profile, name, registry)?;
    }
    let hosts: Vec<String> = hosts.iter().map(RegistryHost::host).collect();
    // Docker runs the helper by its name, so it must be installed.
    places::binary(job.app, "docker-credential-aws-connector")?;
    let mut desk = Desk::open(job.app)?;
    if let Some(Listing { file, .. }) = &listing {
        desk.edit(file.path(), |_, _| Ok(Some(file.text())))?;
    }
    let by_hand = docker_config::by_hand(&hosts);
    for path in places::docker_configs(job.app)? {
        job.explained(&by_hand, || {
            desk.edit(&path, |text, record| {
                let text = docker_config::add(text, &hosts, job.consent.force, record)?;
                for host in &hosts {
                    record.registries.insert(host.clone(), name.clone());
                }
                if let Some(listing) = &listing {
                    record.listed.retain(|host| !hosts.contains(host));
                    record.listed.extend(listing.added.iter().cloned());
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

/// The connectors file with the registries that Docker's helper needs to select this connector.
struct Listing {
    file: ProfileFile,
    profile: Profile,
    /// What was added to the connector's `registries`.
    added: Vec<String>,
}

impl Listing {
    fn plan(job: &Job<'_>, hosts: &[RegistryHost]) -> Result<Self> {
        let name = &job.connector.name;
        let mut file = ProfileFile::open(job.app)?;
        let mut desk = Desk::open(job.app)?;
        // What an earlier login added to another connector is not what its user wrote.
        for path in places::docker_configs(job.app)? {
            let record = desk.record.file(&resolve(&path)?);
            for host in hosts.iter().map(RegistryHost::host) {
                let owner = record.registries.get(&host).filter(|owner| *owner != name);
                if let Some(owner) = owner.filter(|_| record.listed.contains(&host)) {
                    file.unlist(owner, &[host]);
                }
            }
        }
        let profile = file.parsed(job.app)?;
        let missing = hosts.iter().filter(|host| !serves(job, &profile, host));
        let added: Vec<String> = missing.map(RegistryHost::host).collect();
        if !added.is_empty() {
            file.list(name, &added)?;
        }
        let profile = file.parsed(job.app)?;
        for host in hosts {
            registries::require_served(job.app, &profile, job.connector, host).or_else(
                |error| {
                    // The file stays as it is, so a fix for its present content is better.
                    registries::require_served(job.app, job.profile, job.connector, host)
                        .and(Err(error))
                },
            )?;
        }
        Ok(Self {
            file,
            profile,
            added,
        })
    }
}

/// Whether Docker's helper selects this connector for a registry by itself.
fn serves(job: &Job<'_>, profile: &Profile, registry: &RegistryHost) -> bool {
    registries::served_by(job.app, profile, registry)
        .is_ok_and(|found| found.name == job.connector.name)
}
