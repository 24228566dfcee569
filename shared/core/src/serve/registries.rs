//! Docker's other requests: which registries have a login, and whether a connector serves one.

use chrono::Utc;

use super::Errand;
use crate::cache::{Cache, Look};
use crate::credential::RegistryLogin;
use crate::env::Env;
use crate::error::Result;
use crate::paths::Paths;
use crate::plan::Delivery;
use crate::profile::{Profile, RegistryPattern};
use crate::request::Request;
use crate::resource::{Partition, PrivateRegistry, RegistryHost, Resource};

/// Checks that a connector serves a request. Makes no network call.
///
/// # Errors
/// No connector serves it.
pub fn accepts(request: &Request, env: &Env) -> Result<()> {
    let paths = Paths::find(env);
    let profile = Profile::load(&paths, env)?;
    Errand::plan_only(&profile, request, env, &paths).map(drop)
}

/// The registries whose cached login is good enough to return, from the profile and the cache. With
/// us as `credsStore`, Docker requests a login for each listed host, and one failure hides all the
/// others. `request` creates the request for a registry.
///
/// # Errors
/// The profile cannot be read.
pub fn registries(env: &Env, request: impl Fn(RegistryHost) -> Request) -> Result<Vec<String>> {
    let paths = Paths::find(env);
    let profile = Profile::load(&paths, env)?;
    if env.is_off("AWS_CONNECTOR_CACHE") {
        return Ok(Vec::new());
    }
    let cache = Cache::open(paths.cache_folder.as_deref());
    let mut live: Vec<String> = candidates(&profile, &cache)?
        .into_iter()
        .filter(|registry| has_login(&request(registry.clone()), env, &profile, &paths))
        .map(|registry| registry.host())
        .collect();
    live.sort_unstable();
    live.dedup();
    Ok(live)
}

fn has_login(request: &Request, env: &Env, profile: &Profile, paths: &Paths) -> bool {
    let look = || -> Result<bool> {
        let errand = Errand::plan_only(profile, request, env, paths)?;
        let plan = errand.plan();
        let Delivery::RegistryLogin(login) = &plan.delivery else {
            return Ok(false);
        };
        let clock = errand.clock();
        let mut turn = errand.turn(&clock, Utc::now());
        turn.force = false;
        let want = errand.login_want(&plan.session, login, None)?;
        let found = errand.cache().look::<RegistryLogin>(want, &turn);
        Ok(matches!(found, Look::Hit(_)))
    };
    look().unwrap_or(false)
}

fn candidates(profile: &Profile, cache: &Cache) -> Result<Vec<RegistryHost>> {
    let mut hosts: Vec<RegistryHost> = cache
        .list()
        .into_iter()
        .filter_map(|entry| RegistryHost::parse(&entry.label?))
        .collect();
    for name in profile.names()? {
        // An invalid connector must not hide the others.
        let Ok(connector) = profile.connector(&name) else {
            continue;
        };
        let limit = connector.limit.as_ref();
        if let Some(Resource::Registry(host)) = limit.and_then(|limit| limit.resource.as_ref()) {
            hosts.push(host.clone());
        }
        for pattern in &connector.registries {
            match (pattern, &connector.region) {
                (RegistryPattern::Host(host), _) => hosts.push(host.clone()),
                (RegistryPattern::Account(account), Some(region)) => {
                    hosts.push(RegistryHost::Private(PrivateRegistry {
                        account: account.clone(),
                        region: region.clone(),
                        partition: Partition::of_region(region),
                        fips: false,
                        dual_stack: false,
                    }));
                }
                (RegistryPattern::Account(_), None) => {}
            }
        }
    }
    Ok(hosts)
}
