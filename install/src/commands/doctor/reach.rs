//! Whether the endpoints of a connector are reachable, before anything is signed.

use aws_connector_aws::Sdk;
use aws_connector_aws::inventory::Service;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::resource::ResourceType;

use super::report::{Finding, Report};
use crate::app::App;
use crate::progress::Progress;
use crate::services::calls;

pub(super) fn check(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    kinds: &[ResourceType],
    report: &mut Report<'_>,
) {
    report.step("endpoints", || {
        let site = calls::site(app, profile, connector)?;
        let _progress = Progress::show(&app.env, "connecting to AWS");
        let services = services(kinds);
        let answers = all(app, profile, &site, connector, &services);
        let names = |reached: bool| {
            let chosen = services.iter().zip(&answers);
            let chosen = chosen.filter(|(_, answer)| answer.is_ok() == reached);
            let names: Vec<&str> = chosen.map(|(service, _)| service.id()).collect();
            names.join(", ")
        };
        let Some(error) = answers.iter().find_map(|answer| answer.as_ref().err()) else {
            let detail = format!("{} reachable in {}", names(true), site.region);
            return Ok(((), Finding::ok(detail)));
        };
        // Usually all of them fail for the same reason.
        let detail = format!("no answer from {}: {}", names(false), error.summary());
        let fix = error.fix.clone().unwrap_or_default();
        Ok(((), Finding::failed(detail, fix)))
    });
}

/// STS for the sessions, and the services that list the resource types.
fn services(kinds: &[ResourceType]) -> Vec<Service> {
    let mut services = vec![Service::Sts];
    services.extend(kinds.iter().filter_map(|kind| match kind {
        ResourceType::AwsGeneric => None,
        ResourceType::S3Bucket => Some(Service::S3),
        ResourceType::KubernetesCluster => Some(Service::Eks),
        ResourceType::DockerRegistry => Some(Service::Ecr),
    }));
    services
}

/// Connects in parallel, so that several timeouts take no longer than one.
fn all(
    app: &App,
    profile: &Profile,
    site: &Site,
    connector: &Connector,
    services: &[Service],
) -> Vec<Result<String>> {
    let call = calls::context(app, profile, &connector.name);
    let ask = |sdk: &Sdk, service: Service| sdk.endpoint_answers(site, service, call);
    std::thread::scope(|scope| {
        let tasks: Vec<_> = services
            .iter()
            .map(|service| match service {
                Service::Sts => None,
                other => Some(scope.spawn(move || ask(&Sdk::new(), *other))),
            })
            .collect();
        // Later steps reuse the connection to STS, and sign with the time that it returns.
        let first = ask(&app.sdk, Service::Sts);
        let join = |task: std::thread::ScopedJoinHandle<'_, Result<String>>| {
            task.join()
                .unwrap_or_else(|_| Err(Error::local("the check ended unexpectedly")))
        };
        tasks
            .into_iter()
            .map(|task| task.map_or_else(|| first.clone(), join))
            .collect()
    })
}
