//! A secret in the platform's keyring.

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::shown;

pub(super) fn fetch(entry: &str) -> Result<Secret> {
    let what = format!(
        "keyring entry {} cannot be read: this build has no keyring",
        shown(entry)
    );
    Err(Error::new(Kind::NoCredentials, what).fix(
        "name a command that reads it, such as { command = [\"secret-tool\", \"lookup\", …] }",
    ))
}
