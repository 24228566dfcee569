//! The Docker credential helper.

#![no_main]
#![expect(unsafe_code, reason = "`main` must be exported under its C name")]

use aws_connector_core::edge;
use aws_connector_core::protocol::docker_credential::DockerCredential;
use aws_connector_signer::cluster_token;

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    edge::run::<DockerCredential>(cluster_token)
}
