//! The pipeline: request → profile → plan → cache → (AWS) → result. This is the only file that
//! knows the order.

mod at_hand;
mod choose;
mod errand;
mod keys;
mod login;
mod mint;
mod registries;

use chrono::{DateTime, Utc};

use crate::aws::Aws;
use crate::cache::{Acquired, Cacheable, Lease, Look, Need, Renewal, Want};
use crate::clock::Clock;
use crate::credential::{ClusterToken, RegistryLogin, Session};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::plan::{Delivery, LoginPlan, Plan, Site, Step};
use crate::profile::Profile;
use crate::request::Request;
use crate::turn::Turn;

pub use at_hand::{Sign, at_hand};
pub use choose::choose;
pub use registries::{accepts, registries};

use errand::Errand;

/// The result of a request.
#[derive(Clone, Debug)]
pub enum Delivered {
    /// AWS credentials.
    Session(Session),
    /// A registry's user name and password.
    RegistryLogin(RegistryLogin),
    /// A cluster's bearer token.
    ClusterToken(ClusterToken),
}

/// Starts the refresh of an entry in another process. If that fails, the request still succeeds.
pub type Renew<'a> = &'a dyn Fn(Renewal);

/// Serves a request. `called` is when the client called, by the local clock.
///
/// # Errors
/// Any failure, with the connector, the cause and the fix.
pub fn serve(
    request: &Request,
    env: &Env,
    called: DateTime<Utc>,
    aws: &dyn Aws,
    renew: Option<Renew<'_>>,
) -> Result<Delivered> {
    Pipeline::new(&Errand::load(request, env)?, aws, renew).run(called)
}

/// Serves a request with a profile in memory, which need not be on disk.
///
/// # Errors
/// As for [`serve`].
pub fn serve_from(
    profile: &Profile,
    request: &Request,
    env: &Env,
    aws: &dyn Aws,
) -> Result<Delivered> {
    let errand = Errand::prepare(profile, request, env, &Paths::find(env))?;
    Pipeline::new(&errand, aws, None).run(Utc::now())
}

/// Returns the session that signs the connector's own call to STS, and its site; `None` if no
/// session signs such a call.
///
/// # Errors
/// As for [`serve`].
pub fn source_from(
    profile: &Profile,
    request: &Request,
    env: &Env,
    aws: &dyn Aws,
) -> Result<Option<(Site, Session)>> {
    let errand = Errand::prepare(profile, request, env, &Paths::find(env))?;
    let Some(errand) = errand.for_source() else {
        return Ok(None);
    };
    match Pipeline::new(&errand, aws, None).run(Utc::now())? {
        Delivered::Session(session) => Ok(Some((errand.plan().session.site.clone(), session))),
        Delivered::RegistryLogin(_) | Delivered::ClusterToken(_) => Ok(None),
    }
}

/// Refreshes the entry whose lock another process claimed and handed over.
///
/// # Errors
/// As for [`serve`]; or the request does not depend on this entry.
pub fn renew(request: &Request, env: &Env, aws: &dyn Aws, renewal: Renewal) -> Result<()> {
    let errand = Errand::load(request, env)?;
    let clock = errand.clock();
    Pipeline::new(&errand, aws, None).renew(renewal, &mut errand.turn(&clock, Utc::now()))
}

/// A request in progress.
struct Pipeline<'a> {
    errand: &'a Errand<'a>,
    plan: &'a Plan,
    aws: &'a dyn Aws,
    renew: Option<Renew<'a>>,
}

impl<'a> Pipeline<'a> {
    fn new(errand: &'a Errand<'a>, aws: &'a dyn Aws, renew: Option<Renew<'a>>) -> Self {
        Self {
            errand,
            plan: errand.plan(),
            aws,
            renew: renew.filter(|_| errand.renews_ahead()),
        }
    }

    /// Carries out the plan. `called` is when the client called, by the local clock.
    fn run(&self, called: DateTime<Utc>) -> Result<Delivered> {
        let clock = self.errand.clock();
        self.deliver(&mut self.errand.turn(&clock, called))
    }

