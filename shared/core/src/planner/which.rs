//! Chooses the connector for a registry.

use std::sync::Arc;

use super::scope;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::profile::{Connector, Profile, RegistryPattern};
use crate::resource::{RegistryHost, Resource};

/// How specifically a connector lists a registry; the first rank with a candidate decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Host,
    Account,
}

/// The connector for a registry: one that lists its host, else one that lists its account, else
/// `AWS_CONNECTOR`, else `default_connector`. `AWS_CONNECTOR` breaks ties.
///
/// # Errors
/// Two connectors list the registry equally, none serves it, or a candidate is invalid.
pub fn for_registry(
    profile: &Profile,
    registry: &RegistryHost,
    env: &Env,
) -> Result<Arc<Connector>> {
    let chosen = env.get("AWS_CONNECTOR");
    let mut best: Option<(Rank, Vec<Arc<Connector>>)> = None;
    for name in profile.may_name_registry(registry.account())? {
        let connector = profile.connector_alone(&name)?;
        let Some(rank) = rank(&connector, registry) else {
            continue;
        };
        match &mut best {
            Some((held, list)) if *held == rank => list.push(connector),
            Some((held, _)) if *held < rank => {}
            _ => best = Some((rank, vec![connector])),
        }
    }
    if let Some((_, mut candidates)) = best {
        // Enabled connectors win, but a disabled one prevents the fallback to the default.
        if candidates.iter().any(|c| c.enabled) {
            candidates.retain(|c| c.enabled);
        }
        if let Some(at) = candidates
            .iter()
            .position(|c| Some(&c.name) == chosen.as_ref())
        {
            candidates = vec![candidates.swap_remove(at)];
        }
        let names: Vec<_> = candidates.iter().map(|c| c.name.clone()).collect();
        return match names.as_slice() {
            [only] => profile.connector(only),
            _ => Err(Error::profile(format!(
                "connectors {} all list {}",
                names.join(", "),
                registry.host()
            ))
            .fix("set AWS_CONNECTOR to one of them, or list the registry in only one")),
        };
    }
    if let Some(name) = &chosen {
        let connector = profile.connector(name).map_err(|error| {
            // An error inside an existing connector needs no hint about how it was selected.
            if error.connector.is_some() {
                return error;
            }
            error.context("AWS_CONNECTOR")
        })?;
        // Without a default there is no alternative; the plan then reports why it is refused.
        if super::place::may_serve(&connector, registry) || profile.default_connector().is_none() {
            return Ok(connector);
        }
    }
    if let Some(name) = profile.default_connector() {
        let connector = profile.connector(name)?;
        scope::serves_registry(&connector, registry)?;
        return Ok(connector);
    }
    Err(
        Error::profile(format!("no connector found for {}", registry.host())).fix(
            "add the host or its account to a connector's registries, or set default_connector",
        ),
    )
}

fn rank(connector: &Connector, registry: &RegistryHost) -> Option<Rank> {
    let limited_to_it = matches!(
        connector.limit.as_ref().and_then(|limit| limit.resource.as_ref()),
        Some(Resource::Registry(host)) if host == registry
    );
    let named = |pattern: &RegistryPattern| match pattern {
        RegistryPattern::Host(host) if host == registry => Some(Rank::Host),
        RegistryPattern::Account(account) if registry.account() == Some(account) => {
            Some(Rank::Account)
        }
        _ => None,
    };
    let best = connector.registries.iter().filter_map(named).min();
    let best = if limited_to_it {
        Some(Rank::Host)
    } else {
        best
    };
    best.filter(|_| scope::serves_registry(connector, registry).is_ok())
}
