//! The Kubernetes exec credential plugin.

use std::process::ExitCode;

use aws_connector_aws::Sdk;
use aws_connector_core::edge;
use aws_connector_core::protocol::exec_credential::ExecCredential;

fn main() -> ExitCode {
    edge::run::<ExecCredential>(&Sdk::new())
}
