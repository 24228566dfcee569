//! The AWS credential_process.

use std::process::ExitCode;

use aws_connector_aws::Sdk;
use aws_connector_core::edge;
use aws_connector_core::protocol::credential_process::CredentialProcess;

fn main() -> ExitCode {
    edge::run::<CredentialProcess>(&Sdk::new())
}
