//! `aws-connector list-resources`

use aws_connector_aws::Sdk;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::resource::{RegistryHost, Resource, ResourceType};
use serde::Serialize;

use crate::app::App;
use crate::progress::Progress;
use crate::{ask, registries, ui};

/// List the resources that a connector can access
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector list-resources dev --resource-type s3-bucket\n  aws-connector list-resources dev --output json"
)]
pub(crate) struct Args {
    /// Connector name [default: AWS_CONNECTOR, then default_connector]
    name: Option<String>,
    /// List only this resource type
    #[arg(long, value_name = "TYPE", value_parser = super::resource_type)]
    resource_type: Option<ResourceType>,
}

/// The resources of a type, or why listing them failed.
#[derive(Serialize)]
pub(crate) struct Found {
    pub(crate) resource_type: &'static str,
    pub(crate) resources: Vec<String>,
    pub(crate) error: Option<String>,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let name = app.name(args.name.as_deref(), &profile)?;
    let connector = profile.connector(&name)?;
    if !connector.enabled {
        // One error, not one for each type.
        return Err(disabled(&connector.name));
    }
    let kinds: Vec<ResourceType> = match args.resource_type {
        Some(kind) => vec![kind],
        None => types(&connector),
    };
    let found = all(app, &profile, &connector, &kinds);
    let status = u8::from(found.iter().any(|found| found.error.is_some()));
    if app.ui.is_json() {
        ui::print_json(&found)?;
        return Ok(status);
    }
    let mut rows = Vec::new();
    for found in &found {
        let mut kind = found.resource_type;
        for resource in &found.resources {
            rows.push([std::mem::take(&mut kind).to_owned(), resource.clone()]);
        }
        let nothing = match found.error {
            Some(_) => "failed, see below",
            None => "none",
        };
        if found.resources.is_empty() {
            rows.push([kind.to_owned(), nothing.to_owned()]);
        }
    }
    ui::print(&app.ui.table(["RESOURCE TYPE", "RESOURCES"], rows))?;
    for found in found {
        if let Some(error) = found.error {
            ui::tell(&format!(
                "aws-connector: {}: {error}\n",
                found.resource_type
            ));
        }
    }
    Ok(status)
}

/// The error for a disabled connector.
pub(crate) fn disabled(name: &str) -> Error {
    Error::refused("it is disabled")
        .of(name)
        .fix(format!("run 'aws-connector update {name} --unset enabled'"))
}

/// The resource types of a connector.
pub(crate) fn types(connector: &Connector) -> Vec<ResourceType> {
    match &connector.limit {
        Some(limit) => vec![limit.resource_type],
        None => ResourceType::ALL.into(),
    }
}

/// Lists several resource types in parallel.
pub(crate) fn all(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    kinds: &[ResourceType],
) -> Vec<Found> {
    // Obtain a session first, so that a prompt for an MFA code comes before the threads.
    let first = ask::session(app, &connector.name, None);
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
    let site = ask::site(app, profile, connector)?;
    let call = || ask::call(app, name);
    if kind == ResourceType::AwsGeneric {
        let session = ask::session(app, name, own)?;
        app.sdk.caller_identity(&site, &session, call())?;
        return Ok(vec![site.region]);
    }
    if kind == ResourceType::DockerRegistry {
        return registries(app, connector, &site);
    }
    let wanted = match own {
        Some(own) if own.resource_type() == kind => own,
        _ => Resource::parse(kind, None).map_err(|error| Error::usage(error.to_string()))?,
    };
    let session = ask::session(app, name, Some(wanted.clone()))?;
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
fn registries(app: &App, connector: &Connector, site: &Site) -> Result<Vec<String>> {
    let name = &connector.name;
    let named = registries::named(connector, site);
    for host in &named {
        ask::registry_login(app, name, host)?;
    }
    if !named.is_empty() {
        return Ok(named.iter().map(RegistryHost::host).collect());
    }
    let session = ask::session(app, name, Some(Resource::AnyRegistry))?;
    app.sdk
        .repositories(site, &session, None, ask::call(app, name))?;
    registries::own(app, connector, site).map(|own| vec![own.host()])
}
