//! The scope of a session, and the session policy that limits it to that scope.

use crate::error::{Error, Result};
use crate::profile::{Connector, Limit, RegistryPattern};
use crate::request::{Request, Wants};
use crate::resource::{
    Partition, PolicyScope, RegistryHost, Resource, ResourceType, session_policy,
};
use crate::shown::shown;

/// What a session is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everything that the credentials allow.
    Unrestricted,
    /// One resource, or all of a type.
    Resource(Resource),
    /// The private registries of these accounts (all if empty) in a region.
    Registries {
        accounts: Vec<String>,
        region: String,
    },
    /// ECR Public.
    PublicRegistry,
    /// Calling sts:GetCallerIdentity.
    Identity,
}

/// The scope of a request, if the connector allows it.
pub(super) fn of(connector: &Connector, request: &Request) -> Result<Scope> {
    Ok(match &request.wants {
        Wants::Session { resource: None } => match &connector.limit {
            None => Scope::Unrestricted,
            Some(Limit {
                resource_type,
                resource,
            }) => match resource {
                Some(resource) => Scope::Resource(resource.clone()),
                None => Scope::Resource(all_of(*resource_type)),
            },
        },
        Wants::Session {
            resource: Some(resource),
        } => {
            allowed(connector, resource)?;
            Scope::Resource(resource.clone())
        }
        Wants::RegistryLogin { registry } => {
            serves_registry(connector, registry)?;
            match registry {
                RegistryHost::Public(_) => Scope::PublicRegistry,
                RegistryHost::Private(private) => Scope::Registries {
                    accounts: accounts(connector),
                    region: private.region.clone(),
                },
            }
        }
        Wants::ClusterToken { cluster } => {
            allowed(
                connector,
                &Resource::Cluster {
                    name: cluster.name.clone(),
                    account: cluster.account.clone(),
                    region: cluster.region.clone(),
                    partition: cluster.partition,
                },
            )?;
            Scope::Identity
        }
    })
}

fn all_of(resource_type: ResourceType) -> Resource {
    match resource_type {
        ResourceType::AwsGeneric => Resource::Generic { region: None },
        ResourceType::S3Bucket => Resource::AnyBucket,
        ResourceType::KubernetesCluster => Resource::AnyCluster,
        ResourceType::DockerRegistry => Resource::AnyRegistry,
    }
}

/// Checks a resource against the connector's limit.
fn allowed(connector: &Connector, wanted: &Resource) -> Result<()> {
    let Some(limit) = &connector.limit else {
        return Ok(());
    };
    let fits = limit.resource_type == wanted.resource_type()
        && limit.resource.as_ref().is_none_or(|own| own.covers(wanted));
    if fits {
        return Ok(());
    }
    let of_wanted = wanted
        .canonical()
        .map_or_else(String::new, |id| format!(" {}", shown(&id)));
    let allows = match limit.resource.as_ref().and_then(Resource::canonical) {
        Some(id) => format!("{} {}", limit.resource_type.id(), shown(&id)),
        None => limit.resource_type.id().to_owned(),
    };
    let mut asked = format!("{}{of_wanted}", wanted.resource_type().id());
    if asked == allows {
        // The names are the same, so another part of the ARN differs.
        asked.push_str(" in another region or account");
    }
    Err(
        Error::refused(format!("limited to {allows}; {asked} was requested"))
            .of(&connector.name)
            .fix("use another connector, or change its resource_type and resource_id"),
    )
}

/// Checks a registry against the connector's limit and `registries`.
pub(super) fn serves_registry(connector: &Connector, registry: &RegistryHost) -> Result<()> {
    allowed(connector, &Resource::Registry(registry.clone()))?;
    if connector.registries.is_empty() || names_registry(connector, registry) {
        return Ok(());
    }
    Err(
        Error::refused(format!("its registries do not include {}", registry.host()))
            .of(&connector.name)
            .fix("add the host or its account to registries, or use another connector"),
    )
}

/// Whether `registries` names the host or its account.
pub(super) fn names_registry(connector: &Connector, registry: &RegistryHost) -> bool {
    connector.registries.iter().any(|pattern| match pattern {
        RegistryPattern::Host(host) => host == registry,
        RegistryPattern::Account(account) => registry.account() == Some(account.as_str()),
    })
}

fn accounts(connector: &Connector) -> Vec<String> {
    let limited = match connector.limit.as_ref().and_then(|l| l.resource.as_ref()) {
        Some(Resource::Registry(host)) => host.account(),
        _ => None,
    };
    let mut accounts: Vec<String> = connector
        .registries
        .iter()
        .filter_map(|pattern| match pattern {
            RegistryPattern::Host(host) => host.account(),
            RegistryPattern::Account(account) => Some(account),
        })
        .chain(limited)
        .map(str::to_owned)
        .collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

/// The session policy for a scope; `None` if the scope is not limited.
pub(super) fn policy(scope: &Scope, partition: Partition, region: &str) -> Option<String> {
    let in_region = |region: &str, scope: &PolicyScope<'_>| {
        Some(session_policy(Partition::of_region(region), region, scope))
    };
    match scope {
        Scope::Unrestricted | Scope::Resource(Resource::Generic { .. }) => None,
        Scope::Identity => in_region(region, &PolicyScope::Identity),
        Scope::PublicRegistry => in_region(region, &PolicyScope::PublicRegistry),
        Scope::Registries { accounts, region } => {
            in_region(region, &PolicyScope::Registries { accounts })
        }
        Scope::Resource(resource) => {
            let region = resource.region().unwrap_or(region);
            match resource {
                Resource::Generic { .. } => None,
                Resource::Bucket { name, .. } => {
                    // A bucket's name does not include its region, so the KMS host uses the
                    // connector's.
                    Some(session_policy(
                        partition,
                        region,
                        &PolicyScope::Bucket { name },
                    ))
                }
                Resource::AnyBucket => {
                    Some(session_policy(partition, region, &PolicyScope::AnyBucket))
                }
                Resource::Cluster { name, account, .. } => in_region(
                    region,
                    &PolicyScope::Cluster {
                        name,
                        account: account.as_deref(),
                    },
                ),
                Resource::AnyCluster => in_region(region, &PolicyScope::AnyCluster),
                Resource::Registry(RegistryHost::Public(_)) => {
                    in_region(region, &PolicyScope::PublicRegistry)
                }
                Resource::Registry(RegistryHost::Private(private)) => in_region(
                    region,
                    &PolicyScope::Registries {
                        accounts: std::slice::from_ref(&private.account),
                    },
                ),
                Resource::AnyRegistry => {
                    in_region(region, &PolicyScope::Registries { accounts: &[] })
                }
            }
        }
    }
}
