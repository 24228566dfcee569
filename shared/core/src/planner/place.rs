//! Resolves the request's region, the connector's own region, and their endpoints.

use super::scope;
use super::steps::Maker;
use crate::ambient;
use crate::error::{Error, Result};
use crate::plan::{Site, Step};
use crate::profile::{Connector, CredentialSource, ImplicitSource, Origin};
use crate::request::{Client, ClusterRef, Request, Wants};
use crate::resource::{Partition, RegistryHost, Resource};

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
        return Err(Error::refused(format!(
            "{} is in {there}, but the connector is for {here}",
            what.unwrap_or_default()
        ))
        .of(&connector.name)
        .fix(format!(
            "add {there} to its allowed_regions, or use another connector"
        )));
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
        Wants::ClusterToken {
            cluster: ClusterRef {
                region_from_flag, ..
            },
        } => *region_from_flag,
        Wants::Session { .. } => false,
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

impl Maker<'_> {
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
        let settings = &connector.endpoints;
        let of_profile = if draws_on_aws_profile(connector) {
            self.around
                .profile_endpoints(connector.auth.aws_profile(), settings.allow_insecure)
        } else {
            Ok(None)
        };
        of_profile
            .and_then(|theirs| Site::beside(region, settings, theirs.as_ref(), self.env))
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
