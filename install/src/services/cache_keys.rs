//! The cache entries of a connector.

use std::collections::BTreeSet;

use aws_connector_core::cache::Key;
use aws_connector_core::error::Result;
use aws_connector_core::plan::{Delivery, Step, digest};
use aws_connector_core::planner;
use aws_connector_core::profile::Profile;
use aws_connector_core::request::{Client, ClusterRef, Request, Wants};
use aws_connector_core::resource::{RegistryHost, Resource, ResourceType};

use super::{calls, registries};
use crate::app::App;

/// The cache keys of a connector: entries stored under its name, and entries that it shares with
/// connectors of the same settings. Sessions for a requested resource are found by name only.
pub(crate) fn of(app: &App, profile: Option<&Profile>, name: &str) -> BTreeSet<String> {
    let listed = app.cache().list();
    let named = listed.iter().filter(|listed| listed.connector == name);
    let mut keys: BTreeSet<String> = named.map(|listed| listed.key.clone()).collect();
    let Some((profile, connector)) =
        profile.and_then(|profile| Some((profile, profile.connector(name).ok()?)))
    else {
        return keys;
    };
    let labels = listed.iter().filter_map(|listed| listed.label.as_deref());
    let mut hosts: Vec<RegistryHost> = labels.filter_map(RegistryHost::parse).collect();
    if let Ok(site) = calls::site(app, profile, &connector) {
        hosts.extend(registries::named(&connector, &site));
    }
    let limit = connector.limit.as_ref();
    let mut resources = vec![None, limit.and_then(|limit| limit.resource.clone())];
    let kinds = ResourceType::ALL.into_iter();
    resources.extend(kinds.map(|kind| Resource::parse(kind, None).ok()));
    let cluster = ClusterRef {
        name: "any".to_owned(),
        account: None,
        region: None,
        partition: None,
    };
    let sessions = resources.into_iter();
    let wants = sessions
        .map(|resource| Wants::Session { resource })
        .chain(
            hosts
                .into_iter()
                .map(|registry| Wants::RegistryLogin { registry }),
        )
        .chain([Wants::ClusterToken { cluster }]);
    for wants in wants {
        // The client can be part of the session's name.
        for client in [
            Client::CredentialProcess,
            Client::Docker,
            Client::EksToken,
            Client::Command,
        ] {
            let request = Request {
                connector: Some(name.to_owned()),
                wants: wants.clone(),
                client,
                may_prompt: false,
            };
            if let Ok(plan) = planner::make(profile, &connector, &request, &app.env)
                && add(app, &plan.session, &plan.delivery, name, &mut keys).is_err()
            {
                // The identity of the source cannot be read, so all other requests would fail too.
                return keys;
            }
        }
    }
    keys
}

/// Adds the keys of a step, of the same connector's earlier steps, and of the login.
fn add(
    app: &App,
    last: &Step,
    delivery: &Delivery,
    name: &str,
    keys: &mut BTreeSet<String>,
) -> Result<()> {
    let mut insert = |key: Key| {
        keys.insert(key.hex());
        keys.insert(key.sealed().hex());
    };
    if let Delivery::RegistryLogin(login) = delivery {
        insert(digest::of_login(digest::of_session(last, &app.env)?, login));
    }
    let mut step = Some(last);
    while let Some(this) = step {
        if this.connector == name && this.is_cacheable() {
            insert(digest::of_session(this, &app.env)?);
        }
        step = this.source();
    }
    Ok(())
}
