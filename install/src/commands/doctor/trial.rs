//! Whether services accept the credentials for their resource type.

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::request::ClusterRef;
use aws_connector_core::resource::{RegistryHost, Resource, ResourceType};
use aws_connector_core::url::Url;

use super::report::{Finding, Report};
use crate::app::App;
use crate::progress::Progress;
use crate::services::inventory::{self, Ask, Reachable};
use crate::services::{calls, obtain, registries};

/// Tries the credentials for resources that were listed.
pub(super) fn resource(
    app: &App,
    profile: &Profile,
    ask: &Ask<'_>,
    found: Vec<String>,
) -> Result<((), Finding)> {
    let shown = match found.as_slice() {
        [] => "none".to_owned(),
        few if few.len() <= 3 => few.join(", "),
        many => format!(
            "{} in total, {} …",
            many.len(),
            many.iter().take(2).cloned().collect::<Vec<_>>().join(", ")
        ),
    };
    let tried = match ask.kind {
        ResourceType::KubernetesCluster => {
            return Ok(((), clusters(app, profile, ask, &found, &shown)));
        }
        ResourceType::DockerRegistry => "",
        ResourceType::AwsGeneric => "; its sessions are not down-scoped",
        ResourceType::S3Bucket => "",
    };
    Ok(((), Finding::ok(format!("{shown}{tried}"))))
}

/// Tries a login at the requested registry or each of the connector's registries, else at the
/// account's own.
pub(super) fn registries(app: &App, profile: &Profile, ask: &Ask<'_>, report: &mut Report<'_>) {
    let Ask {
        connector,
        kind,
        only,
    } = *ask;
    let progress = || Progress::show(&app.env, &format!("trying {}", kind.id()));
    let named = match (only, calls::site(app, profile, connector)) {
        (Some(Resource::Registry(host)), _) => vec![host.clone()],
        (_, Ok(site)) => registries::named(connector, &site),
        (_, Err(error)) => return report.find(kind.id(), Finding::from(error)),
    };
    let mut reached = Vec::new();
    for host in &named {
        report.step(kind.id(), || {
            let _progress = progress();
            let place = host.host();
            let tried =
                registry(app, profile, connector, host).map_err(|error| error.context(&*place));
            reached.push(tried.as_ref().map(|_| place.clone()).map_err(Clone::clone));
            let detail = format!("{place}; {}", tried?);
            let finding = match registries::served_by(app, profile, host) {
                Ok(found) if found.name != connector.name => {
                    Finding::ok(format!("{detail}; Docker uses '{}' for it", found.name))
                }
                _ => match registries::require_served(app, profile, connector, host) {
                    Ok(()) => Finding::ok(detail),
                    Err(error) => Finding::failed(
                        format!("{detail}, but not to Docker: {}", error.summary()),
                        error.fix.unwrap_or_default(),
                    ),
                },
            };
            Ok(((), finding))
        });
    }
    if !named.is_empty() {
        // What is reachable if any is, else why none is.
        let hosts: Vec<String> = reached.iter().flatten().cloned().collect();
        let failed = reached.into_iter().find_map(Result::err);
        let outcome = failed.filter(|_| hosts.is_empty()).map_or(Ok(hosts), Err);
        return report.reach(Reachable::new(ask, outcome));
    }
    let mut outcome = Ok(Vec::new());
    report.step(kind.id(), || {
        let _progress = progress();
        let listed = inventory::one(app, profile, ask);
        outcome = listed.clone();
        if let Some(error) = listed.as_ref().err().filter(|e| e.kind != Kind::Denied) {
            return Err(error.clone());
        }
        // A principal that cannot list repositories may still be allowed to pull.
        let host = registries::own(
            app,
            profile,
            connector,
            &calls::site(app, profile, connector)?,
        )?;
        let tried = registry(app, profile, connector, &host)?;
        outcome = Ok(vec![host.host()]);
        let detail = format!("{}; {tried}", host.host());
        Ok((
            (),
            match listed {
                Ok(_) => Finding::ok(detail),
                Err(error) => Finding::warning(
                    format!("{detail}, but {}", error.summary()),
                    error.fix.unwrap_or_default(),
                ),
            },
        ))
    });
    report.reach(Reachable::new(ask, outcome));
}

