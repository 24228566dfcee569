//! What of this machine gets in the way: permissions, proxies, binaries.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{Finding, Report};
use crate::app::App;
use crate::wire::places;

const OTHERS: [(&str, &str); 3] = [
    ("aws-connector-credential-process", "--version"),
    ("docker-credential-aws-connector", "version"),
    ("aws-connector-eks-token", "--version"),
];

pub(super) fn check(app: &App, report: &mut Report<'_>) {
    binaries(app, report);
    permissions(app, report);
    proxies(app, report);
    endpoints(app, report);
}

/// The other three, of one version with this one; Docker finds its helper on PATH only.
fn binaries(app: &App, report: &mut Report<'_>) {
    let own = env!("CARGO_PKG_VERSION");
    for (name, flag) in OTHERS {
        let on_path = places::on_path(app, name);
        let Ok(path) = places::binary(app, name) else {
            report.find(
                name,
                Finding::failed(
                    "is nowhere",
                    "run install/install.sh, which installs all four together",
                ),
            );
            continue;
        };
        if on_path.is_none() && name.starts_with("docker") {
            report.find(
                name,
                Finding::failed(
                    format!(
                        "{} is not on PATH, where Docker looks for it",
                        path.display()
                    ),
                    format!(
                        "add {} to PATH",
                        path.parent().unwrap_or(Path::new("/")).display()
                    ),
                ),
            );
            continue;
        }
        let found = on_path.unwrap_or(path);
        let version = Command::new(&found)
            .arg(flag)
            .output()
            .ok()
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        let finding = match version {
            Some(version) if version.split_whitespace().any(|word| word == own) => {
                Finding::ok(format!("{} {own}", found.display()))
            }
            Some(version) => Finding::warning(
                format!(
                    "{} is {}, this is {own}",
                    found.display(),
                    aws_connector_core::shown::shown(&version)
                ),
                "run install/install.sh, which installs all four together",
            ),
            None => Finding::failed(
                format!("{} cannot be run", found.display()),
                "run install/install.sh again",
            ),
        };
        report.find(name, finding);
    }
}

fn permissions(app: &App, report: &mut Report<'_>) {
    let mode = |path: &Path| {
        std::fs::metadata(path)
            .ok()
            .map(|meta| meta.permissions().mode() & 0o777)
    };
    if let Some(path) = &app.paths.profile_file
        && let Some(mode) = mode(path)
    {
        let finding = if mode & 0o077 == 0 {
            Finding::ok(format!("{} is yours only", path.display()))
        } else {
            Finding::warning(
                format!("{} has mode {mode:o}", path.display()),
                format!("chmod 600 {}", path.display()),
            )
        };
        report.find("profile file", finding);
    }
    let cache = app.cache();
    let finding = match cache.folder() {
        None => Finding::failed(
            "sessions are not cached",
            "set AWS_CONNECTOR_CACHE_DIR to a folder of yours, or chmod 700 the folder named above",
        ),
        Some(folder) => match mode(folder) {
            Some(mode) if mode & 0o077 != 0 => Finding::warning(
                format!("{} has mode {mode:o}", folder.display()),
                format!("chmod 700 {}", folder.display()),
            ),
            _ if app.env.is_off("AWS_CONNECTOR_CACHE") => Finding::warning(
                "AWS_CONNECTOR_CACHE turns the cache off: every command asks AWS",
                "unset AWS_CONNECTOR_CACHE",
            ),
            _ => Finding::ok(format!(
                "{}, {} entries",
                folder.display(),
                cache.list().len()
            )),
        },
    };
    report.find("cache", finding);
}

fn proxies(app: &App, report: &mut Report<'_>) {
    let set = |name: &&str| app.env.get(name).is_some();
    let proxies = [
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "HTTP_PROXY",
        "http_proxy",
    ];
    let Some(name) = proxies.iter().find(|name| set(name)) else {
        return;
    };
    // The proxy's address may hold a password: the variable's name must do.
    let exempt = ["NO_PROXY", "no_proxy"]
        .iter()
        .find_map(|name| app.env.get(name));
    let finding = match exempt {
        Some(list) if list.contains("169.254") => Finding::ok(format!("{name} is set")),
        _ => Finding::warning(
            format!("{name} is set; other programs may ask it for 169.254.169.254 as well"),
            "add 169.254.169.254,169.254.170.2 to NO_PROXY",
        ),
    };
    report.find("proxy", finding);
}

fn endpoints(app: &App, report: &mut Report<'_>) {
    let names = [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
        "AWS_ENDPOINT_URL_ECR",
        "AWS_ENDPOINT_URL_EKS",
        "AWS_ENDPOINT_URL_S3",
    ];
    let set: Vec<&str> = names
        .into_iter()
        .filter(|name| app.env.get(name).is_some())
        .collect();
    if !set.is_empty() {
        report.find(
            "endpoints",
            Finding::warning(
                format!("{} redirect AWS's endpoints", set.join(", ")),
                "unset them unless you mean it",
            ),
        );
    }
}
