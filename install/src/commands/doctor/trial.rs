//! Whether what was minted for a resource type is taken where it is for.

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::request::ClusterRef;
use aws_connector_core::resource::{RegistryHost, Resource, ResourceType};

use super::Finding;
use crate::app::App;
use crate::ask;
use crate::commands::list_resources;

/// Lists a type, and tries what was minted for it.
pub(super) fn resource(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    kind: ResourceType,
) -> Result<((), Finding)> {
    let found = list_resources::one(app, profile, connector, kind)?;
    let shown = match found.as_slice() {
        [] => "none".to_owned(),
        few if few.len() <= 3 => few.join(", "),
        many => format!(
            "{} of them, {} …",
            many.len(),
            many.iter().take(2).cloned().collect::<Vec<_>>().join(", ")
        ),
    };
    let tried = match kind {
        ResourceType::DockerRegistry => registry(app, profile, connector, &found)?,
        ResourceType::KubernetesCluster => cluster(app, profile, connector, &found)?,
        ResourceType::AwsGeneric => "; sessions for it are not cut down",
        ResourceType::S3Bucket => "",
    };
    Ok(((), Finding::ok(format!("{shown}{tried}"))))
}

fn registry(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    found: &[String],
) -> Result<&'static str> {
    let Some(host) = found.first().and_then(|host| RegistryHost::parse(host)) else {
        return Ok("");
    };
    let name = &connector.name;
    let login = ask::registry_login(app, name, &host)?;
    let site = ask::site(app, profile, connector)?;
    if site.endpoints.get("ecr").is_some_and(|url| is_here(url)) {
        // The login is of another AWS than the one that the host's name leads to.
        return Ok("; login obtained, not tried: its endpoint is on this machine");
    }
    app.sdk
        .registry_takes(&host, &login, ask::call(app, name))
        .map_err(|error| {
            error.fix(format!(
                "run 'aws-connector cache clear {name}' and try again; check what stands between here and {}",
                host.host()
            ))
        })?;
    Ok("; login taken at /v2/")
}

/// Whether a URL leads to this machine, as those of AWS's emulators do.
fn is_here(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    ["localhost", "127.", "[::1]"]
        .iter()
        .any(|here| authority.starts_with(here))
}

fn cluster(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    found: &[String],
) -> Result<&'static str> {
    let Some(first) = found.first() else {
        return Ok("");
    };
    let name = &connector.name;
    let wanted = Resource::parse(ResourceType::KubernetesCluster, Some(first))
        .map_err(|error| Error::local(error.to_string()))?;
    let limited = connector
        .limit
        .as_ref()
        .and_then(|limit| limit.resource.as_ref());
    let region = limited.and_then(Resource::region).map(str::to_owned);
    let site = ask::site(app, profile, connector)?;
    let region = region.unwrap_or_else(|| site.region.clone());
    let site = site.in_region(&region);
    let session = ask::session(app, name, Some(wanted))?;
    let info = app
        .sdk
        .describe_cluster(&site, &session, first, ask::call(app, name))?;
    let cluster = ClusterRef {
        name: first.clone(),
        account: None,
        region: Some(region),
        region_from_flag: true,
        partition: None,
    };
    let token = ask::cluster_token(app, name, &cluster)?;
    app.sdk
        .cluster_takes(&info, &token, ask::call(app, name))
        .map_err(|error| {
            error.fix("map the identity above in the cluster: an EKS access entry, or the aws-auth ConfigMap")
        })?;
    Ok("; token taken by the first at /version")
}
