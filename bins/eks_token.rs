//! The Kubernetes exec credential plugin.

#![no_main]
#![expect(unsafe_code, reason = "`main` must be exported under its C name")]

use aws_connector_core::edge;
use aws_connector_core::protocol::exec_credential::ExecCredential;
use aws_connector_signer::cluster_token;

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    edge::run::<ExecCredential>(cluster_token)
}
