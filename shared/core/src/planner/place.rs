//! Resolves the request's region, the connector's own region, and their endpoints.

use super::scope;
use super::steps::Maker;
use crate::ambient::{self, Surroundings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::plan::{AwsProfileEndpoints, Site, Step};
use crate::profile::{Connector, CredentialSource, ImplicitSource, Origin, Profile};
use crate::request::{Client, Request, Wants};
use crate::resource::{Partition, RegistryHost, Resource, check_region};

/// Whether a connector may serve a registry, by its resource limit and its regions.
pub(super) fn may_serve(connector: &Connector, registry: &RegistryHost) -> bool {
    let request = Request {
        connector: None,
        wants: Wants::RegistryLogin {
            registry: registry.clone(),
        },
        client: Client::Docker,
        may_prompt: false,
    };
    scope::serves_registry(connector, registry).is_ok() && target(connector, &request).is_ok()
}

/// The region that the request itself names, if the connector allows it.
pub(super) fn target(connector: &Connector, request: &Request) -> Result<Option<String>> {
    let (region, partition, what) = match &request.wants {
        Wants::Session { resource } => {
            let resource = resource.as_ref().or_else(|| {
                connector
                    .limit
                    .as_ref()
                    .and_then(|limit| limit.resource.as_ref())
            });
            (
                resource.and_then(Resource::region).map(str::to_owned),
                resource.and_then(Resource::partition),
                resource.and_then(Resource::canonical),
            )
        }
        Wants::RegistryLogin { registry } => (
            Some(registry.region().to_owned()),
            Some(registry.partition()),
            Some(registry.host()),
        ),
        Wants::ClusterToken { cluster } => {
            // The connector's own cluster fills in what the client omits.
            let own = connector
                .limit
                .as_ref()
                .and_then(|limit| limit.resource.as_ref());
            (
                cluster
                    .region
                    .clone()
                    .or_else(|| own.and_then(Resource::region).map(str::to_owned)),
                cluster
                    .partition
                    .or_else(|| own.and_then(Resource::partition)),
                Some(cluster.name.clone()),
            )
        }
    };
    let partition = partition.or_else(|| region.as_deref().map(Partition::of_region));
    if let (Some(there), Some(here)) = (partition, connector.partition())
        && there != here
    {
        return Err(Error::refused(format!(
            "{} is in partition {}, but the connector is in {}",
            what.unwrap_or_default(),
            there.id(),
            here.id()
        ))
        .of(&connector.name)
        .fix("use a connector in that partition"));
    }
    if let (Some(there), Some(here)) = (&region, &connector.region)
        && there != here
        && !connector.allowed_regions.contains(there)
        && !names_its_region(connector, request)
    {
        let what = match what {
            Some(what) if what != *there => format!("{what} is in {there}"),
            _ => format!("region {there} was requested"),
        };
        return Err(
            Error::refused(format!("{what}, but the connector is for {here}"))
                .of(&connector.name)
                .fix(format!(
                    "add {there} to its allowed_regions, or use another connector"
                )),
        );
    }
    Ok(region)
}

/// Whether the request bypasses `allowed_regions`.
fn names_its_region(connector: &Connector, request: &Request) -> bool {
    match &request.wants {
        Wants::RegistryLogin { registry } => {
            // ECR Public's API is in one region, whatever the connector's region.
            matches!(registry, RegistryHost::Public(_))
                || scope::names_registry(connector, registry)
        }
        Wants::ClusterToken { .. } | Wants::Session { .. } => false,
    }
}

/// Whether a connector's credentials come, or may come, from an AWS CLI profile.
fn draws_on_aws_profile(connector: &Connector) -> bool {
    let auth = &connector.auth;
    auth.aws_profile().is_some()
        || matches!(
            auth.origin(),
            Origin::Ambient(
                ImplicitSource::Chain | ImplicitSource::Pinned(CredentialSource::SharedProfile)
            )
        )
}

/// The endpoints of the AWS CLI profile that a connector's credentials come from, if any. The
/// connector's own endpoints and the environment's override them.
///
/// # Errors
/// The profile's settings are invalid.
pub fn profile_endpoints(
    connector: &Connector,
    around: &Surroundings<'_>,
) -> Result<Option<AwsProfileEndpoints>> {
    if !draws_on_aws_profile(connector) {
        return Ok(None);
    }
    around
        .profile_endpoints(
            connector.auth.aws_profile(),
            connector.endpoints.allow_insecure,
        )
        .map_err(|error| error.of(&connector.name))
}

/// The region and endpoints of a connector's own calls, whatever it is asked for.
///
/// # Errors
/// No region is known, or an endpoint is invalid.
pub fn site(profile: &Profile, connector: &Connector, env: &Env) -> Result<Site> {
    let maker = Maker {
        profile,
        env,
        around: Surroundings::new(env),
        client: Client::Command,
    };
    let region = maker.region(connector, None)?;
    maker.site_of(connector, &region)
}

impl Maker<'_> {
    /// The connector's region, else the one that the request names.
    pub(super) fn region(&self, connector: &Connector, target: Option<&str>) -> Result<String> {
        let region = self
            .own_region(connector)
            .or_else(|| target.map(str::to_owned))
            .ok_or_else(|| {
                Error::profile("no region is known")
                    .of(&connector.name)
                    .fix(match self.profile.has_file() {
                        true => "set region in the connectors file, or AWS_REGION",
                        false => "set AWS_REGION",
                    })
            })?;
        // A region from the environment or an AWS CLI profile has not been checked yet, and it
        // becomes part of a host name.
        check_region(&region)
            .map_err(|error| Error::usage(error.to_string()).of(&connector.name))?;
        Ok(region)
    }

    pub(super) fn own_region(&self, connector: &Connector) -> Option<String> {
        connector
            .region
            .clone()
            .or_else(|| ambient::environment_region(self.env))
            .or_else(|| self.around.profile_region(connector.auth.aws_profile()))
    }

    /// The site of a connector in a region, with the endpoints of the connector, the environment
    /// and the AWS CLI profile it uses.
    pub(super) fn site_of(&self, connector: &Connector, region: &str) -> Result<Site> {
        let theirs = profile_endpoints(connector, &self.around)?;
        Site::beside(region, &connector.endpoints, theirs.as_ref(), self.env)
            .map_err(|error| error.of(&connector.name))
    }

    /// The site of a connector's own call; its source may be another connector with another site.
    pub(super) fn source_site(&self, connector: &Connector, source: &Step) -> Result<Site> {
        let region = self
            .own_region(connector)
            .unwrap_or_else(|| source.site.region.clone());
        self.site_of(connector, &region)
    }
}
