//! Exchanges a session for a registry login.

use super::Pipeline;
use crate::cache::Need;
use crate::credential::{RegistryLogin, Session};
use crate::error::{Error, Kind, Reason, Result};
use crate::log;
use crate::plan::{LoginPlan, Step};
use crate::resource::policy_lacks;
use crate::turn::Turn;

impl Pipeline<'_> {
    /// Obtains a login with a session that may come from the cache. If AWS has revoked the session
    /// early, refreshes it once.
    pub(super) fn login(
        &self,
        step: &Step,
        login: &LoginPlan,
        turn: &mut Turn<'_>,
    ) -> Result<RegistryLogin> {
        // The login inherits the session's permissions and expiration, so use a fresh one.
        let session = self.session(step, Need::HandOut, turn)?;
        match self.login_with(step, login, &session, turn) {
            // Do not replace a session that this command minted: another one would fail as well.
            Err(error) if has_ended(&error) && step.is_cacheable() && !turn.has_minted => {
                log::debug(format_args!(
                    "the session was revoked before it expired; refreshing it"
                ));
                let forced = std::mem::replace(&mut turn.force, true);
                let fresh = self.session(step, Need::HandOut, turn);
                turn.force = forced;
                // A region that is not enabled has an error code of the same meaning; keep the
                // first error.
                let Ok(fresh) = fresh else {
                    return Err(error);
                };
                if fresh.access_key_id == session.access_key_id {
                    // Another process refreshed it during the wait.
                    return Err(error);
                }
                self.login_with(step, login, &fresh, turn)
            }
            answer => answer,
        }
    }

    fn login_with(
        &self,
        step: &Step,
        login: &LoginPlan,
        session: &Session,
        turn: &Turn<'_>,
    ) -> Result<RegistryLogin> {
        let clock = turn.clock();
        let mut login = self
            .ask(turn, true, |turn| {
                let call = self.call(&step.connector, turn);
                let mut session = session.clone();
                session.expires_at = session.expires_at.map(|at| clock.to_endpoint(at));
                self.aws.registry_login(login, &session, call)
            })
            .map_err(|error| blame_policy(error, step, login))?;
        login.expires_at = clock.from_endpoint(login.expires_at);
        Ok(login)
    }
}

/// Whether AWS no longer accepts the session.
fn has_ended(error: &Error) -> bool {
    matches!(error.reason(), Some(Reason::Expired | Reason::UnknownKey))
}

/// If the connector's own policy causes a denial, the fix is there, not in AWS.
fn blame_policy(error: Error, step: &Step, login: &LoginPlan) -> Error {
    let needed: &[&str] = if login.public {
        &[
            "ecr-public:GetAuthorizationToken",
            "sts:GetServiceBearerToken",
        ]
    } else {
        &["ecr:GetAuthorizationToken"]
    };
    let lacks = match step.inline_policy() {
        Some(policy) if error.kind == Kind::Denied => policy_lacks(policy, needed),
        _ => return error,
    };
    if lacks.is_empty() {
        return error;
    }
    Error {
        fix: Some(format!(
            "allow {} in its policy in the connectors file",
            lacks.join(" and ")
        )),
        ..error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Refusal;

    #[test]
    fn only_an_ended_session_is_renewed() {
        let error = |reason| Error::new(Kind::Denied, "no").refusal(Refusal::of("", reason));
        assert!(has_ended(&error(Reason::Expired)));
        assert!(has_ended(&error(Reason::UnknownKey)));
        assert!(!has_ended(&error(Reason::AccessDenied)));
        assert!(!has_ended(&error(Reason::Busy)));
        assert!(!has_ended(&Error::new(Kind::Denied, "no")));
    }
}
