//! Where the profile file and the cache folder lie.

use std::path::PathBuf;

use directories::ProjectDirs;

use crate::env::Env;

/// The variable that names another profile file.
pub const FILE_VARIABLE: &str = "AWS_CONNECTOR_FILE";
/// The variable that names another cache folder.
pub const CACHE_VARIABLE: &str = "AWS_CONNECTOR_CACHE_DIR";

/// The two places on disk. Either is `None` where no home folder can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `connectors.toml`.
    pub profile_file: Option<PathBuf>,
    /// Whether the profile file was named by the environment (then it must exist).
    pub profile_file_named: bool,
    /// The folder of cache entries and locks.
    pub cache_folder: Option<PathBuf>,
}

impl Paths {
    /// Finds both: the environment's own variables first, then the platform's folders for
    /// `aws-connector`.
    pub fn find(env: &Env) -> Self {
        let named_file = env.get(FILE_VARIABLE).map(PathBuf::from);
        let named_cache = env.get(CACHE_VARIABLE).map(PathBuf::from);
        let dirs = if named_file.is_some() && named_cache.is_some() {
            None
        } else {
            // directories reads HOME and XDG_* of the process itself.
            ProjectDirs::from("", "", "aws-connector")
        };
        Self {
            profile_file_named: named_file.is_some(),
            profile_file: named_file.or_else(|| {
                dirs.as_ref()
                    .map(|d| d.config_dir().join("connectors.toml"))
            }),
            cache_folder: named_cache
                .or_else(|| dirs.as_ref().map(|d| d.cache_dir().to_path_buf())),
        }
    }
}
