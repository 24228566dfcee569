//! A connector once it is read: what cannot be is not representable.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::secret_ref::SecretRef;
use crate::resource::{Arn, Partition, RegistryHost, Resource, ResourceType};

/// One `[connectors.NAME]` of the connectors file.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Its name.
    pub name: String,
    /// Free text for `list` and `describe`.
    pub description: Option<String>,
    /// False refuses every request, even on a warm cache.
    pub enabled: bool,
    /// How its credentials are obtained.
    pub auth: Auth,
    /// Where it works, unless a flag or the request says otherwise.
    pub region: Option<String>,
    /// Further regions that a request may name.
    pub allowed_regions: Vec<String>,
    /// Endpoints in place of AWS's own.
    pub endpoints: Endpoints,
    /// The only resources it serves; `None` for any.
    pub limit: Option<Limit>,
    /// Variables that decide what a `credential_process` prints for it.
    pub process_environment: Vec<String>,
    /// Registries it answers for, in the order of the file.
    pub registries: Vec<RegistryPattern>,
    /// Whether sessions are cut down to the resource they are for, where STS can do that.
    pub down_scope: bool,
    /// Where its sessions are kept.
    pub cache: CacheMode,
    /// Whether sessions are renewed in the background before they run short.
    pub refresh_ahead: bool,
    /// How long to wait for another process that is minting the same session.
    pub lock_timeout: Duration,
}

impl Connector {
    /// The partition it works in, as far as the connectors file says: by its region, else its role.
    pub(crate) fn partition(&self) -> Option<Partition> {
        if let Some(region) = &self.region {
            return Some(Partition::of_region(region));
        }
        match &self.auth {
            Auth::IamRole { role, .. }
            | Auth::Implicit {
                role: Some(role), ..
            } => Arn::parse(&role.arn).ok().map(|arn| arn.partition),
            _ => None,
        }
    }
}

/// The resources a connector is limited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The type.
    pub resource_type: ResourceType,
    /// One resource of that type; `None` for all of them.
    pub resource: Option<Resource>,
}

/// A value of `registries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryPattern {
    /// One registry host.
    Host(RegistryHost),
    /// Every private registry of an account (12 digits).
    Account(String),
}

/// Where entries of a connector are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMode {
    /// In files of the cache folder.
    Files,
    /// In files, sealed with a key from the platform's keyring.
    Keyring,
    /// Nowhere.
    Off,
}

/// Endpoint settings, in AWS's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// `endpoint_url`: for every service.
    pub all: Option<String>,
    /// `endpoints.SERVICE`: for one service (`sts`, `ecr`, `ecr_public`, `eks`, `ssm`, `s3`,
    /// `sso`, `sso_oidc`).
    pub by_service: BTreeMap<&'static str, String>,
    /// Whether AWS's own endpoints are the FIPS ones; `None` leaves it to the surroundings.
    pub use_fips: Option<bool>,
    /// Whether they are the dual-stack ones.
    pub use_dual_stack: Option<bool>,
    /// Whether `http://` beyond loopback is accepted.
    pub allow_insecure: bool,
}

/// How a connector's credentials are obtained.
#[derive(Clone, Debug)]
pub enum Auth {
    /// No credentials at all.
    Anonymous,
    /// From the surroundings: environment, AWS CLI profile, web identity, container, instance.
    Implicit {
        /// Where to look.
        source: ImplicitSource,
        /// Whether the profile consents to ambient use (the environment may, too).
        allowed: bool,
        /// A role to assume from there.
        role: Option<Role>,
    },
    /// A long-lived pair, returned as it is.
    SecretKey {
        /// The pair.
        keys: KeyPair,
    },
    /// A temporary triple, returned as it is.
    StsToken {
        /// The pair.
        keys: KeyPair,
        /// Its session token.
        token: SecretRef,
        /// When it ends.
        expires_at: Option<DateTime<Utc>>,
        /// It is not returned with less than this left.
        expires_skew_tolerance: Duration,
    },
    /// `sts:AssumeRole`, or with a web identity.
    IamRole {
        /// Whose credentials assume the role.
        source: Source,
        /// The role and the call's arguments.
        role: Role,
    },
    /// `sts:GetSessionToken`.
    SessionToken {
        /// Whose credentials sign the call.
        source: Source,
        /// Of the session.
        duration: Duration,
        /// A second factor to prove.
        mfa: Option<Mfa>,
    },
    /// `sts:GetFederationToken`.
    FederationToken {
        /// Whose credentials sign the call.
        source: Source,
        /// Of the session.
        duration: Duration,
        /// The federated user's name; a default is derived from the user's.
        name: Option<String>,
        /// The user's own policies; none of them means automatic down-scoping.
        policies: Policies,
        /// Session tags.
        tags: BTreeMap<String, String>,
    },
}

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

impl Auth {
    /// Its name in the connectors file.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Implicit { .. } => "implicit",
            Self::SecretKey { .. } => "secret-key",
            Self::StsToken { .. } => "sts-token",
            Self::IamRole { .. } => "iam-role",
            Self::SessionToken { .. } => "session-token",
            Self::FederationToken { .. } => "federation-token",
        }
    }
}
