//! The paths of the three files and of our binaries.

use std::path::{Path, PathBuf};

use aws_connector_core::ambient::ini::Dialect;
use aws_connector_core::error::{Error, Result};

use crate::app::App;

/// The AWS CLI's config file.
pub(crate) fn aws_config(app: &App) -> Result<PathBuf> {
    aws_file(app, Dialect::Config)
}

/// The AWS CLI's credentials file.
pub(crate) fn aws_credentials(app: &App) -> Result<PathBuf> {
    aws_file(app, Dialect::Credentials)
}

fn aws_file(app: &App, file: Dialect) -> Result<PathBuf> {
    // Without a path, there is no home folder either.
    file.path(&app.env).map_or_else(|| app.home(), Ok)
}

/// Docker's config file, and that of podman and skopeo if the environment sets one.
pub(crate) fn docker_configs(app: &App) -> Result<Vec<PathBuf>> {
    let docker = match app.env.get("DOCKER_CONFIG") {
        Some(folder) => PathBuf::from(folder),
        None => app.home()?.join(".docker"),
    };
    let mut all = vec![docker.join("config.json")];
    all.extend(app.env.get("REGISTRY_AUTH_FILE").map(PathBuf::from));
    Ok(all)
}

/// The kubeconfigs, in kubectl's order.
pub(crate) fn kubeconfigs(app: &App) -> Result<Vec<PathBuf>> {
    let named: Vec<PathBuf> = app
        .env
        .get("KUBECONFIG")
        .iter()
        .flat_map(std::env::split_paths)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if named.is_empty() {
        Ok(vec![app.home()?.join(".kube/config")])
    } else {
        Ok(named)
    }
}

/// The absolute path of one of our binaries: next to this one, else on PATH.
pub(crate) fn binary(app: &App, name: &str) -> Result<PathBuf> {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|own| Some(own.parent()?.join(name)))
        .filter(|path| path.is_file());
    beside.or_else(|| on_path(app, name)).ok_or_else(|| {
        Error::local(format!("{name} not found next to aws-connector or on PATH"))
            .fix("run install/install.sh, which installs all four binaries together")
    })
}

/// The first executable of a name on PATH.
pub(crate) fn on_path(app: &App, name: &str) -> Option<PathBuf> {
    let path = app.env.get("PATH")?;
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Quotes a word for POSIX shells and for botocore's splitter.
pub(crate) fn quoted(word: &str) -> String {
    let plain = word
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-+:@=,%".contains(c));
    if plain && !word.is_empty() {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