fn registry(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    host: &RegistryHost,
) -> Result<&'static str> {
    let name = &connector.name;
    let login = obtain::registry_login(app, profile, name, host)?;
    if host.account().is_none() {
        // ECR Public does not accept a login at /v2/: clients exchange it for a token first.
        return Ok("login obtained");
    }
    let site = calls::site(app, profile, connector)?;
    let endpoint = site.endpoints.get("ecr").and_then(|url| Url::parse(url));
    if endpoint.is_some_and(|url| url.is_this_machine()) {
        // The host name leads to AWS, which does not know the logins of an emulator.
        return Ok("login obtained, not tried: the endpoint is on this machine");
    }
    app.sdk
        .registry_takes(host, &login, calls::context(app, profile, name))
        .map_err(|error| {
            error.fix(format!(
                "run 'aws-connector cache clear {name}' and retry; check the network path to {}",
                host.host()
            ))
        })?;
    Ok("login accepted at /v2/")
}

/// The number of clusters to try: each unreachable one costs a timeout.
const MOST_TRIED: usize = 3;

/// Tries a token at each of the first clusters.
fn clusters(app: &App, profile: &Profile, ask: &Ask<'_>, found: &[String], shown: &str) -> Finding {
    let (mut taken, mut refused, mut last) = (Vec::new(), Vec::new(), None);
    for name in found.iter().take(MOST_TRIED).map(String::as_str) {
        match cluster(app, profile, ask, name) {
            Ok(()) => taken.push(name),
            Err(error) => {
                refused.push(name);
                last = Some(error);
            }
        }
    }
    let Some(error) = last else {
        return Finding::ok(match taken.as_slice() {
            [] => shown.to_owned(),
            all if all.len() == found.len() => format!("{shown}; token accepted at /version"),
            taken => format!(
                "{shown}; token accepted at /version by {}",
                taken.join(", ")
            ),
        });
    };
    // The identity may be mapped in only some of them.
    let fix = error.fix.clone().unwrap_or_default();
    if taken.is_empty() {
        return Finding::failed(format!("{shown}; {}", error.summary()), fix);
    }
    let detail = format!(
        "{shown}; token accepted at /version by {}, not by {}: {}",
        taken.join(", "),
        refused.join(", "),
        error.summary()
    );
    Finding::warning(detail, fix)
}

fn cluster(app: &App, profile: &Profile, ask: &Ask<'_>, cluster: &str) -> Result<()> {
    let connector = ask.connector;
    let name = &connector.name;
    let wanted = Resource::parse(ResourceType::KubernetesCluster, Some(cluster))
        .map_err(|error| Error::local(error.to_string()))?;
    let limit = connector.limit.as_ref();
    let limited = limit.and_then(|limit| limit.resource.as_ref());
    let region = ask
        .only
        .or(limited)
        .and_then(Resource::region)
        .map(str::to_owned);
    let site = calls::site(app, profile, connector)?;
    let region = region.unwrap_or_else(|| site.region.clone());
    let site = site.in_region(&region);
    let session = obtain::session(app, profile, name, Some(wanted))?;
    let info =
        app.sdk
            .describe_cluster(&site, &session, cluster, calls::context(app, profile, name))?;
    let reference = ClusterRef {
        name: cluster.to_owned(),
        account: None,
        region: Some(region),
        partition: None,
    };
    let token = obtain::cluster_token(app, profile, name, &reference)?;
    app.sdk
        .cluster_takes(&info, &token, calls::context(app, profile, name))
        .map_err(|error| match error.kind {
            // The API server gives no reason.
            Kind::Denied => error.fix(format!(
                "map the identity above in the cluster (an EKS access entry, or the aws-auth \
                 ConfigMap); if it is mapped, its session may be revoked: run 'aws-connector \
                 cache clear {name}'; for kubectl alone, check --cluster in the kubeconfig"
            )),
            _ => error,
        })
}
