//! Checks that the clients' files name binaries and connectors that exist.

use std::path::Path;

use aws_connector_core::ambient::ini::Dialect;
use aws_connector_core::profile::Profile;
use aws_connector_core::resource::RegistryHost;
use aws_connector_core::shown::shown;

use super::report::{Finding, Report};
use crate::app::App;
use crate::services::{endpoints, registries};
use crate::wire::{aws_config, docker_config, kubeconfig, places, read_or_empty};

const CREDENTIAL_PROCESS: &str = "aws-connector-credential-process";
const EKS_TOKEN: &str = "aws-connector-eks-token";

pub(super) fn check(app: &App, profile: Option<&Profile>, report: &mut Report<'_>) {
    let names = profile
        .and_then(|profile| profile.names().ok())
        .unwrap_or_default();
    let before = report.steps.len();
    aws(app, profile, &names, report);
    docker(app, profile, report);
    kube(app, &names, report);
    if report.steps.len() == before {
        let login = "'aws-connector login' wires the AWS CLI, Docker and kubectl";
        report.find("wiring", Finding::ok(format!("none yet: {login}")));
    }
}

/// A line that calls one of our binaries, written by `login` or by hand.
struct Line {
    program: Option<String>,
    connector: Option<String>,
    /// The fix if it is wrong.
    fix: String,
}

/// What is wrong with a wired line, if anything.
fn fault_of(app: &App, line: Line, names: &[String]) -> Option<Finding> {
    let is_there = |program: &str| match program.contains('/') {
        true => Path::new(program).is_file(),
        false => places::on_path(app, program).is_some(),
    };
    let what = match (&line.program, &line.connector) {
        (None, _) => "its command cannot be parsed".to_owned(),
        (Some(program), _) if !is_there(program) => format!("{} does not exist", shown(program)),
        // Without a name it uses the default connector, which has its own steps.
        (_, None) => return None,
        (_, Some(name)) if names.contains(name) => return None,
        (_, Some(name)) => format!("connector '{name}' not found"),
    };
    Some(Finding::failed(what, line.fix))
}

/// What is wrong if a profile's endpoints are not those of its connector: the AWS CLI would use the
/// connector's credentials at another AWS.
fn other_endpoints(app: &App, profile: &Profile, wired: &str, connector: &str) -> Option<Finding> {
    let connector = profile.connector(connector).ok()?;
    let wanted = endpoints::for_file(app, &connector).ok()?;
    let found = endpoints::in_file(app, wired).ok()??;
    let what = "its endpoints are not those that the connector uses";
    let name = aws_config::profile_name(&connector.name);
    (found != wanted).then(|| match wired == name {
        true => {
            let fix = format!("run 'aws-connector login {}' again", connector.name);
            Finding::failed(what, fix)
        }
        false => {
            let fix = format!("set its endpoint_url and services as in profile '{name}', which 'aws-connector login {}' adds", connector.name);
            Finding::warning(what, fix)
        }
    })
}

fn aws(app: &App, profiles: Option<&Profile>, names: &[String], report: &mut Report<'_>) {
    let Ok(path) = places::aws_config(app) else {
        return;
    };
    let text = read_or_empty(&path);
    let mut found = false;
    for profile in aws_config::profile_names(&text, Dialect::Config) {
        let settings = aws_config::settings(&text, &profile).unwrap_or_default();
        let process = settings
            .into_iter()
            .find(|(key, _)| key == "credential_process");
        let Some((_, command)) = process.filter(|(_, value)| value.contains(CREDENTIAL_PROCESS))
        else {
            continue;
        };
        found = true;
        let (program, connector) = aws_config::program_and_connector(&command);
        let wired = profile.strip_prefix(&aws_config::profile_name(""));
        let named = connector.as_deref().or(wired);
        let fix = match (wired, named) {
            (Some(_), Some(name)) if !names.iter().any(|known| known == name) => {
                format!("run 'aws-connector logout {name}'")
            }
            (Some(_), Some(name)) => format!("run 'aws-connector login {name}' again"),
            _ => format!("correct credential_process of AWS CLI profile {profile}"),
        };
        let line = Line {
            program,
            connector: connector.clone(),
            fix,
        };
        let place = format!("profile {profile} in {}", path.display());
        let fault = fault_of(app, line, names)
            .or_else(|| other_endpoints(app, profiles?, &profile, &connector?));
        let finding = match fault {
            Some(finding) => finding.about(&place),
            None => Finding::ok(place),
        };
        report.find("AWS CLI", finding);
    }
    if !found && text.contains(CREDENTIAL_PROCESS) {
        let what = format!(
            "{} calls {CREDENTIAL_PROCESS}, but cannot be parsed",
            path.display()
        );
        let fix = "correct the file: the AWS CLI cannot parse it either";
        report.find("AWS CLI", Finding::failed(what, fix));
    }
}

fn docker(app: &App, profile: Option<&Profile>, report: &mut Report<'_>) {
    if app.env.get("DOCKER_AUTH_CONFIG").is_some() {
        let finding = Finding::warning(
            "DOCKER_AUTH_CONFIG is set and takes precedence over credential helpers",
            "unset DOCKER_AUTH_CONFIG",
        );
        report.find("Docker", finding);
    }
    for path in places::docker_configs(app).unwrap_or_default() {
        let text = read_or_empty(&path);
        let parsed = serde_json::from_str::<serde_json::Value>(&text);
        if let Err(error) = &parsed
            && !text.trim().is_empty()
        {
            let what = format!("{} is not valid JSON: {error}", path.display());
            report.find(
                "Docker",
                Finding::failed(what, "correct the file, or move it away"),
            );
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
                    "credsStore in {} uses aws-connector for every registry: each pull runs it, and 'docker login' to other registries fails, since it stores no passwords",
                    path.display()
                ),
                "remove credsStore and run 'aws-connector login NAME --resource-type docker-registry'",
            );
            report.find("Docker", finding);
        }
    }
}

/// The connector that serves a registry to Docker.
fn served(app: &App, profile: &Profile, registry: &RegistryHost, path: &Path) -> Finding {
    let host = registry.host();
    match registries::served_by(app, profile, registry) {
        Ok(connector) => Finding::ok(format!(
            "{host} in {}, served by '{}'",
            path.display(),
            connector.name
        )),
        Err(error) => Finding::from(error).about(&format!("{host} in {}", path.display())),
    }
}

fn kube(app: &App, names: &[String], report: &mut Report<'_>) {
    for path in places::kubeconfigs(app).unwrap_or_default() {
        let text = read_or_empty(&path);
        let wired = kubeconfig::wired(&text);
        if wired.is_empty() && text.contains(EKS_TOKEN) {
            // Entries written by hand can differ from those that `login` writes.
            let what = format!(
                "{} calls {EKS_TOKEN} in an entry written by hand",
                path.display()
            );
            report.find("kubectl", Finding::ok(what));
        }
        for (user, connector, command) in wired {
            let verb = if names.contains(&connector) {
                "login"
            } else {
                "logout"
            };
            let line = Line {
                program: Some(command),
                fix: format!("run 'aws-connector {verb} {connector}'"),
                connector: Some(connector),
            };
            let place = format!("{user} in {}", path.display());
            let finding = match fault_of(app, line, names) {
                Some(finding) => finding.about(&place),
                None => Finding::ok(place),
            };
            report.find("kubectl", finding);
        }
    }
}
