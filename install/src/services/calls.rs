//! Calls to AWS outside of the pipeline: their endpoints and deadlines.

use std::fs;
use std::path::Path;
use std::time::Instant;

use aws_connector_core::aws::{Aws as _, Call};
use aws_connector_core::clock::Clock;
use aws_connector_core::error::Result;
use aws_connector_core::fs::insecure;
use aws_connector_core::plan::Site;
use aws_connector_core::planner;
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::turn::BUDGET;
use chrono::Utc;

use super::obtain::session_request;
use crate::app::App;

/// The region and endpoints of a connector's calls.
pub(crate) fn site(app: &App, profile: &Profile, connector: &Connector) -> Result<Site> {
    let request = session_request(&connector.name, None);
    let plan = planner::make(profile, connector, &request, &app.env);
    // A connector that refuses a session without a resource still has a region and endpoints.
    plan.map(|plan| plan.session.site)
        .or_else(|error| planner::site(profile, connector, &app.env).map_err(|_| error))
}

/// The context of a call that starts now.
pub(crate) fn context<'a>(app: &App, profile: &Profile, connector: &'a str) -> Call<'a> {
    // Do not read a clock file from a folder that the cache does not trust.
    let is_safe = |path: &&Path| {
        fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir() && insecure(&meta).is_none())
    };
    let clock = Clock::load(app.paths.cache_folder.as_deref().filter(is_safe));
    if let Some(date) = app.sdk.server_date() {
        // A custom endpoint's offset applies only to connectors that use it.
        let is_custom = profile.connector(connector).and_then(|found| {
            let site = site(app, profile, &found)?;
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
