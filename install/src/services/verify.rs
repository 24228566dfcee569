//! Tests a connector: obtains its credentials and asks STS for their identity.

use aws_connector_aws::inventory::Identity;
use aws_connector_core::error::Result;
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::resource::Resource;

use super::{calls, obtain};
use crate::app::App;

/// The identity of a connector's credentials, from STS.
pub(crate) fn identity(app: &App, profile: &Profile, name: &str) -> Result<Identity> {
    let connector = profile.connector(name)?;
    let own = own_resource(&connector);
    let session = obtain::session(app, profile, name, own)?;
    let site = calls::site(app, profile, &connector)?;
    app.sdk
        .caller_identity(&site, &session, calls::context(app, profile, name))
}

/// The resource to request if the connector refuses a session without one.
pub(crate) fn own_resource(connector: &Connector) -> Option<Resource> {
    (connector.auth.needs_policy() && connector.limit.is_none()).then_some(Resource::AnyBucket)
}
