//! The building blocks of auth methods.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::profile::SecretRef;

/// The ambient sources that `implicit` uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImplicitSource {
    /// The whole chain.
    Chain,
    /// One source of the chain.
    Pinned(CredentialSource),
    /// The AWS CLI profile with this name.
    Profile(String),
}

/// `credential_source`: AWS's three names, and two more for the rest of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// `Environment`
    Environment,
    /// `SharedProfile`
    SharedProfile,
    /// `WebIdentity`
    WebIdentity,
    /// `EcsContainer`; includes EKS Pod Identity.
    EcsContainer,
    /// `Ec2InstanceMetadata`
    Ec2InstanceMetadata,
}

impl CredentialSource {
    /// Every source, in the order of the chain.
    pub const ALL: [Self; 5] = [
        Self::Environment,
        Self::SharedProfile,
        Self::WebIdentity,
        Self::EcsContainer,
        Self::Ec2InstanceMetadata,
    ];

    /// Its name in the connectors file.
    pub fn id(self) -> &'static str {
        match self {
            Self::Environment => "Environment",
            Self::SharedProfile => "SharedProfile",
            Self::WebIdentity => "WebIdentity",
            Self::EcsContainer => "EcsContainer",
            Self::Ec2InstanceMetadata => "Ec2InstanceMetadata",
        }
    }
}

/// An access key id and its secret access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPair {
    /// Each from a separate place.
    Separate {
        /// `aws_access_key_id`
        id: SecretRef,
        /// `aws_secret_access_key`
        secret: SecretRef,
    },
    /// `access_keys`: one secret in the form `id,secret`.
    Joined(SecretRef),
}

/// The credentials that sign a call to STS.
#[derive(Clone, Debug)]
pub enum Source {
    /// Keys in the connector itself, with or without a session token.
    Keys {
        /// The pair.
        keys: KeyPair,
        /// Its session token, for temporary keys.
        token: Option<SecretRef>,
    },
    /// Another connector.
    Connector(String),
    /// An AWS CLI profile.
    AwsProfile(String),
    /// A token file, for AssumeRoleWithWebIdentity.
    WebIdentity {
        /// The token file, which is read again for each call.
        token_file: String,
    },
}

/// A role and the arguments of the call that assumes it.
#[derive(Clone, Debug)]
pub struct Role {
    /// `role_arn`
    pub arn: String,
    /// `role_session_name`, a template; derived from the user's name by default.
    pub session_name: Option<String>,
    /// `external_id`
    pub external_id: Option<SecretRef>,
    /// The connector's own policies; if empty, the session is down-scoped automatically.
    pub policies: Policies,
    /// `tags`
    pub tags: BTreeMap<String, String>,
    /// `transitive_tag_keys`, sorted.
    pub transitive_tag_keys: Vec<String>,
    /// `source_identity`
    pub source_identity: Option<String>,
    /// `duration`
    pub duration: Duration,
    /// The second factor, if required.
    pub mfa: Option<Mfa>,
}

/// The connector's own session policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// `policy`, as compact JSON.
    pub inline: Option<String>,
    /// `policy_arns`
    pub arns: Vec<String>,
}

impl Policies {
    /// Whether there are no policies.
    pub fn is_empty(&self) -> bool {
        self.inline.is_none() && self.arns.is_empty()
    }
}

/// A second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mfa {
    /// `mfa_serial`
    pub serial: String,
    /// `mfa_process`: a command that prints the code; without it, the user is prompted.
    pub process: Option<Vec<String>>,
    /// `mfa_duration`: how long the session of one code lasts.
    pub duration: Duration,
}

/// The credentials that an auth method starts from.
#[derive(Clone, Copy, Debug, Default)]
pub enum Origin<'a> {
    /// None: requests are unsigned.
    #[default]
    Nothing,
    /// Ambient credentials.
    Ambient(&'a ImplicitSource),
    /// Keys in the connector, returned unchanged.
    Own {
        /// The pair.
        keys: &'a KeyPair,
        /// Its session token, for temporary keys.
        token: Option<&'a SecretRef>,
    },
    /// The credentials that sign its call to STS.
    Source(&'a Source),
}

impl<'a> Origin<'a> {
    /// Keys in the connector itself, with their session token.
    pub fn keys(self) -> Option<(&'a KeyPair, Option<&'a SecretRef>)> {
        match self {
            Self::Own { keys, token } => Some((keys, token)),
            Self::Source(Source::Keys { keys, token }) => Some((keys, token.as_ref())),
            Self::Nothing
            | Self::Ambient(_)
            | Self::Source(
                Source::Connector(_) | Source::AwsProfile(_) | Source::WebIdentity { .. },
            ) => None,
        }
    }
}

/// The kind of credentials that an auth method returns, as far as the connectors file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yields {
    /// None.
    Nothing,
    /// A user's long-lived keys. Ambient credentials may turn out to be temporary.
    UserKeys,
    /// A temporary session.
    Session,
    /// A federated user's session, whose permissions come from its session policy.
    FederationSession,
}
