//! Carries out one step of a chain: its source, its secrets, its MFA code, the call.

use std::time::Instant;

use super::Pipeline;
use crate::aws::{Call, StepSecrets};
use crate::cache::Need;
use crate::credential::Session;
use crate::error::{Error, Kind, Reason, Result};
use crate::plan::Step;
use crate::profile::Mfa;
use crate::secret::Secret;
use crate::turn::Turn;
use crate::{log, mfa, profile};

impl Pipeline<'_> {
    /// Mints the session of a step.
    pub(super) fn mint(&self, step: &Step, turn: &mut Turn<'_>) -> Result<Session> {
        let source = match step.source() {
            Some(source) => Some(self.session(source, Need::Intermediate, turn)?),
            None => None,
        };
        let mut secrets = StepSecrets::default();
        if let Some(secret) = step.external_id() {
            let external_id = self.secret(step, secret, turn)?;
            profile::limits::external_id(external_id.expose()).map_err(|error| {
                Error::new(Kind::NoCredentials, format!("external_id: {error}")).of(&step.connector)
            })?;
            secrets.external_id = Some(external_id);
        }
        if let Some(factor) = step.mfa() {
            secrets.mfa_code = Some(self.code(step, factor, turn)?);
        }
        turn.has_minted = true;
        log::debug(format_args!(
            "calling {} for '{}'",
            step.describe(),
            step.connector
        ));
        let is_signed = source.is_some();
        let mut session = self
            .ask(turn, is_signed, |turn| {
                let call = self.call(&step.connector, turn);
                self.aws.session(step, source.as_ref(), &secrets, call)
            })
            .map_err(|error| error.of(&step.connector))?;
        let clock = turn.clock();
        session.expires_at = session.expires_at.map(|at| clock.from_endpoint(at));
        session.obtained_at = Some(turn.now());
        Ok(session)
    }

    fn code(&self, step: &Step, factor: &Mfa, turn: &mut Turn<'_>) -> Result<Secret> {
        if turn.in_background {
            let what = "cannot prompt for an MFA code in the background";
            return Err(Error::new(Kind::Interaction, what).of(&step.connector));
        }
        let began = Instant::now();
        let mut has_prompted = false;
        let code = mfa::code(
            factor,
            &step.connector,
            self.errand.may_prompt(),
            &mfa::extend_chain(self.errand.env(), &self.plan.connector, &step.connector),
            turn.deadline,
            &mut || {
                has_prompted = true;
                turn.held.iter().for_each(|held| held.prompting());
            },
        );
        turn.held.iter().for_each(|held| held.minting());
        turn.has_prompted |= has_prompted;
        let code = code?;
        // Time spent at the prompt does not count against the time for AWS.
        turn.deadline += began.elapsed();
        Ok(code)
    }

    pub(super) fn call<'c>(&'c self, connector: &'c str, turn: &Turn<'_>) -> Call<'c> {
        Call {
            connector,
            serving: &self.plan.connector,
            now: turn.clock().to_endpoint(turn.now()),
            deadline: turn.deadline,
        }
    }

    /// Calls AWS, and retries once if the signature had the wrong time.
    pub(super) fn ask<T>(
        &self,
        turn: &Turn<'_>,
        is_signed: bool,
        question: impl Fn(&Turn<'_>) -> Result<T>,
    ) -> Result<T> {
        let answer = question(turn);
        let is_refused = answer.as_ref().is_err_and(may_be_clock_skew);
        let learned = self
            .aws
            .server_date()
            .is_some_and(|date| turn.clock().learn(date, is_refused || !is_signed));
        match answer {
            Err(_) if learned && is_refused => question(turn),
            answer => answer,
        }
    }
}

/// Whether AWS rejected a signature's time, or may have: not every service says so.
fn may_be_clock_skew(error: &Error) -> bool {
    matches!(
        error.reason(),
        Some(Reason::WrongTime | Reason::BadSignature | Reason::AccessDenied)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Refusal;

    #[test]
    fn only_errors_that_clock_skew_can_cause_are_retried() {
        let error = |reason| Error::new(Kind::Denied, "no").refusal(Refusal::of("", reason));
        assert!(may_be_clock_skew(&error(Reason::WrongTime)));
        assert!(may_be_clock_skew(&error(Reason::BadSignature)));
        assert!(may_be_clock_skew(&error(Reason::AccessDenied)));
        assert!(!may_be_clock_skew(&error(Reason::Expired)));
        assert!(!may_be_clock_skew(&error(Reason::Busy)));
        assert!(!may_be_clock_skew(&Error::new(Kind::Denied, "no")));
    }
}
