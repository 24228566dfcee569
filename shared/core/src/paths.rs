//! The paths of the connectors file and the cache directory.

use std::path::PathBuf;

use directories::ProjectDirs;

use crate::env::Env;
use crate::passwd;
use crate::sys::user::effective_uid;

/// The variable that overrides the path of the connectors file.
pub const FILE_VARIABLE: &str = "AWS_CONNECTOR_FILE";
/// The variable that overrides the cache directory.
pub const CACHE_VARIABLE: &str = "AWS_CONNECTOR_CACHE_DIR";

/// The two locations on disk; either is `None` if there is no home directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `connectors.toml`.
    pub profile_file: Option<PathBuf>,
    /// Whether the environment sets the path, in which case the file must exist.
    pub profile_file_named: bool,
    /// The directory of cache entries and locks.
    pub cache_folder: Option<PathBuf>,
}

impl Paths {
    /// Finds both: the environment's overrides first, then the platform's directories for
    /// `aws-connector`.
    pub fn find(env: &Env) -> Self {
        let named_file = env.get(FILE_VARIABLE).map(whole);
        let named_cache = env.get(CACHE_VARIABLE).map(whole);
        let (mut profile_file, mut cache_folder) = (named_file, named_cache);
        let profile_file_named = profile_file.is_some();
        if (profile_file.is_none() || cache_folder.is_none())
            && let Some(folders) = Folders::find(env)
        {
            profile_file.get_or_insert_with(|| folders.config.join("connectors.toml"));
            cache_folder.get_or_insert(folders.cache);
        }
        Self {
            profile_file,
            profile_file_named,
            cache_folder,
        }
    }
}

/// Makes a path absolute, so that it stays valid in a child's working directory.
fn whole(path: String) -> PathBuf {
    std::path::absolute(&path).unwrap_or_else(|_| path.into())
}

/// The platform's directories for `aws-connector`.
struct Folders {
    config: PathBuf,
    cache: PathBuf,
}

impl Folders {
    fn find(env: &Env) -> Option<Self> {
        // `directories` reads HOME and XDG_* from the process itself. Without HOME it calls the C
        // library, which loads the host's NSS modules and may crash in a static program.
        if cfg!(not(target_os = "linux")) || env.get("HOME").is_some() {
            let dirs = ProjectDirs::from("", "", "aws-connector")?;
            return Some(Self {
                config: dirs.config_dir().to_owned(),
                cache: dirs.cache_dir().to_owned(),
            });
        }
        let home = home(env);
        let folder = |variable: &str, usual: &str| {
            let named = env.get(variable).map(PathBuf::from);
            let named = named.filter(|path| path.is_absolute());
            let folder = named.or_else(|| Some(home.as_ref()?.join(usual)))?;
            Some(folder.join("aws-connector"))
        };
        Some(Self {
            config: folder("XDG_CONFIG_HOME", ".config")?,
            cache: folder("XDG_CACHE_HOME", ".cache")?,
        })
    }
}

/// The user's home directory: `HOME`, else the entry in `/etc/passwd`.
pub fn home(env: &Env) -> Option<PathBuf> {
    match env.get("HOME") {
        Some(home) => Some(home.into()),
        None if matches!(env, Env::Fixed(_)) => None,
        None if cfg!(target_os = "linux") => Some(passwd::user(effective_uid())?.home?.into()),
        None => std::env::home_dir(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn relative_paths_become_absolute() {
        let env = Env::fixed([(FILE_VARIABLE, "x/p.toml"), (CACHE_VARIABLE, "cache")]);
        let paths = Paths::find(&env);
        let here = std::env::current_dir().unwrap();
        assert_eq!(paths.profile_file, Some(here.join("x/p.toml")));
        assert_eq!(paths.cache_folder, Some(here.join("cache")));
    }
}
