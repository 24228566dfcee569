//! The endpoints that clients need in their own configuration to call the same AWS as the connector.

use std::collections::BTreeMap;

use aws_connector_core::ambient::Surroundings;
use aws_connector_core::error::Result;
use aws_connector_core::plan::{AwsProfileEndpoints, IGNORE};
use aws_connector_core::planner;
use aws_connector_core::profile::{Connector, Endpoints};

use crate::app::App;
use crate::wire::aws_config::ClientEndpoints;

/// The variable of the endpoint for all services; those of single services start with it.
pub(crate) const URL: &str = "AWS_ENDPOINT_URL";
const FIPS: &str = "AWS_USE_FIPS_ENDPOINT";
const DUAL_STACK: &str = "AWS_USE_DUALSTACK_ENDPOINT";

/// The endpoints for a client's configuration file: the connector's, else those of the AWS CLI
/// profile that it uses. Variables are not part of it: clients read them too.
pub(crate) fn for_file(app: &App, connector: &Connector) -> Result<ClientEndpoints> {
    let own = of_settings(&connector.endpoints);
    let Some(theirs) = of_profile(app, connector)? else {
        return Ok(own);
    };
    let mut found = ClientEndpoints {
        use_fips: own.use_fips.or(theirs.settings.use_fips),
        use_dual_stack: own.use_dual_stack.or(theirs.settings.use_dual_stack),
        ..own
    };
    if !theirs.ignored && found.all.is_none() {
        let theirs = of_aws_profile(theirs);
        found.all = theirs.all;
        let own = std::mem::replace(&mut found.by_service, theirs.by_service);
        found.by_service.extend(own);
    }
    Ok(found)
}

/// The endpoints that an AWS CLI profile sets; `None` if it does not exist.
pub(crate) fn in_file(app: &App, profile: &str) -> Result<Option<ClientEndpoints>> {
    let found = Surroundings::new(&app.env).profile_endpoints(Some(profile), true)?;
    Ok(found.map(of_aws_profile))
}

/// The variables for a command's environment: set to a value, or removed.
pub(crate) fn variables(
    app: &App,
    connector: &Connector,
) -> Result<BTreeMap<String, Option<String>>> {
    let theirs = of_profile(app, connector)?;
    let ignored = app.env.is_on(IGNORE) || theirs.as_ref().is_some_and(|theirs| theirs.ignored);
    let theirs = theirs.map(of_aws_profile).unwrap_or_default();
    let own = of_settings(&connector.endpoints);
    let mut found = BTreeMap::new();
    let mut switch = |name: &str, own: Option<bool>, theirs: Option<bool>| {
        let theirs = theirs.filter(|_| app.env.get(name).is_none());
        if let Some(value) = own.or(theirs) {
            found.insert(name.to_owned(), Some(value.to_string()));
        }
    };
    switch(FIPS, own.use_fips, theirs.use_fips);
    switch(DUAL_STACK, own.use_dual_stack, theirs.use_dual_stack);
    if own.all.is_some() || ignored {
        // The connector uses none of them, so the command must not either.
        let unused = [URL, IGNORE].map(|prefix| app.env.starting_with(prefix).into_keys());
        found.extend(unused.into_iter().flatten().map(|name| (name, None)));
    } else if app.env.get(URL).is_none() {
        let theirs = urls(theirs).filter(|(name, _)| app.env.get(name).is_none());
        found.extend(theirs.map(|(name, url)| (name, Some(url))));
    }
    found.extend(urls(own).map(|(name, url)| (name, Some(url))));
    Ok(found)
}

fn of_profile(app: &App, connector: &Connector) -> Result<Option<AwsProfileEndpoints>> {
    planner::profile_endpoints(connector, &Surroundings::new(&app.env))
}

fn of_settings(settings: &Endpoints) -> ClientEndpoints {
    ClientEndpoints {
        all: settings.all.clone(),
        by_service: settings
            .by_service
            .iter()
            .map(|(service, url)| ((*service).to_owned(), url.clone()))
            .collect(),
        use_fips: settings.use_fips,
        use_dual_stack: settings.use_dual_stack,
    }
}

fn of_aws_profile(profile: AwsProfileEndpoints) -> ClientEndpoints {
    let mut found = of_settings(&profile.settings);
    found.by_service.extend(profile.others);
    found
}

/// Variables with URLs.
fn urls(endpoints: ClientEndpoints) -> impl Iterator<Item = (String, String)> {
    let all = endpoints.all.map(|url| (URL.to_owned(), url));
    let by_service = endpoints.by_service.into_iter();
    all.into_iter().chain(
        by_service.map(|(service, url)| (format!("{URL}_{}", service.to_ascii_uppercase()), url)),
    )
}
