//! What a connector's definition implies.

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::{Auth, Connector, KeyPair, SecretRef, Source};
use aws_connector_core::resource::ResourceType;

/// Fails if a connector is disabled.
pub(crate) fn require_enabled(connector: &Connector) -> Result<()> {
    if connector.enabled {
        return Ok(());
    }
    let name = &connector.name;
    Err(Error::refused("it is disabled")
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

/// The references to the secrets of an auth method.
pub(crate) fn secrets(auth: &Auth) -> Vec<&SecretRef> {
    fn pair(keys: &KeyPair) -> Vec<&SecretRef> {
        match keys {
            KeyPair::Separate { id, secret } => vec![id, secret],
            KeyPair::Joined(joined) => vec![joined],
        }
    }
    fn of_source(source: &Source) -> Vec<&SecretRef> {
        match source {
            Source::Keys { keys, token } => pair(keys).into_iter().chain(token).collect(),
            _ => Vec::new(),
        }
    }
    match auth {
        Auth::SecretKey { keys } => pair(keys),
        Auth::StsToken { keys, token, .. } => pair(keys).into_iter().chain([token]).collect(),
        Auth::IamRole { source, role } => {
            let mut all = of_source(source);
            all.extend(&role.external_id);
            all
        }
        Auth::SessionToken { source, .. } | Auth::FederationToken { source, .. } => {
            of_source(source)
        }
        Auth::Implicit { role, .. } => role
            .iter()
            .filter_map(|role| role.external_id.as_ref())
            .collect(),
        Auth::Anonymous => Vec::new(),
    }
}
