//! What the surroundings offer. (First form: the environment's variables only.)

use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::plan::{Site, Step};
use crate::profile::ImplicitSource;

/// Resolves.
pub fn resolve(
    _source: &ImplicitSource,
    connector: &str,
    _site: &Site,
    _env: &Env,
) -> Result<Step> {
    Err(Error::new(Kind::NoCredentials, "not yet").of(connector))
}
/// Region.
pub fn environment_region(env: &Env) -> Option<String> {
    env.get("AWS_REGION")
        .or_else(|| env.get("AWS_DEFAULT_REGION"))
}
/// Region.
pub fn profile_region(_profile: Option<&str>, _env: &Env) -> Option<String> {
    None
}
