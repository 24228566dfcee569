//! The AWS configurations of `exec`, in a subfolder of the cache folder.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::time::Duration;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::paths::CACHE_VARIABLE;

use crate::app::App;
use crate::private_folder::PrivateFolder;

/// The subfolder of the cache folder for the configurations.
const FOLDER: &str = "exec";

/// A configuration that was last used this long ago is no longer needed: its sessions have expired
/// long since.
const LONGEST_UNUSED: Duration = Duration::from_hours(90 * 24);

/// Writes the configuration of a connector. The file name is derived from the text: equal runs
/// share one file, so a command that replaces this process needs no cleanup, and no run changes the
/// file of an earlier one.
pub(crate) fn keep(app: &App, name: &str, text: &str) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let file = format!("{name}.{:016x}", hasher.finish());
    let refused = |why: String| {
        Error::local(format!(
            "cannot write the command's AWS configuration: {why}"
        ))
        .of(name)
        .fix(format!(
            "pass --env, or set {CACHE_VARIABLE} to a folder that only you can change"
        ))
    };
    let cache = app.paths.cache_folder.as_deref();
    let cache = cache.ok_or_else(|| refused("the home folder is unknown".to_owned()))?;
    let folder = PrivateFolder::create(cache)
        .and_then(|cache| cache.folder(FOLDER))
        .map_err(refused)?;
    let path = folder
        .keep(&file, text)
        .map_err(|error| refused(format!("{}/{FOLDER}: {error}", cache.display())))?;
    folder.remove(|_, unused| unused > LONGEST_UNUSED);
    Ok(path)
}

/// Removes the configurations of a connector, if any.
pub(crate) fn remove(app: &App, connector: &str) {
    if let Some(cache) = app.paths.cache_folder.as_deref()
        && let Ok(folder) =
            PrivateFolder::open(cache).and_then(|cache| cache.existing_folder(FOLDER))
    {
        folder.remove(|file, _| {
            file.rsplit_once('.')
                .is_some_and(|(name, _)| name == connector)
        });
    }
}
