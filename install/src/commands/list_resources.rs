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

/// List the resources that a connector reaches
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector list-resources dev --resource-type s3-bucket\n  aws-connector list-resources dev --output json"
)]
pub(crate) struct Args {
    /// The connector; without it AWS_CONNECTOR or the default
    name: Option<String>,
    /// This type only
    #[arg(long, value_name = "TYPE", value_parser = super::resource_type)]
    resource_type: Option<ResourceType>,
}

/// The resources of a type, or why there are none.
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
        // Once, and not for each type.
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

/// What is said of a connector that is switched off.
pub(crate) fn disabled(name: &str) -> Error {
    Error::refused("it is disabled")
        .of(name)
        .fix("set enabled = true in the profile")
}

/// The types that a connector is for.
pub(crate) fn types(connector: &Connector) -> Vec<ResourceType> {
    match &connector.limit {
        Some(limit) => vec![limit.resource_type],
        None => ResourceType::ALL.into(),
    }
}

/// The resources of several types, asked for side by side.
pub(crate) fn all(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    kinds: &[ResourceType],
) -> Vec<Found> {
    // A first session takes an MFA prompt, if there is one, out of the way.
    let first = ask::session(app, &connector.name, None);
    drop(first);
    let _progress = Progress::show(&app.env, "listing");
    let (env, paths, ui) = (&app.env, &app.paths, app.ui);
    std::thread::scope(|scope| {
        let tasks: Vec<_> = kinds
            .iter()
            .map(|kind| {
                let task = scope.spawn(move || {
                    // Each with connections of its own: a client is no thing to share.
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

/// The canonical ids of one type.
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
        // Registries are dealt with above.
        _ => Ok(Vec::new()),
    }
}

/// Those that the profile names, as far as AWS hands out a login for them; else the account's own,
/// if it may be looked into.
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
