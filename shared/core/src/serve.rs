//! The pipeline, on one page: request → profile → plan → cache → (AWS) → what is handed out.
//! The only file that knows the order.

mod choose;
mod keys;
mod login;

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

pub use choose::choose;

use crate::aws::{Aws, Call, StepSecrets};
use crate::cache::{Ask, Cache, Cacheable, Key, Mint, Need, Progress, key};
use crate::clock::Clock;
use crate::credential::{ClusterToken, RegistryLogin, Session};
use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::paths::Paths;
use crate::plan::{self, Delivery, How, LoginPlan, Plan, Step};
use crate::profile::{CacheMode, Profile};
use crate::request::{Client, Request, Wants};
use crate::resource::ResourceType;
use crate::{log, mfa};

/// How long a command may take to get its answer from AWS, over all hops and retries.
pub const BUDGET: Duration = Duration::from_secs(20);

/// What a request yields.
#[derive(Clone, Debug)]
pub enum Delivered {
    /// AWS credentials.
    Session(Session),
    /// A registry's user name and password.
    RegistryLogin(RegistryLogin),
    /// A cluster's bearer token.
    ClusterToken(ClusterToken),
}

/// Answers a request.
///
/// # Errors
/// Whatever stands in the way, with the connector, the cause and the fix.
pub fn serve(request: &Request, env: &Env, aws: &dyn Aws) -> Result<Delivered> {
    let paths = Paths::find(env);
    let profile = Profile::load(&paths, env)?;
    let connector = choose(&profile, request, env)?;
    let plan = plan::make(&profile, &connector, request, env)?;
    choose::refuse_loop(&plan.connector, env)?;
    let cache = open_cache(&plan, &paths, env);
    let clock = Clock::load(cache.folder());
    Pipeline::new(&plan, request, env, aws, &cache, &clock)
        .deliver()
        .map_err(|error| error.of(&plan.connector))
}

/// The cache as the plan's connector wants it.
pub fn open_cache(plan: &Plan, paths: &Paths, env: &Env) -> Cache {
    if env.is_off("AWS_CONNECTOR_CACHE") {
        return Cache::off();
    }
    match plan.cache {
        CacheMode::Off => Cache::off(),
        CacheMode::Files => Cache::open(paths.cache_folder.as_deref()),
        CacheMode::Keyring => Cache::open(paths.cache_folder.as_deref()).sealed(),
    }
}

/// Whether a registry's login lies ready in the cache; asks nobody and changes nothing.
pub fn has_live_login(request: &Request, env: &Env, profile: &Profile, paths: &Paths) -> bool {
    let ready = || -> Result<bool> {
        let connector = choose(profile, request, env)?;
        let plan = plan::make(profile, &connector, request, env)?;
        let Delivery::RegistryLogin(login) = &plan.delivery else {
            return Ok(false);
        };
        let key = key::of_login(key::of_session(&plan.session, env)?, login);
        let cache = open_cache(&plan, paths, env);
        let now = Clock::load(cache.folder()).to_true(Utc::now());
        Ok(cache.is_live::<RegistryLogin>(placed(key, &plan), now))
    };
    ready().unwrap_or(false)
}

/// One request on its way.
pub struct Pipeline<'a> {
    plan: &'a Plan,
    request: &'a Request,
    env: &'a Env,
    aws: &'a dyn Aws,
    cache: &'a Cache,
    started: DateTime<Utc>,
    stopwatch: Instant,
    clock: &'a Clock,
    deadline: Cell<Instant>,
    /// When somebody with something valid at hand wants to be answered.
    hurry: Cell<Option<Instant>>,
    /// The locks held, outermost first: whoever waits at any of them is told when a person is asked.
    held: RefCell<Vec<Progress>>,
    has_prompted: Cell<bool>,
    /// How long it has waited for other processes.
    waited: Cell<Duration>,
    force: bool,
    /// Set while a session of the cache is renewed that AWS has ended before its time.
    distrusts_cache: Cell<bool>,
    /// Set once a session was made for this very command.
    has_minted: Cell<bool>,
    refresh_ahead: bool,
    /// Set once AWS was asked: from then on there may be a runtime, which no child survives.
    asked_aws: Cell<bool>,
    /// Set in the child that renews ahead of time.
    background: Cell<bool>,
}

