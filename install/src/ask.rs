//! Credentials for the command itself, through the same pipeline and cache as for clients.

use std::fs;
use std::path::Path;
use std::time::Instant;

use aws_connector_core::aws::{Aws as _, Call};
use aws_connector_core::cache::insecure;
use aws_connector_core::clock::Clock;
use aws_connector_core::credential::{ClusterToken, RegistryLogin, Session};
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::{self, How, PlannedKeys, PlannedSecret, Site, Step};
use aws_connector_core::profile::{Connector, Profile, SecretRef};
use aws_connector_core::request::{Client, ClusterRef, Request, Wants};
use aws_connector_core::resource::{RegistryHost, Resource};
use aws_connector_core::serve::{Delivered, Errand, Pipeline, serve};
use aws_connector_core::turn::BUDGET;

use chrono::Utc;

use crate::app::App;
use crate::progress::Progress;

/// The request for a session.
pub(crate) fn session_request(name: &str, resource: Option<Resource>) -> Request {
    request(name, Wants::Session { resource })
}

fn request(name: &str, wants: Wants) -> Request {
    Request {
        connector: Some(name.to_owned()),
        wants,
        client: Client::Command,
        may_prompt: true,
    }
}

/// A session of a connector, for a resource or the connector's own scope.
pub(crate) fn session(app: &App, name: &str, resource: Option<Resource>) -> Result<Session> {
    let request = session_request(name, resource);
    let _progress = progress(app, &request);
    match serve(&request, &app.env, Utc::now(), &app.sdk, None)? {
        Delivered::Session(session) => Ok(session),
        _ => Err(unexpected()),
    }
}

/// A registry's login.
pub(crate) fn registry_login(
    app: &App,
    name: &str,
    registry: &RegistryHost,
) -> Result<RegistryLogin> {
    let wants = Wants::RegistryLogin {
        registry: registry.clone(),
    };
    let request = request(name, wants);
    let _progress = progress(app, &request);
    match serve(&request, &app.env, Utc::now(), &app.sdk, None)? {
        Delivered::RegistryLogin(login) => Ok(login),
        _ => Err(unexpected()),
    }
}

/// A cluster's token.
pub(crate) fn cluster_token(app: &App, name: &str, cluster: &ClusterRef) -> Result<ClusterToken> {
    let wants = Wants::ClusterToken {
        cluster: cluster.clone(),
    };
    let request = request(name, wants);
    let _progress = progress(app, &request);
    match serve(&request, &app.env, Utc::now(), &app.sdk, None)? {
        Delivered::ClusterToken(token) => Ok(token),
        _ => Err(unexpected()),
    }
}

/// The session that signs a connector's call to STS, and its site; `None` if there is no such call.
pub(crate) fn source(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    resource: Option<Resource>,
) -> Result<Option<(Site, Session)>> {
    let request = session_request(&connector.name, resource);
    let errand = Errand::of(profile, connector, &request, &app.env, &app.paths)?;
    let Some(errand) = errand.for_source() else {
        return Ok(None);
    };
    let step = &errand.plan().session;
    let _progress = (!asks_somebody(step)).then(|| Progress::show(&app.env, ASKING));
    let clock = errand.clock();
    let served =
        Pipeline::new(&errand, &app.sdk, None).deliver(&mut errand.turn(&clock, Utc::now()));
    match served.map_err(|error| error.of(&step.connector))? {
        Delivered::Session(session) => Ok(Some((step.site.clone(), session))),
        _ => Err(unexpected()),
    }
}

const ASKING: &str = "calling AWS";

/// A progress line during calls to AWS, unless they may prompt the user.
fn progress(app: &App, request: &Request) -> Option<Progress> {
    let profile = app.profile().ok()?;
    let connector = profile.connector(request.connector.as_deref()?).ok()?;
    let plan = plan::make(&profile, &connector, request, &app.env).ok()?;
    (!asks_somebody(&plan.session)).then(|| Progress::show(&app.env, ASKING))
}

/// Whether a step, or an earlier one, prompts for a code, or runs a program that may prompt.
fn asks_somebody(step: &Step) -> bool {
    let secret = |secret: &PlannedSecret| match secret {
        PlannedSecret::Local(secret) => matches!(secret, SecretRef::Command(_)),
        PlannedSecret::Ssm { session, .. } => asks_somebody(session),
    };
    let by_code = step.mfa().is_some_and(|mfa| mfa.process.is_none());
    let own = match &step.how {
        How::Process(_) => true,
        How::Keys(plan) => {
            let pair = match &plan.keys {
                PlannedKeys::Separate { id, secret: key } => secret(id) || secret(key),
                PlannedKeys::Joined(joined) => secret(joined),
            };
            pair || plan.token.as_ref().is_some_and(secret)
        }
        How::Sso(_)
        | How::Container(_)
        | How::InstanceMetadata(_)
        | How::AssumeRole { .. }
        | How::WebIdentity { .. }
        | How::SessionToken { .. }
        | How::FederationToken { .. } => false,
    };
    let by_external_id = step.external_id().is_some_and(secret);
    by_code || own || by_external_id || step.source().is_some_and(asks_somebody)
}

fn unexpected() -> Error {
    Error::local("internal error: unexpected kind of credential")
}

/// The region and endpoints of a connector's calls.
pub(crate) fn site(app: &App, profile: &Profile, connector: &Connector) -> Result<Site> {
    let request = session_request(&connector.name, None);
    let plan = plan::make(profile, connector, &request, &app.env);
    match (plan, &connector.region) {
        (Ok(plan), _) => Ok(plan.session.site),
        // A connector that refuses a session without a resource still has a region.
        (Err(_), Some(region)) => Site::new(region, &connector.endpoints, &app.env)
            .map_err(|error| error.of(&connector.name)),
        (Err(error), None) => Err(error),
    }
}

/// The context of a call that starts now.
pub(crate) fn call<'a>(app: &App, connector: &'a str) -> Call<'a> {
    // Do not read a clock file from a folder that the cache does not trust.
    let is_safe = |path: &&Path| {
        fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir() && insecure(&meta).is_none())
    };
    let clock = Clock::load(app.paths.cache_folder.as_deref().filter(is_safe));
    if let Some(date) = app.sdk.server_date() {
        // A custom endpoint's offset applies only to connectors that use it.
        let is_custom = app.profile().and_then(|profile| {
            let found = profile.connector(connector)?;
            let site = site(app, &profile, &found)?;
            Ok(!site.endpoints.is_empty())
        });
        clock.learn(date, is_custom.unwrap_or(false));
    }
    Call {
        connector,
        serving: connector,
        now: clock.to_endpoint(clock.to_true(Utc::now())),
        deadline: Instant::now() + BUDGET,
    }
}
