//! Makes the plan: checks that the connector may serve the request, and adds the delivery to the
//! session.

use std::path::Path;

use super::place::target;
use super::scope;
use super::steps::Maker;
use crate::ambient::Surroundings;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::plan::{Delivery, LoginPlan, Plan, Site, TokenPlan};
use crate::profile::{Connector, Profile};
use crate::request::{Request, Wants};
use crate::resource::{Partition, RegistryHost};

/// Plans a request.
///
/// # Errors
/// The connector is disabled or does not allow this request, or a required setting is missing.
pub fn make(
    profile: &Profile,
    connector: &Connector,
    request: &Request,
    env: &Env,
) -> Result<Plan> {
    plan(profile, connector, request, env).map_err(|error| match profile.wanted_file() {
        Some(path) => without_file(error, path),
        None => error,
    })
}

/// On a first run, every other error is caused by the missing connectors file.
fn without_file(error: Error, path: &Path) -> Error {
    let create = "run 'aws-connector register NAME --auto-configure' to create it";
    let what = format!(
        "no connectors file yet at {}; {}",
        path.display(),
        error.summary()
    );
    Error::new(error.kind, what).fix(match error.fix {
        Some(fix) => format!("{create}, or {fix}"),
        None => create.to_owned(),
    })
}

fn plan(profile: &Profile, connector: &Connector, request: &Request, env: &Env) -> Result<Plan> {
    if !connector.enabled {
        return Err(Error::refused("this connector is disabled")
            .of(&connector.name)
            .fix("set enabled = true in the connectors file"));
    }
    if !connector.auth.has_credentials() {
        return Err(Error::refused("auth_method anonymous has no credentials")
            .of(&connector.name)
            .fix("use unsigned requests (aws --no-sign-request), or another connector"));
    }
    let scope = scope::of(connector, request)?;
    let target = target(connector, request)?;
    let maker = Maker {
        profile,
        env,
        around: Surroundings::new(env),
        client: request.client,
    };
    let own = maker.region(connector, target.as_deref())?;
    let site = maker.site_of(connector, &own)?;
    let target = target.unwrap_or_else(|| own.clone());
    let session = maker.step(connector, &site, &scope, &target)?;
    let delivery = match &request.wants {
        Wants::Session { .. } => Delivery::Session,
        Wants::RegistryLogin { registry } => Delivery::RegistryLogin(login(&site, registry)),
        Wants::ClusterToken { cluster } => Delivery::ClusterToken(TokenPlan {
            cluster: cluster.name.clone(),
            sts_host: Partition::of_region(&target).sts_host(&target),
            region: target,
        }),
    };
    Ok(Plan {
        connector: connector.name.clone(),
        session,
        delivery,
        refresh_ahead: connector.refresh_ahead,
        lock_timeout: connector.lock_timeout,
    })
}

fn login(site: &Site, registry: &RegistryHost) -> LoginPlan {
    let mut site = site.in_region(registry.region());
    if let RegistryHost::Private(private) = registry {
        // The API host uses the same FIPS and dual-stack settings as the registry host.
        site.use_fips |= private.fips;
        site.use_dual_stack |= private.dual_stack;
    }
    LoginPlan {
        public: matches!(registry, RegistryHost::Public(_)),
        site,
    }
}
