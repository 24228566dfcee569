//! Calls AWS: the only user of the AWS SDK and of an async runtime, behind a synchronous trait.
//!
//! Does not read AWS's shared configuration files or find credentials by itself: the plan contains
//! each call, its endpoint and its credentials.

#![cfg_attr(
    test,
    expect(clippy::disallowed_methods, reason = "tests open files directly")
)]

mod connections;
mod destination;
mod error_codes;
mod hosts;
#[cfg(feature = "inventory")]
pub mod inventory;
mod mint;
mod names;
mod network;
mod no_answer;
mod sdk_error;
mod secret_source;
mod session;
mod signed_request;
mod text;
mod trust;

#[cfg(feature = "inventory")]
pub use secret_source::keyring::exchange as exchange_in_keyring;

#[cfg(test)]
mod standin_test;

use aws_connector_core::aws::{Aws, Call, StepSecrets};
use aws_connector_core::clock::ServerDate;
use aws_connector_core::credential::{ClusterToken, RegistryLogin, Session};
use aws_connector_core::error::Result;
use aws_connector_core::plan::{LoginPlan, PlannedSecret, Step, TokenPlan};
use aws_connector_core::secret::Secret;

use network::Network;

/// Calls AWS with its SDK.
///
/// Cheap to create: the runtime, the TLS configuration and the connections are created on demand
/// and reused.
#[derive(Debug, Default)]
pub struct Sdk {
    network: Network,
}

impl Sdk {
    /// Creates a client that has not connected yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Aws for Sdk {
    fn session(
        &self,
        step: &Step,
        source: Option<&Session>,
        secrets: &StepSecrets,
        call: Call<'_>,
    ) -> Result<Session> {
        session::obtain(&self.network, step, source, secrets, call)
            .map_err(|error| error.of(&step.connector))
    }

    fn secret(
        &self,
        secret: &PlannedSecret,
        session: Option<&Session>,
        call: Call<'_>,
    ) -> Result<Secret> {
        secret_source::fetch(&self.network, secret, session, call)
            .map_err(|error| error.of(call.connector))
    }

    fn registry_login(
        &self,
        plan: &LoginPlan,
        session: &Session,
        call: Call<'_>,
    ) -> Result<RegistryLogin> {
        mint::registry_login(&self.network, plan, session, call)
            .map_err(|error| error.of(call.connector))
    }

    fn cluster_token(
        &self,
        plan: &TokenPlan,
        session: &Session,
        call: Call<'_>,
    ) -> Result<ClusterToken> {
        aws_connector_signer::cluster_token(plan, session, call.now)
            .map_err(|error| error.of(call.connector))
    }

    fn server_date(&self) -> Option<ServerDate> {
        self.network.last_server_date()
    }
}
