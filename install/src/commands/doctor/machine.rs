//! Checks of this machine: binaries, permissions, proxies, variables.

use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aws_connector_core::command;
use aws_connector_core::fs::{Draft, insecure};
use aws_connector_core::shown::shown;

use super::report::{Finding, Report};
use crate::app::App;
use crate::wire::{aws_config, places};

/// The binaries, each with the argument that prints its version.
const ALL: [(&str, &str); 4] = [
    ("aws-connector", "--version"),
    ("aws-connector-credential-process", "--version"),
    ("docker-credential-aws-connector", "version"),
    ("aws-connector-eks-token", "--version"),
];

/// Checks that each small program has the full one beside it.
fn alone(path: &Path) -> Option<Finding> {
    let real = path.canonicalize().ok()?;
    let full = real.with_file_name("aws-connector");
    (!full.is_file()).then(|| {
        Finding::failed(
            format!(
                "{} answers only from the cache: {} is missing",
                path.display(),
                full.display()
            ),
            "install all four programs into one folder, as install/install.sh does",
        )
    })
}

/// How long to wait for a version; our own binaries print it at once.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn check(app: &App, report: &mut Report<'_>) {
    binaries(app, report);
    permissions(app, report);
    proxies(app, report);
    variables(app, report);
}

/// Checks that all binaries have this version, and that Docker finds its helper on PATH.
fn binaries(app: &App, report: &mut Report<'_>) {
    let mut sound = Vec::new();
    for (name, flag) in ALL {
        let on_path = places::on_path(app, name);
        // What `login` wires may differ from what a shell or Docker finds.
        let mut found: Vec<PathBuf> = on_path.iter().cloned().collect();
        found.extend(places::binary(app, name).ok());
        found.dedup_by_key(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
        let Some(first) = found.first() else {
            let finding = Finding::failed(
                format!("{name} not found on PATH or next to aws-connector"),
                "run install/install.sh, which installs all four together",
            );
            report.find("binaries", finding);
            continue;
        };
        let faults: Vec<Finding> = found
            .iter()
            .filter_map(|path| outdated(path, flag).or_else(|| alone(path)))
            .collect();
        let folder = first.parent().unwrap_or(Path::new("/"));
        if faults.is_empty() && on_path.is_none() && name.starts_with("docker") {
            let finding = Finding::failed(
                format!(
                    "{} is not on PATH, where Docker looks for it",
                    first.display()
                ),
                format!("add {} to PATH", folder.display()),
            );
            report.find("binaries", finding);
        } else if faults.is_empty() {
            sound.push((name, folder.to_owned()));
        }
        for fault in faults {
            report.find("binaries", fault);
        }
    }
    let own = env!("CARGO_PKG_VERSION");
    let mut folders: Vec<&PathBuf> = sound.iter().map(|(_, folder)| folder).collect();
    folders.dedup();
    let detail = match (folders.as_slice(), sound.len()) {
        (_, 0) => return,
        ([folder], 4) => format!("all four, version {own}, in {}", folder.display()),
        _ => {
            let each = sound
                .iter()
                .map(|(name, folder)| folder.join(name).display().to_string());
            format!("{}, version {own}", each.collect::<Vec<_>>().join(", "))
        }
    };
    report.find("binaries", Finding::ok(detail));
}

/// What is wrong with a binary's version.
fn outdated(path: &Path, flag: &str) -> Option<Finding> {
    let own = env!("CARGO_PKG_VERSION");
    let words = [path.display().to_string(), flag.to_owned()];
    let output = match command::run(&words, "", Instant::now() + PATIENCE) {
        Ok(output) => output,
        Err(error) => {
            return Some(Finding::failed(
                format!("cannot read its version: {}", error.summary()),
                "run install/install.sh, which installs all four together",
            ));
        }
    };
    let told = String::from_utf8_lossy(&output).trim().to_owned();
    if told.split_whitespace().any(|word| word == own) {
        return None;
    }
    Some(Finding::warning(
        format!(
            "{} is {}, expected version {own}",
            path.display(),
            shown(&told)
        ),
        "run install/install.sh, which installs all four together, and remove older copies",
    ))
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
            Finding::ok(format!("{} is private to you", path.display()))
        } else {
            Finding::warning(
                format!("{} has mode {mode:o}", path.display()),
                format!("chmod 600 {}", path.display()),
            )
        };
        report.find("connectors file", finding);
    }
    report.find("cache", cache(app));
}

