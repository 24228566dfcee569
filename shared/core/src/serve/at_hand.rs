//! Serves what needs no AWS call: from the cache, or from keys on this machine.

use chrono::{DateTime, Utc};

use super::{Delivered, Errand, Renew};
use crate::cache::{Cacheable, Look, Need, Want};
use crate::credential::{ClusterToken, Session};
use crate::env::Env;
use crate::error::Result;
use crate::local_secret;
use crate::plan::{Delivery, PlannedSecret, Step, TokenPlan};
use crate::request::Request;
use crate::turn::Turn;

/// Signs a cluster token at the corrected time.
pub type Sign = fn(&TokenPlan, &Session, DateTime<Utc>) -> Result<ClusterToken>;

/// Serves a request without AWS, other processes or programs; `None` if it needs one of them.
///
/// # Errors
/// As [`super::serve`].
pub fn at_hand(
    request: &Request,
    env: &Env,
    called: DateTime<Utc>,
    sign: Sign,
    renew: Renew<'_>,
) -> Result<Option<Delivered>> {
    let errand = Errand::load(request, env)?;
    let clock = errand.clock();
    let turn = errand.turn(&clock, called);
    let near = Near {
        renew: errand.renews_ahead().then_some(renew),
        errand: &errand,
        turn: &turn,
    };
    near.deliver(sign)
        .map(|found| found.map(|delivered| delivered.in_local_time(&clock)))
        .map_err(|error| error.of(&errand.plan().connector))
}

struct Near<'a> {
    errand: &'a Errand<'a>,
    turn: &'a Turn<'a>,
    renew: Option<Renew<'a>>,
}

impl Near<'_> {
    fn deliver(&self, sign: Sign) -> Result<Option<Delivered>> {
        let plan = self.errand.plan();
        let step = &plan.session;
        // The full program could not read from the pipe again.
        if step.reads_pipe(self.errand.env()) {
            return Ok(None);
        }
        match &plan.delivery {
            Delivery::Session => Ok(self.session(step)?.map(Delivered::Session)),
            Delivery::RegistryLogin(login) => {
                let want = self.errand.login_want(step, login, None)?;
                Ok(self.look(want).map(Delivered::RegistryLogin))
            }
            Delivery::ClusterToken(token) => {
                let Some(session) = self.session(step)? else {
                    return Ok(None);
                };
                let token = sign(token, &session, self.turn.now())?;
                Ok(Some(Delivered::ClusterToken(token)))
            }
        }
    }

    fn session(&self, step: &Step) -> Result<Option<Session>> {
        let Some(keys) = step.keys() else {
            let want = self.errand.session_want(step, Need::HandOut)?;
            return Ok(self.look(want));
        };
        let secret = |secret: &PlannedSecret| match secret {
            PlannedSecret::Local(secret) => local_secret::read(secret, self.errand.env())
                .map_err(|error| error.of(&step.connector)),
            PlannedSecret::Ssm { .. } => Ok(None),
        };
        let fetched = keys.fetch(secret)?;
        fetched
            .map(|fetched| keys.session(fetched, &step.connector, self.turn.now()))
            .transpose()
    }

    fn look<T: Cacheable>(&self, want: Want<'_>) -> Option<T> {
        match self.errand.cache().look::<T>(want, self.turn) {
            Look::Hit(hit) => {
                self.errand
                    .renew_if_due::<T>(&hit, &want, self.turn, self.renew);
                Some(hit.payload)
            }
            Look::Miss(_) => None,
        }
    }
}
