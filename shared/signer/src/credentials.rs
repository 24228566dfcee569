//! A session in the form that AWS's crates sign with.

use aws_connector_core::credential::Session;
use aws_credential_types::Credentials;

/// The credentials of a session. Their expiry is not set, because core decides when a session is
/// too old to sign with.
pub fn credentials(session: &Session) -> Credentials {
    Credentials::new(
        session.access_key_id.as_str(),
        session.secret_access_key.expose(),
        session
            .session_token
            .as_ref()
            .map(|token| token.expose().to_owned()),
        None,
        "aws-connector",
    )
}