/// Whether sessions can be cached, which creates the folder as the first session does.
fn cache(app: &App) -> Finding {
    let Some(folder) = app.paths.cache_folder.as_deref() else {
        return Finding::failed(
            "sessions are not cached: the home folder is unknown",
            ELSEWHERE,
        );
    };
    let shown = folder.display();
    if let Err(why) = writable(folder) {
        let me = rustix::process::geteuid().as_raw();
        let is_mine = |meta: std::fs::Metadata| meta.uid() == me && insecure(&meta).is_some();
        let fix = match std::fs::symlink_metadata(folder).is_ok_and(is_mine) {
            true => format!("chmod 700 {}", places::quoted(&shown.to_string())),
            false => ELSEWHERE.to_owned(),
        };
        return Finding::failed(format!("sessions are not cached: {why}"), fix);
    }
    match std::fs::metadata(folder).map(|meta| meta.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 != 0 => Finding::warning(
            format!("{shown} has mode {mode:o}"),
            format!("chmod 700 {shown}"),
        ),
        _ if app.env.is_off("AWS_CONNECTOR_CACHE") => Finding::warning(
            "AWS_CONNECTOR_CACHE turns the cache off: every command calls AWS",
            "unset AWS_CONNECTOR_CACHE",
        ),
        _ => Finding::ok(match app.cache().list().len() {
            1 => format!("{shown}, 1 entry"),
            many => format!("{shown}, {many} entries"),
        }),
    }
}

const ELSEWHERE: &str =
    "set AWS_CONNECTOR_CACHE_DIR to a folder that only you can change, such as a new one";

/// Why no file can be created in a folder, which is created if missing.
fn writable(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    if std::fs::symlink_metadata(folder).is_err() {
        builder
            .create(folder)
            .map_err(|error| format!("cannot create {shown}: {error}"))?;
    }
    let meta = std::fs::symlink_metadata(folder).map_err(|error| format!("{shown}: {error}"))?;
    if !meta.is_dir() {
        return Err(format!("{shown} is a symbolic link or not a folder"));
    }
    if let Some(why) = insecure(&meta) {
        return Err(format!("{shown} {why}"));
    }
    let name = format!("verify.{}.tmp", std::process::id());
    Draft::create(folder.join(name))
        .map(drop)
        .map_err(|error| format!("cannot write to {shown}: {error}"))
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
    // Print only the variable's name: the proxy's URL may contain a password.
    let exempt = ["NO_PROXY", "no_proxy"]
        .iter()
        .find_map(|name| app.env.get(name));
    let finding = match exempt {
        Some(list) if list.contains("169.254") => Finding::ok(format!("{name} is set")),
        _ => Finding::warning(
            format!("{name} is set; other programs may use it for 169.254.169.254 too"),
            "add 169.254.169.254,169.254.170.2 to NO_PROXY",
        ),
    };
    report.find("proxy", finding);
}

fn variables(app: &App, report: &mut Report<'_>) {
    let set = |name: &&str| app.env.get(name).is_some();
    let redirecting: Vec<&str> = [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
        "AWS_ENDPOINT_URL_ECR",
        "AWS_ENDPOINT_URL_EKS",
        "AWS_ENDPOINT_URL_S3",
    ]
    .into_iter()
    .filter(set)
    .collect();
    if !redirecting.is_empty() {
        let finding = Finding::warning(
            format!("custom AWS endpoints are set by {}", redirecting.join(", ")),
            "unset them unless this is intended",
        );
        report.find("environment", finding);
    }
    let ours = |name: String| name.starts_with(&aws_config::profile_name(""));
    if app.env.get("AWS_PROFILE").is_some_and(ours) && set(&"AWS_ACCESS_KEY_ID") {
        let finding = Finding::warning(
            "AWS_ACCESS_KEY_ID is set, and the AWS CLI prefers it to AWS_PROFILE",
            "unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
        );
        report.find("environment", finding);
    }
}
