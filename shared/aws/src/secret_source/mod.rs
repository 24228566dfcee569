//! Secrets from other programs and services, one file for each kind.

mod command;
pub(crate) mod keyring;
mod ssm;

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::local_secret;
use aws_connector_core::plan::PlannedSecret;
use aws_connector_core::profile::SecretRef;
use aws_connector_core::secret::Secret;

use crate::network::Network;

/// Fetches a secret.
pub(crate) fn fetch(
    network: &Network,
    secret: &PlannedSecret,
    session: Option<&Session>,
    call: Call<'_>,
) -> Result<Secret> {
    match secret {
        PlannedSecret::Local(SecretRef::Command(argv)) => command::fetch(network.env(), argv, call),
        PlannedSecret::Local(SecretRef::Keyring(entry)) => keyring::fetch(entry, call.deadline),
        PlannedSecret::Local(other) => local_secret::read(other, network.env())?
            .ok_or_else(|| Error::local(format!("{} cannot be fetched here", other.describe()))),
        PlannedSecret::Ssm { name, site, .. } => {
            let session = session
                .ok_or_else(|| Error::local("an SSM parameter was requested without a session"))?;
            ssm::fetch(network, name, site, session, call)
        }
    }
}

/// Checks a fetched secret: removes one trailing line break, and fails if it is empty.
fn found(text: &str, place: &str) -> Result<Secret> {
    Secret::from_printed(text)
        .ok_or_else(|| Error::new(Kind::NoCredentials, format!("{place} is empty")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_a_secret() {
        for (text, secret) in [
            ("s", Some("s")),
            ("s\n", Some("s")),
            ("s\r\n", Some("s")),
            ("s\n\n", Some("s\n")),
            (" s ", Some(" s ")),
            ("", None),
            ("\n", None),
        ] {
            let found = found(text, "x").ok();
            assert_eq!(found.as_ref().map(Secret::expose), secret, "{text:?}");
        }
    }
}
