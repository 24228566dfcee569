//! `sts:GetSessionToken`

use std::time::Duration;

use aws_connector_core::aws::{Call, StepSecrets};
use aws_connector_core::credential::Session;
use aws_connector_core::error::Result;
use aws_connector_core::plan::Site;
use aws_connector_core::profile::Mfa;

use super::{from_sts, seconds};
use crate::network::{Network, config, credentials};

pub(super) fn obtain(
    network: &Network,
    site: &Site,
    duration: Duration,
    mfa: Option<&Mfa>,
    source: &Session,
    secrets: &StepSecrets,
    call: Call<'_>,
) -> Result<Session> {
    let operation = "sts:GetSessionToken";
    let question = network
        .question(operation, operation.to_owned(), call)
        .at(site)
        .by(source)
        .hide_if(secrets.mfa_code.as_ref());
    let config = config!(aws_sdk_sts, "sts", site, &question)
        .credentials_provider(credentials(source))
        .build();
    let request = aws_sdk_sts::Client::from_conf(config)
        .get_session_token()
        .duration_seconds(seconds(duration))
        .set_serial_number(mfa.map(|mfa| mfa.serial.clone()))
        .set_token_code(
            secrets
                .mfa_code
                .as_ref()
                .map(|code| code.expose().to_owned()),
        );
    let answer = network.run(&question, async {
        request.send().await.map_err(|error| question.failed(error))
    })?;
    let mut session = from_sts(&question, answer.credentials, None)?;
    // The response does not include the identity, but it is the caller's own.
    session.principal_arn.clone_from(&source.principal_arn);
    session.account_id.clone_from(&source.account_id);
    Ok(session)
}
