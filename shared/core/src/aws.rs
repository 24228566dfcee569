//! What the pipeline needs of AWS: one method a question, all synchronous. The crate beside this
//! one answers them; tests answer them with what they like.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::clock::ServerDate;
use crate::credential::{ClusterToken, RegistryLogin, Session};
use crate::error::Result;
use crate::plan::{LoginPlan, PlannedSecret, Step, TokenPlan};
use crate::secret::Secret;

/// The circumstances of a question to AWS.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The connector that asks, for messages.
    pub connector: &'a str,
    /// The connector that the client requested: the outermost of the chain.
    pub serving: &'a str,
    /// The true time: what signatures carry and expiries are compared with.
    pub now: DateTime<Utc>,
    /// When the answer must be there, all retries included.
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

/// AWS, as far as this program asks it.
pub trait Aws {
    /// Carries out one step that yields a session: everything but
    /// [`How::Keys`](crate::plan::How::Keys), which the pipeline does itself. `source` is the
    /// session of [`Step::source`].
    ///
    /// # Errors
    /// AWS said no, did not answer before the deadline, or answered nonsense.
    fn session(
        &self,
        step: &Step,
        source: Option<&Session>,
        secrets: &StepSecrets,
        call: Call<'_>,
    ) -> Result<Session>;

    /// Fetches a secret from the keyring, a command or SSM; for the latter,
    /// `session` may read it.
    ///
    /// # Errors
    /// It is not there, or could not be fetched before the deadline.
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
    /// The token would be longer than clusters take.
    fn cluster_token(
        &self,
        plan: &TokenPlan,
        session: &Session,
        call: Call<'_>,
    ) -> Result<ClusterToken>;

    /// The date of the last answer, for finding out that this machine's clock is wrong.
    fn server_date(&self) -> Option<ServerDate> {
        None
    }
}
