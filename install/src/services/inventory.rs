//! The resources that a connector can access.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_connector_aws::Sdk;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::profile::{CacheMode, Connector, ImplicitSource, Origin, Profile, Source};
use aws_connector_core::resource::{RegistryHost, Resource, ResourceType};
use serde::{Serialize, Serializer};

use super::{calls, connectors, obtain, registries};
use crate::app::App;
use crate::progress::Progress;
use crate::wire::{aws_config, places, read_or_empty};

/// A resource type of a connector to list.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) kind: ResourceType,
    /// The only resource of that type to look for.
    pub(crate) only: Option<&'a Resource>,
}

/// The resources of a type, or why listing them failed.
#[derive(Clone, Serialize)]
pub(crate) struct Reachable {
    pub(crate) connector: String,
    pub(crate) resource_type: &'static str,
    pub(crate) resources: Vec<String>,
    #[serde(serialize_with = "as_text")]
    pub(crate) error: Option<Error>,
}

fn as_text<S: Serializer>(error: &Option<Error>, to: S) -> Result<S::Ok, S::Error> {
    error.as_ref().map(ToString::to_string).serialize(to)
}

impl Reachable {
    pub(crate) fn new(ask: &Ask<'_>, outcome: Result<Vec<String>>) -> Self {
        let (resources, error) = match outcome {
            Ok(resources) => (resources, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        Self {
            connector: ask.connector.name.clone(),
            resource_type: ask.kind.id(),
            resources,
            error,
        }
    }

    /// Its rows in a table of what a connector can reach: a few names and the number of the others,
    /// or in short why there are none.
    pub(crate) fn brief(&self) -> Vec<[String; 2]> {
        let mut names: Vec<String> = self.resources.iter().take(FEW).cloned().collect();
        match (&self.error, self.resources.len()) {
            (Some(error), _) => names.push(error.what.clone()),
            (None, 0) => names.push("none".to_owned()),
            (None, all) if all > FEW => names.push(format!("and {} more", all - FEW)),
            (None, _) => {}
        }
        let mut kind = self.resource_type;
        names
            .into_iter()
            .map(|name| [std::mem::take(&mut kind).to_owned(), name])
            .collect()
    }
}

/// The names of a type in a short table.
const FEW: usize = 5;

/// The requests that run at the same time.
const MOST_AT_ONCE: usize = 8;

/// The requests for all resources of a connector.
pub(crate) fn of(connector: &Connector) -> Vec<Ask<'_>> {
    let kinds = connectors::resource_types(connector).into_iter();
    kinds
        .map(|kind| Ask {
            connector,
            kind,
            only: None,
        })
        .collect()
}

/// Lists several resource types, of one connector or of several, in parallel.
pub(crate) fn all(app: &App, profile: &Profile, asks: &[Ask<'_>]) -> Vec<Reachable> {
    // Obtain sessions that may prompt for an MFA code first: threads would prompt at the same time.
    let mut prompting: Vec<&Connector> = asks.iter().map(|ask| ask.connector).collect();
    prompting.dedup_by_key(|connector| &connector.name);
    let many = prompting.len() > 1;
    prompting.retain(|connector| !many || has_mfa(app, profile, connector));
    for connector in prompting {
        drop(obtain::session(app, profile, &connector.name, None));
    }
    let _progress = Progress::show(&app.env, "listing");
    let (env, paths, ui) = (&app.env, &app.paths, app.ui);
    let next = AtomicUsize::new(0);
    let work = || {
        // Each thread has its own clients, which cannot be shared.
        let app = App {
            env: env.clone(),
            paths: paths.clone(),
            ui,
            sdk: Sdk::new(),
        };
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(ask) = asks.get(at) else {
                return done;
            };
            done.push((at, Reachable::new(ask, one(&app, profile, ask))));
        }
    };
    let mut found: Vec<(usize, Reachable)> = std::thread::scope(|scope| {
        let threads = asks.len().min(MOST_AT_ONCE);
        let tasks: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        tasks
            .into_iter()
            .flat_map(|task| task.join().unwrap_or_default())
            .collect()
    });
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, found)| found).collect()
}

/// Whether the connector or one in its chain of sources requires an MFA code.
fn has_mfa(app: &App, profile: &Profile, connector: &Connector) -> bool {
    any_in_chain(profile, connector, &|connector| {
        connector.auth.mfa().is_some() || {
            let text = || read_or_empty(&places::aws_config(app).unwrap_or_default());
            let named = match connector.auth.origin() {
                Origin::Ambient(ImplicitSource::Profile(name))
                | Origin::Source(Source::AwsProfile(name)) => Some(name),
                _ => None,
            };
            let settings = named.and_then(|name| aws_config::settings(&text(), name));
            settings.is_some_and(|all| all.iter().any(|(key, _)| key == "mfa_serial"))
        }
    })
}

/// Whether each session of the connector prompts for an MFA code, because none is cached.
pub(crate) fn always_prompts(profile: &Profile, connector: &Connector) -> bool {
    any_in_chain(profile, connector, &|connector| {
        let mfa = connector.auth.mfa();
        connector.cache == CacheMode::Off && mfa.is_some_and(|mfa| mfa.process.is_none())
    })
}

fn any_in_chain(
    profile: &Profile,
    connector: &Connector,
    is_it: &dyn Fn(&Connector) -> bool,
) -> bool {
    let source = || {
        let name = connector.auth.source_connector()?;
        profile.connector(name).ok()
    };
    is_it(connector) || source().is_some_and(|source| any_in_chain(profile, &source, is_it))
}

/// Lists one resource type as canonical ids.
pub(crate) fn one(app: &App, profile: &Profile, ask: &Ask<'_>) -> Result<Vec<String>> {
    let Ask {
        connector,
        kind,
        only,
    } = *ask;
    let name = &connector.name;
    let limit = connector.limit.as_ref();
    let own = match only {
        Some(only) => Some(only.clone()),
        None => limit.and_then(|limit| limit.resource.clone()),
    };
    let site = calls::site(app, profile, connector)?;
    let call = || calls::context(app, profile, name);
    if kind == ResourceType::AwsGeneric {
        let session = obtain::session(app, profile, name, own)?;
        app.sdk.caller_identity(&site, &session, call())?;
        let region = only.and_then(Resource::canonical);
        return Ok(vec![region.unwrap_or(site.region)]);
    }
    if kind == ResourceType::DockerRegistry {
        if let Some(Resource::Registry(host)) = only {
            obtain::registry_login(app, profile, name, host)?;
            return Ok(vec![host.host()]);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_table_has_a_few_names_and_the_number_of_the_others() {
        let brief = |count: usize, error| {
            let found = Reachable {
                connector: "dev".to_owned(),
                resource_type: "s3-bucket",
                resources: (0..count).map(|at| at.to_string()).collect(),
                error,
            };
            let rows = found.brief().into_iter();
            let rows: Vec<String> = rows.map(|row| row.join(" ")).collect();
            rows.join("; ")
        };
        assert_eq!(brief(0, None), "s3-bucket none");
        assert_eq!(brief(5, None), "s3-bucket 0;  1;  2;  3;  4");
        assert_eq!(brief(7, None), "s3-bucket 0;  1;  2;  3;  4;  and 2 more");
        let denied = Error::new(
            aws_connector_core::error::Kind::Denied,
            "s3:ListAllMyBuckets was denied",
        );
        assert_eq!(
            brief(0, Some(denied)),
            "s3-bucket s3:ListAllMyBuckets was denied"
        );
    }
}