    fn deliver(&self, turn: &mut Turn<'_>) -> Result<Delivered> {
        turn.can_prompt = self.errand.can_prompt();
        let session = &self.plan.session;
        let delivered = match &self.plan.delivery {
            Delivery::Session => self
                .session(session, Need::HandOut, turn)
                .map(Delivered::Session),
            Delivery::RegistryLogin(login) => self
                .registry_login(session, login, turn)
                .map(Delivered::RegistryLogin),
            Delivery::ClusterToken(token) => {
                self.session(session, Need::HandOut, turn)
                    .and_then(|mut session| {
                        let clock = turn.clock();
                        session.expires_at = session.expires_at.map(|at| clock.to_endpoint(at));
                        session.obtained_at = session.obtained_at.map(|at| clock.to_endpoint(at));
                        let call = self.call(&self.plan.connector, turn);
                        let mut token = self.aws.cluster_token(token, &session, call)?;
                        token.expires_at = clock.from_endpoint(token.expires_at);
                        Ok(Delivered::ClusterToken(token))
                    })
            }
        };
        delivered
            .map(|delivered| delivered.in_local_time(turn.clock()))
            .map_err(|error| error.of(&self.plan.connector))
    }

    fn registry_login(
        &self,
        step: &Step,
        login: &LoginPlan,
        turn: &mut Turn<'_>,
    ) -> Result<RegistryLogin> {
        let label = self.errand.registry();
        let want = self.errand.login_want(step, login, label.as_deref())?;
        self.obtain(want, turn, |turn| self.login(step, login, turn))
    }

    fn session(&self, step: &Step, need: Need, turn: &mut Turn<'_>) -> Result<Session> {
        if let Some(keys) = step.keys() {
            return self.keys(step, keys, turn);
        }
        let want = self.errand.session_want(step, need)?;
        self.obtain(want, turn, |turn| self.mint(step, turn))
    }

    /// Returns a cached credential, or one minted by whichever process gets the lock.
    fn obtain<T: Cacheable>(
        &self,
        want: Want<'_>,
        turn: &mut Turn<'_>,
        mint: impl FnOnce(&mut Turn<'_>) -> Result<T>,
    ) -> Result<T> {
        match self.errand.cache().look(want, turn) {
            Look::Hit(hit) => {
                self.errand.renew_if_due::<T>(&hit, &want, turn, self.renew);
                Ok(hit.payload)
            }
            Look::Miss(miss) => match miss.acquire(turn)? {
                Acquired::Appeared(payload) => Ok(payload),
                Acquired::Lease(lease) => {
                    let minted = mint(turn);
                    lease.settle(minted, turn)
                }
            },
        }
    }

    /// Refreshes the entry that the claimed lock is for: the login, or a session of the chain.
    fn renew(&self, renewal: Renewal, turn: &mut Turn<'_>) -> Result<()> {
        let cache = self.errand.cache();
        let mut step = &self.plan.session;
        if let Delivery::RegistryLogin(login) = &self.plan.delivery {
            let label = self.errand.registry();
            let want = self.errand.login_want(step, login, label.as_deref())?;
            if want.file_name() == renewal.entry {
                let lease: Lease<'_, RegistryLogin> = cache.adopt(want, renewal.lock, turn)?;
                let minted = self.login(step, login, turn);
                return lease.settle(minted, turn).map(drop);
            }
        }
        let mut need = Need::HandOut;
        loop {
            if step.is_cacheable() {
                let want = self.errand.session_want(step, need)?;
                if want.file_name() == renewal.entry {
                    let lease: Lease<'_, Session> = cache.adopt(want, renewal.lock, turn)?;
                    let minted = self.mint(step, turn);
                    return lease.settle(minted, turn).map(drop);
                }
            }
            need = Need::Intermediate;
            step = step
                .source()
                .ok_or_else(|| Error::local("the entry to refresh is not part of this request"))?;
        }
    }
}

impl Delivered {
    /// Converts its times to local time, which clients compare with.
    fn in_local_time(mut self, clock: &Clock) -> Self {
        match &mut self {
            Self::Session(session) => {
                session.expires_at = session.expires_at.map(|at| clock.to_local(at));
            }
            Self::ClusterToken(token) => token.expires_at = clock.to_local(token.expires_at),
            // Docker's document has no times.
            Self::RegistryLogin(_) => {}
        }
        self
    }
}

#[cfg(test)]
mod tests;
