//! What a connector's definition implies.

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::Connector;
use aws_connector_core::resource::ResourceType;

/// Fails if a connector is disabled.
pub(crate) fn require_enabled(connector: &Connector) -> Result<()> {
    if connector.enabled {
        return Ok(());
    }
    let name = &connector.name;
    Err(Error::refused("this connector is disabled")
        .of(name)
        .fix(format!("run 'aws-connector update {name} --unset enabled'")))
}

/// The resource types of a connector.
pub(crate) fn resource_types(connector: &Connector) -> Vec<ResourceType> {
    match &connector.limit {
        Some(limit) => vec![limit.resource_type],
        None => ResourceType::ALL.into(),
    }
}
