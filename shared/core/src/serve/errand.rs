//! Prepares a request before any call: its connector, its plan, and what it needs from the cache.

use chrono::{DateTime, Utc};

use crate::cache::{Cache, Cacheable, Hit, Keep, Need, Want};
use crate::clock::Clock;
use crate::env::Env;
use crate::error::Result;
use crate::mfa;
use crate::paths::Paths;
use crate::plan::{LoginPlan, Plan, Step, digest};
use crate::planner;
use crate::profile::{CacheMode, Profile};
use crate::request::{Request, Wants};
use crate::resource::ResourceType;
use crate::turn::Turn;

use super::{Renew, choose};

/// A request with its plan.
#[derive(Debug)]
pub(super) struct Errand<'a> {
    request: &'a Request,
    env: &'a Env,
    plan: Plan,
    cache: Cache,
}

impl<'a> Errand<'a> {
    /// Reads the profile and prepares the request.
    pub(super) fn load(request: &'a Request, env: &'a Env) -> Result<Self> {
        let paths = Paths::find(env);
        Self::prepare(&Profile::load(&paths, env)?, request, env, &paths)
    }

    /// Chooses the connector and makes the plan. Fails if a parent process is already serving the
    /// same connector.
    pub(super) fn prepare(
        profile: &Profile,
        request: &'a Request,
        env: &'a Env,
        paths: &Paths,
    ) -> Result<Self> {
        let errand = Self::plan_only(profile, request, env, paths)?;
        choose::refuse_loop(&errand.plan.connector, env)?;
        Ok(errand)
    }

    /// As [`Errand::prepare`], for a request that will not be carried out.
    pub(super) fn plan_only(
        profile: &Profile,
        request: &'a Request,
        env: &'a Env,
        paths: &Paths,
    ) -> Result<Self> {
        let connector = choose(profile, request, env)?;
        let plan = planner::make(profile, &connector, request, env)?;
        Ok(Self {
            cache: cache_of(&plan, paths, env),
            request,
            env,
            plan,
        })
    }

    /// Reduces the plan to the session that signs the connector's own call; `None` if no session
    /// signs it.
    pub(super) fn for_source(mut self) -> Option<Self> {
        self.plan.session = self.plan.session.source()?.clone();
        Some(self)
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The stored offset of the local clock.
    pub(super) fn clock(&self) -> Clock {
        Clock::load(self.cache.folder())
    }

    /// The state of this command. `called` is when the client called.
    pub(super) fn turn<'c>(&self, clock: &'c Clock, called: DateTime<Utc>) -> Turn<'c> {
        let mut turn = Turn::new(clock, self.plan.lock_timeout, called);
        turn.force = self.env.is_on("AWS_CONNECTOR_REFRESH");
        turn
    }

    pub(super) fn env(&self) -> &'a Env {
        self.env
    }

    pub(super) fn may_prompt(&self) -> bool {
        self.request.may_prompt
    }

    /// Whether the user can be prompted on this process's terminal.
    pub(super) fn can_prompt(&self) -> bool {
        self.request.may_prompt && mfa::terminal().is_some()
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Whether entries are refreshed ahead of time.
    pub(super) fn renews_ahead(&self) -> bool {
        self.plan.refresh_ahead && !self.env.is_off("AWS_CONNECTOR_REFRESH_AHEAD")
    }

    /// The requested registry.
    pub(super) fn registry(&self) -> Option<String> {
        match &self.request.wants {
            Wants::RegistryLogin { registry } => Some(registry.host()),
            Wants::Session { .. } | Wants::ClusterToken { .. } => None,
        }
    }

    pub(super) fn session_want<'s>(&'s self, step: &'s Step, need: Need) -> Result<Want<'s>> {
        Ok(Want {
            key: digest::of_session(step, self.env)?,
            keep: keep(step.cache),
            need,
            connector: &step.connector,
            label: self.purpose(step, need),
            client: self.client(),
        })
    }

    pub(super) fn login_want<'s>(
        &'s self,
        step: &'s Step,
        login: &LoginPlan,
        registry: Option<&'s str>,
    ) -> Result<Want<'s>> {
        Ok(Want {
            key: digest::of_login(digest::of_session(step, self.env)?, login),
            keep: keep(step.cache),
            need: Need::HandOut,
            connector: &step.connector,
            label: registry,
            client: self.client(),
        })
    }

    /// Starts a background refresh of a hit that is due.
    pub(super) fn renew_if_due<T: Cacheable>(
        &self,
        hit: &Hit<T>,
        want: &Want<'_>,
        turn: &Turn<'_>,
        renew: Option<Renew<'_>>,
    ) {
        if hit.is_due
            && let Some(renew) = renew
            && let Some(renewal) = self.cache.claim::<T>(want, turn)
        {
            renew(renewal);
        }
    }

    fn client(&self) -> &'static str {
        self.request.client.id()
    }

    /// What a session is for, in one word; `None` if it is the connector's only session.
    fn purpose(&self, step: &Step, need: Need) -> Option<&'static str> {
        if need == Need::Intermediate {
            return Some("source");
        }
        let policy = step.inline_policy()?;
        match &self.request.wants {
            Wants::Session { resource } => Some(resource.as_ref()?.resource_type().id()),
            Wants::RegistryLogin { .. } => Some(ResourceType::DockerRegistry.id()),
            // The connector's own policy is not limited to signing tokens.
            Wants::ClusterToken { .. } => policy
                .contains("sts:GetCallerIdentity")
                .then_some("cluster-token"),
        }
    }
}

/// How a connector's entries are stored.
fn keep(mode: CacheMode) -> Keep {
    match mode {
        CacheMode::Files => Keep::Files,
        CacheMode::Keyring => Keep::Sealed,
        CacheMode::Off => Keep::Nowhere,
    }
}

/// The cache, if any step of the plan uses it.
fn cache_of(plan: &Plan, paths: &Paths, env: &Env) -> Cache {
    let is_used = std::iter::successors(Some(&plan.session), |step| step.source())
        .any(|step| step.cache != CacheMode::Off);
    if is_used && !env.is_off("AWS_CONNECTOR_CACHE") {
        Cache::open(paths.cache_folder.as_deref())
    } else {
        Cache::off()
    }
}
