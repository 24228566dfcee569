//! The lines in the files of others: that they lead to binaries and connectors that exist.

use std::path::{Path, PathBuf};

use aws_connector_core::ambient::split_command;
use aws_connector_core::error::Result;
use aws_connector_core::profile::Profile;

use super::{Finding, Report};
use crate::app::App;
use crate::wire::{aws_config, docker_config, kubeconfig, places};

pub(super) fn check(app: &App, profile: Option<&Profile>, report: &mut Report<'_>) {
    let names = profile
        .and_then(|profile| profile.names().ok())
        .unwrap_or_default();
    aws(app, &names, report);
    docker(app, report);
    kube(app, &names, report);
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

fn docker(app: &App, report: &mut Report<'_>) {
    if app.env.get("DOCKER_AUTH_CONFIG").is_some() {
        report.find(
            "Docker",
            Finding::warning(
                "DOCKER_AUTH_CONFIG is set: what it holds beats every credential helper",
                "unset DOCKER_AUTH_CONFIG",
            ),
        );
    }
    let files: Result<Vec<PathBuf>> = places::docker_configs(app);
    for path in files.unwrap_or_default() {
        let text = read(&path);
        let hosts = docker_config::wired(&text);
        if !hosts.is_empty() {
            report.find(
                "Docker",
                Finding::ok(format!("{} in {}", hosts.join(", "), path.display())),
            );
        }
        let document: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if document
            .get("credsStore")
            .and_then(serde_json::Value::as_str)
            == Some(docker_config::HELPER)
        {
            report.find(
                "Docker",
                Finding::warning(
                    format!("credsStore in {} sends every registry to aws-connector, which keeps no passwords of others", path.display()),
                    "remove credsStore and run 'aws-connector login NAME --resource-type docker-registry'",
                ),
            );
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
