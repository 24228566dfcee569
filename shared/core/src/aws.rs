//! The trait that the pipeline calls AWS through: one synchronous method per kind of call.
//! `aws-connector-aws` implements it; tests substitute their own.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::clock::ServerDate;
use crate::credential::{ClusterToken, RegistryLogin, Session};
use crate::error::Result;
use crate::plan::{LoginPlan, PlannedSecret, Step, TokenPlan};
use crate::secret::Secret;

/// The context of a call to AWS.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The connector that makes the call, for messages.
    pub connector: &'a str,
    /// The connector that the client requested: the outermost of the chain.
    pub serving: &'a str,
    /// The corrected time: used for signatures and compared with expirations.
    pub now: DateTime<Utc>,
    /// The deadline for the response, including retries.
    pub deadline: Instant,
}

/// What a step needs besides its source's session.
#[derive(Clone, Debug, Default)]
pub struct StepSecrets {
    /// The external id of a role.
    pub external_id: Option<Secret>,
    /// The code of the second factor.
    pub mfa_code: Option<Secret>,
}

/// The calls that this program makes to AWS.
pub trait Aws {
    /// Carries out one step that yields a session. The pipeline handles
    /// [`How::Keys`](crate::plan::How::Keys) itself. `source` is the session of [`Step::source`].
    ///
    /// # Errors
    /// AWS denied the call, did not respond before the deadline, or returned an invalid response.
    fn session(
        &self,
        step: &Step,
        source: Option<&Session>,
        secrets: &StepSecrets,
        call: Call<'_>,
    ) -> Result<Session>;

    /// Fetches a secret from the keyring, a command or SSM. `session` is what reads the SSM
    /// parameter.
    ///
    /// # Errors
    /// It does not exist, or was not fetched before the deadline.
    fn secret(
        &self,
        secret: &PlannedSecret,
        session: Option<&Session>,
        call: Call<'_>,
    ) -> Result<Secret>;

    /// Turns a session into a registry login.
    ///
    /// # Errors
    /// As for [`Aws::session`].
    fn registry_login(
        &self,
        plan: &LoginPlan,
        session: &Session,
        call: Call<'_>,
    ) -> Result<RegistryLogin>;

    /// Signs a cluster token, without a network call.
    ///
    /// # Errors
    /// The token would be longer than clusters accept.
    fn cluster_token(
        &self,
        plan: &TokenPlan,
        session: &Session,
        call: Call<'_>,
    ) -> Result<ClusterToken>;

    /// The `Date` of the last response, for detecting a wrong local clock.
    fn server_date(&self) -> Option<ServerDate> {
        None
    }
}
