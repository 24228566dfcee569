//! Whether the services that a connector asks can be reached at all, before anything is signed.

use aws_connector_aws::Sdk;
use aws_connector_aws::inventory::Service;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::resource::ResourceType;

use super::{Finding, Report};
use crate::app::App;
use crate::ask;
use crate::progress::Progress;

pub(super) fn check(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    kinds: &[ResourceType],
    report: &mut Report<'_>,
) {
    report.step("endpoints", || {
        let site = ask::site(app, profile, connector)?;
        let _progress = Progress::show(&app.env, "reaching AWS");
        let services = services(kinds);
        let answers = all(app, &site, connector, &services);
        let silent: Vec<Error> = answers.into_iter().filter_map(Result::err).collect();
        let names: Vec<&str> = services.iter().map(|service| service.id()).collect();
        let Some(first) = silent.first() else {
            let detail = format!("{} answer in {}", names.join(", "), site.region);
            return Ok(((), Finding::ok(detail)));
        };
        let fix = first.fix.clone().unwrap_or_default();
        let what: Vec<String> = silent.iter().map(|error| error.what.clone()).collect();
        Ok(((), Finding::failed(what.join("; "), fix)))
    });
}

/// STS for every session, and what the types are listed with.
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

/// All at once: where none can be reached, the longest wait is the whole wait.
fn all(app: &App, site: &Site, connector: &Connector, services: &[Service]) -> Vec<Result<String>> {
    let call = ask::call(app, &connector.name);
    std::thread::scope(|scope| {
        let tasks: Vec<_> = services
            .iter()
            .map(|service| scope.spawn(move || Sdk::new().endpoint_answers(site, *service, call)))
            .collect();
        tasks
            .into_iter()
            .map(|task| {
                task.join()
                    .unwrap_or_else(|_| Err(Error::local("the question ended unexpectedly")))
            })
            .collect()
    })
}
