//! The full program behind the three small ones: serves what they cannot serve from the cache.

use std::process::ExitCode;

use aws_connector_aws::Sdk;
use aws_connector_core::edge;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::hand_over::Call;
use aws_connector_core::protocol::Protocol;
use aws_connector_core::protocol::credential_process::CredentialProcess;
use aws_connector_core::protocol::docker_credential::DockerCredential;
use aws_connector_core::protocol::exec_credential::ExecCredential;
use aws_connector_core::request::Client;

/// Answers in the client's own protocol.
pub(crate) fn run(call: Result<Call, (Client, Error)>) -> ExitCode {
    let client = match &call {
        Ok(call) => call.client,
        Err((client, _)) => *client,
    };
    let call = call.map_err(|(_, error)| error);
    let status = match client {
        Client::CredentialProcess => speak::<CredentialProcess>(call),
        Client::Docker => speak::<DockerCredential>(call),
        Client::EksToken => speak::<ExecCredential>(call),
        // No small program hands over requests of this command.
        Client::Command => 2,
    };
    ExitCode::from(u8::try_from(status).unwrap_or(1))
}

fn speak<P: Protocol>(call: Result<Call>) -> i32 {
    match call {
        Ok(call) => edge::run_full::<P>(call, &Sdk::new()),
        Err(error) => edge::fail::<P>(&error),
    }
}
