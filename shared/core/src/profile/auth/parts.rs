//! The parts that auth methods are made of.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::profile::SecretRef;

/// Where `implicit` looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImplicitSource {
    /// The whole chain.
    Chain,
    /// One member of it.
    Pinned(CredentialSource),
    /// The AWS CLI profile of this name.
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
    /// `EcsContainer`: also EKS Pod Identity.
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

/// An access key id and its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPair {
    /// Each from a separate place.
    Separate {
        /// `aws_access_key_id`
        id: SecretRef,
        /// `aws_secret_access_key`
        secret: SecretRef,
    },
    /// `access_keys`: one secret that reads `id,secret`.
    Joined(SecretRef),
}

/// Whose credentials make a call to STS.
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
        /// The token file; read again for each call.
        token_file: String,
    },
}

/// A role and the arguments of the call that assumes it.
#[derive(Clone, Debug)]
pub struct Role {
    /// `role_arn`
    pub arn: String,
    /// `role_session_name`, a template; a default is derived from the user's name.
    pub session_name: Option<String>,
    /// `external_id`
    pub external_id: Option<SecretRef>,
    /// The user's own policies; none of them means automatic down-scoping.
    pub policies: Policies,
    /// `tags`
    pub tags: BTreeMap<String, String>,
    /// `transitive_tag_keys`, sorted.
    pub transitive_tag_keys: Vec<String>,
    /// `source_identity`
    pub source_identity: Option<String>,
    /// `duration`
    pub duration: Duration,
    /// A second factor to prove.
    pub mfa: Option<Mfa>,
}

/// Session policies of the user's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// `policy`, as compact JSON.
    pub inline: Option<String>,
    /// `policy_arns`
    pub arns: Vec<String>,
}

impl Policies {
    /// Whether the user gave none.
    pub fn is_empty(&self) -> bool {
        self.inline.is_none() && self.arns.is_empty()
    }
}

/// A second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mfa {
    /// `mfa_serial`
    pub serial: String,
    /// `mfa_process`: a command that prints the code; without one the user is prompted.
    pub process: Option<Vec<String>>,
    /// `mfa_duration`: how long one code is good for.
    pub duration: Duration,
}

/// The credentials that an auth method starts from.
#[derive(Clone, Copy, Debug, Default)]
pub enum Origin<'a> {
    /// None: requests are not signed.
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

/// The kind of credentials that an auth method returns, as far as the connectors file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yields {
    /// None.
    Nothing,
    /// A user's long-lived keys. Ambient credentials may be temporary, but only the source knows.
    UserKeys,
    /// A temporary session.
    Session,
    /// A federated user's session, whose permissions come from its session policy.
    FederationSession,
}
