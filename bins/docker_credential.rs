//! The Docker credential helper.

use std::process::ExitCode;

use aws_connector_aws::Sdk;
use aws_connector_core::edge;
use aws_connector_core::protocol::docker_credential::DockerCredential;

fn main() -> ExitCode {
    edge::run::<DockerCredential>(&Sdk::new())
}
