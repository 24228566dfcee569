//! The registries of a connector.

use std::sync::Arc;

use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::profile::{Connector, Profile, RegistryPattern};
use aws_connector_core::request::{Client, Request, Wants};
use aws_connector_core::resource::{Partition, PrivateRegistry, RegistryHost, Resource};
use aws_connector_core::serve::choose;

use super::{calls, obtain};
use crate::app::App;

/// The configured registries: the one that it is limited to, or its `registries`, where an account
/// means its registry in the connector's region.
pub(crate) fn named(connector: &Connector, site: &Site) -> Vec<RegistryHost> {
    let limit = connector.limit.as_ref();
    if let Some(Resource::Registry(host)) = limit.and_then(|limit| limit.resource.as_ref()) {
        return vec![host.clone()];
    }
    let mut named: Vec<RegistryHost> = Vec::new();
    for pattern in &connector.registries {
        let host = match pattern {
            RegistryPattern::Host(host) => host.clone(),
            RegistryPattern::Account(account) => of_account(account.clone(), site),
        };
        if !named.contains(&host) {
            named.push(host);
        }
    }
    named
}

/// The registry of its sessions' account.
pub(crate) fn own(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    site: &Site,
) -> Result<RegistryHost> {
    let name = &connector.name;
    let session = obtain::session(app, profile, name, Some(Resource::AnyRegistry))?;
    let account = match session.account_id.clone() {
        Some(account) => account,
        None => {
            app.sdk
                .caller_identity(site, &session, calls::context(app, profile, name))?
                .account
        }
    };
    Ok(of_account(account, site))
}

fn of_account(account: String, site: &Site) -> RegistryHost {
    RegistryHost::Private(PrivateRegistry {
        account,
        partition: Partition::of_region(&site.region),
        region: site.region.clone(),
        fips: false,
        dual_stack: false,
    })
}

/// The connector that serves a registry to Docker, which passes no name and may run without
/// `AWS_CONNECTOR`.
pub(crate) fn served_by(
    app: &App,
    profile: &Profile,
    registry: &RegistryHost,
) -> Result<Arc<Connector>> {
    let mut variables = app.env.starting_with("");
    variables.remove("AWS_CONNECTOR");
    let request = Request {
        connector: None,
        wants: Wants::RegistryLogin {
            registry: registry.clone(),
        },
        client: Client::Docker,
        may_prompt: false,
    };
    choose(profile, &request, &Env::Fixed(variables))
}

/// Fails unless a connector serves a registry to Docker; the fix makes it do so.
pub(crate) fn require_served(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    registry: &RegistryHost,
) -> Result<()> {
    let (name, host) = (&connector.name, registry.host());
    let (why, fix) = match served_by(app, profile, registry) {
        Ok(found) if found.name == *name => return Ok(()),
        Ok(found) => (
            format!("connector '{}' serves {host} to Docker", found.name),
            None,
        ),
        Err(error) => (error.summary(), error.fix),
    };
    let error = Error::refused(why).of(name);
    Err(match to_serve(profile, connector, registry).or(fix) {
        Some(fix) => error.fix(fix),
        None => error,
    })
}

/// How to make a connector the only one that lists a registry.
fn to_serve(profile: &Profile, connector: &Connector, registry: &RegistryHost) -> Option<String> {
    let host = registry.host();
    let is_it = |pattern: &RegistryPattern| matches!(pattern, RegistryPattern::Host(host) if host == registry);
    let limited_to_it = |connector: &Connector| {
        let limit = connector
            .limit
            .as_ref()
            .and_then(|limit| limit.resource.as_ref());
        matches!(limit, Some(Resource::Registry(host)) if host == registry)
    };
    let without = |connector: &Connector| {
        let mut command = format!("aws-connector update {} --unset registries", connector.name);
        for kept in connector
            .registries
            .iter()
            .filter(|pattern| !is_it(pattern))
        {
            command.push_str(" --registry ");
            command.push_str(&match kept {
                RegistryPattern::Host(host) => host.host(),
                RegistryPattern::Account(account) => account.clone(),
            });
        }
        command
    };
    let mut commands = Vec::new();
    for name in profile.names().ok()? {
        let Ok(other) = profile.connector(&name) else {
            continue;
        };
        if name == connector.name || !other.enabled {
            continue;
        }
        if limited_to_it(&other) {
            // It cannot be made to serve less, so it is the one for the registry.
            let login = "--resource-type docker-registry --resource-id";
            let mut command = format!("aws-connector login {name} {login} {host}");
            if connector.registries.iter().any(is_it) {
                command = format!("{} && {command}", without(connector));
            }
            return Some(format!("run '{command}'"));
        }
        if other.registries.iter().any(is_it) {
            commands.push(without(&other));
        }
    }
    if !connector.registries.iter().any(is_it) && !limited_to_it(connector) {
        let name = &connector.name;
        commands.push(format!("aws-connector update {name} --registry {host}"));
    }
    (!commands.is_empty()).then(|| format!("run '{}'", commands.join(" && ")))
}
