//! Secrets that somebody has to be asked for.

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::PlannedSecret;
use aws_connector_core::secret::Secret;

use crate::client::Client;

/// Fetches one.
pub(crate) fn fetch(
    _client: &Client,
    _secret: &PlannedSecret,
    _session: Option<&Session>,
    _call: Call<'_>,
) -> Result<Secret> {
    Err(Error::local("not yet"))
}
