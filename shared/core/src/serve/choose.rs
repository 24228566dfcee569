//! Chooses the connector for a request, and detects loops.

use std::sync::Arc;

use crate::command::CHAIN_VARIABLE;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::planner;
use crate::profile::{Connector, Profile};
use crate::request::{Request, Wants};

/// The connector for a request: the one it names, else `AWS_CONNECTOR`, else the default. For a
/// registry, the connector that lists it.
///
/// # Errors
/// The connector is not found, or is invalid.
pub fn choose(profile: &Profile, request: &Request, env: &Env) -> Result<Arc<Connector>> {
    if let Some(name) = &request.connector {
        return profile.connector(name);
    }
    if let Wants::RegistryLogin { registry } = &request.wants {
        return planner::connector_for_registry(profile, registry, env);
    }
    if let Some(name) = env.get("AWS_CONNECTOR") {
        return profile
            .connector(&name)
            .map_err(|error| match error.connector {
                Some(_) => error,
                None => error.context("AWS_CONNECTOR"),
            });
    }
    match profile.default_connector() {
        Some(name) => profile.connector(name),
        None => Err(Error::usage("a connector is required").fix(
            "pass --connector NAME, set AWS_CONNECTOR, or set default_connector in the \
             connectors file",
        )),
    }
}

/// Refuses a credential process that calls this program again, which would start processes
/// endlessly.
pub(super) fn refuse_loop(connector: &str, env: &Env) -> Result<()> {
    let Some(chain) = env.get(CHAIN_VARIABLE) else {
        return Ok(());
    };
    if chain.split(" -> ").any(|seen| seen == connector) {
        let chain = crate::shown::shown(&format!("{chain} -> {connector}"));
        return Err(crate::command::circle(chain.trim_matches('"')).of(connector));
    }
    Ok(())
}
