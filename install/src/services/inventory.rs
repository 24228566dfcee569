//! The resources that a connector can access.

use aws_connector_aws::Sdk;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::resource::{RegistryHost, Resource, ResourceType};
use serde::Serialize;

use super::{calls, obtain, registries};
use crate::app::App;
use crate::progress::Progress;

/// The resources of a type, or why listing them failed.
#[derive(Serialize)]
pub(crate) struct Found {
    pub(crate) resource_type: &'static str,
    pub(crate) resources: Vec<String>,
    pub(crate) error: Option<String>,
}

/// Lists several resource types in parallel.
pub(crate) fn all(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    kinds: &[ResourceType],
) -> Vec<Found> {
    // Obtain a session first, so that a prompt for an MFA code comes before the threads.
    let first = obtain::session(app, profile, &connector.name, None);
    drop(first);
    let _progress = Progress::show(&app.env, "listing");
    let (env, paths, ui) = (&app.env, &app.paths, app.ui);
    std::thread::scope(|scope| {
        let tasks: Vec<_> = kinds
            .iter()
            .map(|kind| {
                let task = scope.spawn(move || {
                    // Each thread has its own clients, which cannot be shared.
                    let app = App {
                        env: env.clone(),
                        paths: paths.clone(),
                        ui,
                        sdk: Sdk::new(),
                    };
                    one(&app, profile, connector, *kind)
                });
                (*kind, task)
            })
            .collect();
        tasks
            .into_iter()
            .map(|(kind, task)| {
                let outcome = task
                    .join()
                    .unwrap_or_else(|_| Err(Error::local("the listing ended unexpectedly")));
                let (resources, error) = match outcome {
                    Ok(resources) => (resources, None),
                    Err(error) => (Vec::new(), Some(error.to_string())),
                };
                Found {
                    resource_type: kind.id(),
                    resources,
                    error,
                }
            })
            .collect()
    })
}

/// Lists one resource type as canonical ids.
pub(crate) fn one(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    kind: ResourceType,
) -> Result<Vec<String>> {
    let name = &connector.name;
    let own = connector
        .limit
        .as_ref()
        .and_then(|limit| limit.resource.clone());
    let site = calls::site(app, profile, connector)?;
    let call = || calls::context(app, profile, name);
    if kind == ResourceType::AwsGeneric {
        let session = obtain::session(app, profile, name, own)?;
        app.sdk.caller_identity(&site, &session, call())?;
        return Ok(vec![site.region]);
    }
    if kind == ResourceType::DockerRegistry {
        return registries(app, profile, connector, &site);
    }
    let wanted = match own {
        Some(own) if own.resource_type() == kind => own,
        _ => Resource::parse(kind, None).map_err(|error| Error::usage(error.to_string()))?,
    };
    let session = obtain::session(app, profile, name, Some(wanted.clone()))?;
    match &wanted {
        Resource::Bucket { name: bucket, .. } => {
            app.sdk.bucket_is_open(&site, &session, bucket, call())?;
            Ok(wanted.canonical().into_iter().collect())
        }
        Resource::AnyBucket => {
            let buckets = app.sdk.buckets(&site, &session, call())?;
            Ok(buckets
                .into_iter()
                .map(|bucket| format!("s3://{}", bucket.name))
                .collect())
        }
        Resource::Cluster {
            name: cluster,
            region,
            ..
        } => {
            let site = match region {
                Some(region) => site.in_region(region),
                None => site,
            };
            let info = app.sdk.describe_cluster(&site, &session, cluster, call())?;
            Ok(vec![info.name])
        }
        Resource::AnyCluster => app.sdk.clusters(&site, &session, call()),
        // Registries are handled above.
        _ => Ok(Vec::new()),
    }
}

/// The connector's registries if AWS issues logins for them, else the account's own if its
/// repositories can be listed.
fn registries(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    site: &Site,
) -> Result<Vec<String>> {
    let name = &connector.name;
    let named = registries::named(connector, site);
    for host in &named {
        obtain::registry_login(app, profile, name, host)?;
    }
    if !named.is_empty() {
        return Ok(named.iter().map(RegistryHost::host).collect());
    }
    let session = obtain::session(app, profile, name, Some(Resource::AnyRegistry))?;
    app.sdk
        .repositories(site, &session, None, calls::context(app, profile, name))?;
    registries::own(app, profile, connector, site).map(|own| vec![own.host()])
}
