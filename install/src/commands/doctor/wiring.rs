//! The lines in the files of others: that they lead to binaries and connectors that exist.

use std::path::Path;

use aws_connector_core::ambient::split_command;
use aws_connector_core::profile::Profile;
use aws_connector_core::request::{Client, Request, Wants};
use aws_connector_core::resource::RegistryHost;
use aws_connector_core::serve::choose;

use super::{Finding, Report};
use crate::app::App;
use crate::wire::{aws_config, docker_config, kubeconfig, places};

pub(super) fn check(app: &App, profile: Option<&Profile>, report: &mut Report<'_>) {
    let names = profile
        .and_then(|profile| profile.names().ok())
        .unwrap_or_default();
    let before = report.steps.len();
    aws(app, &names, report);
    docker(app, profile, report);
    kube(app, &names, report);
    if report.steps.len() == before {
        let login = "'aws-connector login' wires the AWS CLI, Docker and kubectl";
        report.find("wiring", Finding::ok(format!("none yet: {login}")));
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Whether a wired line leads anywhere.
fn leads(command: Option<&str>, connector: &str, names: &[String]) -> Option<Finding> {
    let fix = format!("run 'aws-connector login {connector}' again");
    match command {
        Some(command) if Path::new(command).is_file() => {}
        Some(command) => {
            return Some(Finding::failed(format!("{command} does not exist"), fix));
        }
        None => return Some(Finding::failed("its command cannot be read", fix)),
    }
    (!names.iter().any(|name| name == connector)).then(|| {
        Finding::failed(
            format!("there is no connector '{connector}' any more"),
            format!("run 'aws-connector logout {connector}'"),
        )
    })
}

fn aws(app: &App, names: &[String], report: &mut Report<'_>) {
    let Ok(path) = places::aws_config(app) else {
        return;
    };
    for (connector, command) in aws_config::wired(&read(&path)) {
        let program = split_command(&command).and_then(|words| words.into_iter().next());
        let finding = leads(program.as_deref(), &connector, names).unwrap_or_else(|| {
            Finding::ok(format!(
                "profile {} in {}",
                aws_config::profile_name(&connector),
                path.display()
            ))
        });
        report.find("AWS CLI", finding);
    }
}

fn docker(app: &App, profile: Option<&Profile>, report: &mut Report<'_>) {
    if app.env.get("DOCKER_AUTH_CONFIG").is_some() {
        let finding = Finding::warning(
            "DOCKER_AUTH_CONFIG is set: what it holds beats every credential helper",
            "unset DOCKER_AUTH_CONFIG",
        );
        report.find("Docker", finding);
    }
    for path in places::docker_configs(app).unwrap_or_default() {
        let text = read(&path);
        let parsed = serde_json::from_str::<serde_json::Value>(&text);
        if let Err(error) = &parsed
            && !text.trim().is_empty()
        {
            let what = format!("{} is not JSON: {error}", path.display());
            report.find("Docker", Finding::failed(what, "mend it, or move it away"));
        }
        for host in docker_config::wired(&text) {
            let finding = match (RegistryHost::parse(&host), profile) {
                (Some(registry), Some(profile)) => served(app, profile, &registry, &path),
                (Some(_), None) => continue,
                (None, _) => Finding::warning(
                    format!("{host} in {} is not an ECR registry", path.display()),
                    "remove it from credHelpers",
                ),
            };
            report.find("Docker", finding);
        }
        let store = parsed.unwrap_or_default();
        if store.get("credsStore").and_then(serde_json::Value::as_str)
            == Some(docker_config::HELPER)
        {
            let finding = Finding::warning(
                format!(
                    "credsStore in {} asks aws-connector about every registry: each pull starts it, and 'docker login' elsewhere fails, since it keeps no passwords",
                    path.display()
                ),
                "remove credsStore and run 'aws-connector login NAME --resource-type docker-registry'",
            );
            report.find("Docker", finding);
        }
    }
}

/// Which connector Docker would get a registry's login from.
fn served(app: &App, profile: &Profile, registry: &RegistryHost, path: &Path) -> Finding {
    let request = Request {
        connector: None,
        wants: Wants::RegistryLogin {
            registry: registry.clone(),
        },
        client: Client::Docker,
        may_prompt: false,
    };
    let host = registry.host();
    match choose(profile, &request, &app.env) {
        Ok(connector) => Finding::ok(format!(
            "{host} in {}, served by '{}'",
            path.display(),
            connector.name
        )),
        Err(error) => {
            let finding = Finding::from(error);
            Finding {
                detail: format!("{host} in {}: {}", path.display(), finding.detail),
                ..finding
            }
        }
    }
}

fn kube(app: &App, names: &[String], report: &mut Report<'_>) {
    for path in places::kubeconfigs(app).unwrap_or_default() {
        for (arn, connector, command) in kubeconfig::wired(&read(&path)) {
            let finding = leads(Some(&command), &connector, names)
                .unwrap_or_else(|| Finding::ok(format!("{arn} in {}", path.display())));
            report.find("kubectl", finding);
        }
    }
}