impl<'a> Pipeline<'a> {
    /// A pipeline for a plan; its budget begins now.
    pub fn new(
        plan: &'a Plan,
        request: &'a Request,
        env: &'a Env,
        aws: &'a dyn Aws,
        cache: &'a Cache,
        clock: &'a Clock,
    ) -> Self {
        Self {
            plan,
            request,
            env,
            aws,
            cache,
            started: Utc::now(),
            stopwatch: Instant::now(),
            clock,
            deadline: Cell::new(Instant::now() + BUDGET),
            hurry: Cell::new(None),
            held: RefCell::default(),
            has_prompted: Cell::new(false),
            waited: Cell::default(),
            force: env.is_on("AWS_CONNECTOR_REFRESH"),
            distrusts_cache: Cell::new(false),
            has_minted: Cell::new(false),
            // The everyday command asks several questions, with threads: no child survives that.
            refresh_ahead: plan.refresh_ahead
                && request.client != Client::Command
                && !env.is_off("AWS_CONNECTOR_REFRESH_AHEAD"),
            asked_aws: Cell::new(false),
            background: Cell::new(false),
        }
    }

    /// Carries the plan out.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub fn deliver(&self) -> Result<Delivered> {
        let session = &self.plan.session;
        match &self.plan.delivery {
            Delivery::Session => {
                let mut session = self.session(session, Need::HandOut)?;
                session.expires_at = session.expires_at.map(|at| self.clock.to_local(at));
                Ok(Delivered::Session(session))
            }
            Delivery::RegistryLogin(login) => self
                .registry_login(session, login)
                .map(Delivered::RegistryLogin),
            Delivery::ClusterToken(token) => {
                let mut session = self.session(session, Need::HandOut)?;
                session.expires_at = session.expires_at.map(|at| self.clock.to_endpoint(at));
                let call = self.call(&self.plan.connector, self.deadline.get());
                let mut token = self.aws.cluster_token(token, &session, call)?;
                let expires_at = self.clock.from_endpoint(token.expires_at);
                token.expires_at = self.clock.to_local(expires_at);
                Ok(Delivered::ClusterToken(token))
            }
        }
    }

    fn registry_login(&self, step: &Step, login: &LoginPlan) -> Result<RegistryLogin> {
        let key = key::of_login(key::of_session(step, self.env)?, login);
        let label = match &self.request.wants {
            Wants::RegistryLogin { registry } => Some(registry.host()),
            _ => None,
        };
        self.obtain(key, step, Need::HandOut, label.as_deref(), &mut |mint| {
            self.within(mint, |_| self.login(step, login))
        })
    }

    fn session(&self, step: &Step, need: Need) -> Result<Session> {
        if !step.is_cacheable() {
            let How::Keys(keys) = &step.how else {
                return Err(Error::local("a step without keys cannot be taken as it is"));
            };
            return self.keys(step, keys);
        }
        let key = key::of_session(step, self.env)?;
        self.obtain(key, step, need, self.purpose(step, need), &mut |mint| {
            self.within(mint, |mint| self.mint(step, mint))
        })
    }

    /// What a session is for, in a word; nothing where it is the connector's one session for everything.
    fn purpose(&self, step: &Step, need: Need) -> Option<&'static str> {
        if need == Need::Intermediate {
            return Some("source");
        }
        let policy = step.inline_policy()?;
        match &self.request.wants {
            Wants::Session { resource } => Some(resource.as_ref()?.resource_type().id()),
            Wants::RegistryLogin { .. } => Some(ResourceType::DockerRegistry.id()),
            // A policy of the user's own is not cut down to signing tokens.
            Wants::ClusterToken { .. } => policy
                .contains("sts:GetCallerIdentity")
                .then_some("cluster-token"),
        }
    }

    fn obtain<T: Cacheable>(
        &self,
        key: Key,
        step: &Step,
        need: Need,
        label: Option<&str>,
        mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
    ) -> Result<T> {
        let ask = Ask {
            key: placed(key, self.plan),
            connector: &step.connector,
            label,
            client: self.request.client.id(),
            need,
            started: self.started,
            forced_since: self.clock.to_true(self.started),
            // A forced refresh concerns what is handed out; the sessions behind it, and the MFA
            // code that one of them may have cost, stay good.
            force: (self.force || self.distrusts_cache.get()) && need == Need::HandOut,
            may_prompt: self.request.may_prompt,
            has_prompted: &self.has_prompted,
            lock_timeout: self.plan.lock_timeout,
            waited: &self.waited,
            refresh_ahead: self.refresh_ahead && !self.asked_aws.get(),
            now: &|| self.now(),
            resync: &|| self.clock.reload(),
            deadline: self.deadline.get(),
            hurry: self.hurry.get(),
        };
        self.cache.obtain(&ask, mint)
    }

    /// Does something within a mint's time, which the steps before it share.
    fn within<T>(
        &self,
        mint: &mut Mint<'_>,
        work: impl FnOnce(&mut Mint<'_>) -> Result<T>,
    ) -> Result<T> {
        if mint.in_background {
            // In this child it stays so: no step of the chain may ask anybody.
            self.background.set(true);
        }
        let outer = self.deadline.replace(mint.deadline);
        let hurry = self.hurry.replace(mint.hurry);
        let progress = mint.progress();
        let depth = self.held.borrow().len();
        self.held.borrow_mut().extend(progress);
        let outcome = work(mint);
        self.held.borrow_mut().truncate(depth);
        self.hurry.set(hurry);
        self.deadline.set(outer.max(self.deadline.get()));
        outcome
    }

    fn mint(&self, step: &Step, mint: &mut Mint<'_>) -> Result<Session> {
        let source = match step.source() {
            Some(source) => Some(self.session(source, Need::Intermediate)?),
            None => None,
        };
        let mut secrets = StepSecrets::default();
        if let How::AssumeRole { call, .. } = &step.how
            && let Some(secret) = &call.external_id
        {
            let external_id = self.secret(step, secret)?;
            crate::profile::limits::external_id(external_id.expose()).map_err(|error| {
                Error::new(Kind::NoCredentials, format!("external_id: {error}")).of(&step.connector)
            })?;
            secrets.external_id = Some(external_id);
        }
        if let Some(factor) = step.mfa() {
            if self.background.get() {
                let what = "a renewal in the background asks for no MFA code";
                return Err(Error::new(Kind::Interaction, what).of(&step.connector));
            }
            let may_prompt = self.request.may_prompt;
            let began = Instant::now();
            let asking = || {
                self.has_prompted.set(true);
                self.held.borrow().iter().for_each(Progress::prompting);
            };
            let code = mfa::code(
                factor,
                &step.connector,
                may_prompt,
                &mfa::extend_chain(self.env, &self.plan.connector, &step.connector),
                mint.deadline,
                &asking,
            );
            self.held.borrow().iter().for_each(Progress::minting);
            secrets.mfa_code = Some(code?);
            // A person's time is not AWS's.
            self.deadline.set(self.deadline.get() + began.elapsed());
        }
        self.has_minted.set(true);
        log::debug(format_args!(
            "asking {} for '{}'",
            step.describe(),
            step.connector
        ));
        let mut session = self
            .ask(step.source().is_some(), || {
                let call = self.call(&step.connector, self.deadline.get());
                self.aws.session(step, source.as_ref(), &secrets, call)
            })
            .map_err(|error| error.of(&step.connector))?;
        session.expires_at = session.expires_at.map(|at| self.clock.from_endpoint(at));
        Ok(session)
    }

    fn call<'c>(&'c self, connector: &'c str, deadline: Instant) -> Call<'c> {
        Call {
            connector,
            serving: &self.plan.connector,
            now: self.clock.to_endpoint(self.now()),
            deadline,
        }
    }

    /// Asks AWS, and once more where it turned out that the signature carried a wrong time.
    fn ask<T>(&self, is_signed: bool, question: impl Fn() -> Result<T>) -> Result<T> {
        self.asked_aws.set(true);
        let answer = question();
        let is_refused = answer.as_ref().is_err_and(is_about_time);
        let learned = self
            .aws
            .server_date()
            .is_some_and(|date| self.clock.learn(date, is_refused || !is_signed));
        match answer {
            Err(_) if learned && is_refused => question(),
            answer => answer,
        }
    }

    /// The true time. It goes on by the monotonic clock, so that a step of the wall clock in the
    /// middle of a command does no harm.
    fn now(&self) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(self.stopwatch.elapsed()).unwrap_or(TimeDelta::zero());
        self.clock.to_true(self.started + elapsed)
    }
}

/// Where an entry of a plan lies.
fn placed(key: Key, plan: &Plan) -> Key {
    match plan.cache {
        CacheMode::Keyring => key::sealed(key),
        CacheMode::Files | CacheMode::Off => key,
    }
}

/// Whether AWS refused a signature for its time, or would have.
fn is_about_time(error: &Error) -> bool {
    const CODES: [&str; 7] = [
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "InvalidTime",
        "AccessDenied",
    ];
    error
        .code
        .as_deref()
        .is_some_and(|code| CODES.contains(&code))
}
