//! The AWS `credential_process`.

#![no_main]
#![expect(unsafe_code, reason = "`main` must be exported under its C name")]

use aws_connector_core::edge;
use aws_connector_core::protocol::credential_process::CredentialProcess;
use aws_connector_signer::cluster_token;

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    edge::run::<CredentialProcess>(cluster_token)
}
