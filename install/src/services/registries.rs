//! The registries of a connector.

use aws_connector_core::error::Result;
use aws_connector_core::plan::Site;
use aws_connector_core::profile::{Connector, Profile, RegistryPattern};
use aws_connector_core::resource::{Partition, PrivateRegistry, RegistryHost, Resource};

use super::{calls, obtain};
use crate::app::App;

/// The configured registries: the one that it is limited to, or its `registries`, where an account
/// means its registry in the connector's region.
pub(crate) fn named(connector: &Connector, site: &Site) -> Vec<RegistryHost> {
    let limit = connector.limit.as_ref();
    if let Some(Resource::Registry(host)) = limit.and_then(|limit| limit.resource.as_ref()) {
        return vec![host.clone()];
    }
    let mut named: Vec<RegistryHost> = Vec::new();
    for pattern in &connector.registries {
        let host = match pattern {
            RegistryPattern::Host(host) => host.clone(),
            RegistryPattern::Account(account) => of_account(account.clone(), site),
        };
        if !named.contains(&host) {
            named.push(host);
        }
    }
    named
}

/// The registry of its sessions' account.
pub(crate) fn own(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    site: &Site,
) -> Result<RegistryHost> {
    let name = &connector.name;
    let session = obtain::session(app, profile, name, Some(Resource::AnyRegistry))?;
    let account = match session.account_id.clone() {
        Some(account) => account,
        None => {
            app.sdk
                .caller_identity(site, &session, calls::context(app, profile, name))?
                .account
        }
    };
    Ok(of_account(account, site))
}

fn of_account(account: String, site: &Site) -> RegistryHost {
    RegistryHost::Private(PrivateRegistry {
        account,
        partition: Partition::of_region(&site.region),
        region: site.region.clone(),
        fips: false,
        dual_stack: false,
    })
}
