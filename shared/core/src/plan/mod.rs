//! The plan for a request: plain data that is the same for the same request, so it can be hashed
//! into a cache key and carried out by the process that holds the lock. The planner makes it.

pub mod digest;
mod pipes;
mod session_name;
mod site;
mod step;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use session_name::{federation_name, session_name};
pub use site::{AwsProfileEndpoints, IGNORE, Site};

use crate::profile::{CacheMode, KeyPair, Mfa, Policies, SecretRef};

/// All steps for one request.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The connector that serves the request.
    pub connector: String,
    /// How its session is obtained.
    pub session: Step,
    /// What to make from the session.
    pub delivery: Delivery,
    /// Whether to refresh entries in the background.
    pub refresh_ahead: bool,
    /// How long to wait for another process that is minting.
    pub lock_timeout: Duration,
}

/// What to return.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// The session itself.
    Session,
    /// A registry login.
    RegistryLogin(LoginPlan),
    /// A cluster token.
    ClusterToken(TokenPlan),
}

/// The call that turns a session into a registry login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginPlan {
    /// Whether it is ECR Public rather than a private registry.
    pub public: bool,
    /// The region and endpoint of the API.
    pub site: Site,
}

/// The contents of a cluster token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPlan {
    /// The cluster's name.
    pub cluster: String,
    /// The cluster's region.
    pub region: String,
    /// The STS host of that region, never a custom endpoint.
    pub sts_host: String,
}

/// A way to obtain a session, including the steps before it.
#[derive(Clone, Debug)]
pub struct Step {
    /// The connector it belongs to, for messages.
    pub connector: String,
    /// The region and endpoints of its call.
    pub site: Site,
    /// Where the resulting session is cached: as its own connector says, even in another
    /// connector's chain.
    pub cache: CacheMode,
    /// How to obtain the session.
    pub how: How,
}

/// How a step obtains a session.
#[derive(Clone, Debug)]
pub enum How {
    /// Reads stored keys.
    Keys(KeysPlan),
    /// Runs an AWS CLI profile's `credential_process`.
    Process(ProcessPlan),
    /// Calls IAM Identity Center, with the token from `aws sso login`.
    Sso(SsoPlan),
    /// Calls the container credentials endpoint of ECS or EKS Pod Identity.
    Container(ContainerPlan),
    /// Calls the EC2 instance metadata service, version 2.
    InstanceMetadata(InstanceMetadataPlan),
    /// `sts:AssumeRole`
    AssumeRole {
        /// The step whose session signs the call.
        source: Box<Step>,
        /// The arguments of the call.
        call: RoleCall,
    },
    /// `sts:AssumeRoleWithWebIdentity`
    WebIdentity {
        /// The token file, which is read again for each call.
        token_file: String,
        /// The arguments of the call.
        call: RoleCall,
    },
    /// `sts:GetSessionToken`
    SessionToken {
        /// The step whose session signs the call.
        source: Box<Step>,
        /// The duration of the session.
        duration: Duration,
        /// The second factor, if the call carries one.
        mfa: Option<Mfa>,
    },
    /// `sts:GetFederationToken`
    FederationToken {
        /// The step whose session signs the call.
        source: Box<Step>,
        /// The federated user's name.
        name: String,
        /// The duration of the session.
        duration: Duration,
        /// The session's permissions.
        policies: Policies,
        /// Session tags.
        tags: BTreeMap<String, String>,
    },
}

/// Stored keys.
#[derive(Clone, Debug)]
pub struct KeysPlan {
    /// The key pair.
    pub keys: PlannedKeys,
    /// The session token, for temporary keys.
    pub token: Option<PlannedSecret>,
    /// When temporary keys expire, if known.
    pub expires_at: Option<DateTime<Utc>>,
    /// The minimum remaining lifetime of keys to return.
    pub tolerance: Duration,
    /// Where the keys are stored (the sections of an AWS CLI profile and the paths of their files):
    /// part of their identity.
    pub origin: Option<String>,
}

/// A key pair, with references to its secrets.
#[derive(Clone, Debug)]
pub enum PlannedKeys {
    /// Id and secret, each from a separate place.
    Separate {
        /// The access key id.
        id: PlannedSecret,
        /// The secret access key.
        secret: PlannedSecret,
    },
    /// `id,secret` in one secret.
    Joined(PlannedSecret),
}

/// A secret, and how to fetch it.
#[derive(Clone, Debug)]
pub enum PlannedSecret {
    /// Available on this machine.
    Local(SecretRef),
    /// In the SSM Parameter Store.
    Ssm {
        /// The parameter's name or ARN.
        name: String,
        /// The region and endpoint of the store.
        site: Site,
        /// The session that reads it.
        session: Box<Step>,
    },
}

/// The arguments of AssumeRole and AssumeRoleWithWebIdentity.
#[derive(Clone, Debug)]
pub struct RoleCall {
    /// `RoleArn`
    pub arn: String,
    /// `RoleSessionName`
    pub session_name: String,
    /// `ExternalId`
    pub external_id: Option<PlannedSecret>,
    /// `Policy` and `PolicyArns`
    pub policies: Policies,
    /// `Tags`
    pub tags: BTreeMap<String, String>,
    /// `TransitiveTagKeys`
    pub transitive_tag_keys: Vec<String>,
    /// `SourceIdentity`
    pub source_identity: Option<String>,
    /// `DurationSeconds`
    pub duration: Duration,
    /// `SerialNumber`; the code is requested when the call is made.
    pub mfa: Option<Mfa>,
}

/// The `credential_process` of an AWS CLI profile.
#[derive(Clone, Debug)]
pub struct ProcessPlan {
    /// The command line as written in the profile; it runs without a shell.
    pub command: String,
    /// The sections that configure it, with the paths of their files.
    pub origin: String,
    /// Variables that determine its credentials, besides AWS's own and those that the command line
    /// mentions.
    pub environment: Vec<String>,
}

/// A role of IAM Identity Center.
#[derive(Clone, Debug)]
pub struct SsoPlan {
    /// The AWS CLI profile, for the login command in messages.
    pub profile: String,
    /// `sso_session`, if the profile names one.
    pub session_name: Option<String>,
    /// `sso_start_url`
    pub start_url: String,
    /// `sso_region`
    pub region: String,
    /// `sso_account_id`
    pub account_id: String,
    /// `sso_role_name`
    pub role_name: String,
    /// The sections that configure it, with the paths of their files.
    pub origin: String,
}

/// The container credentials endpoint.
#[derive(Clone, Debug)]
pub struct ContainerPlan {
    /// The full URI.
    pub uri: String,
    /// `AWS_CONTAINER_AUTHORIZATION_TOKEN`
    pub token: Option<crate::secret::Secret>,
    /// `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`
    pub token_file: Option<String>,
}

/// The instance metadata service.
#[derive(Clone, Debug)]
pub struct InstanceMetadataPlan {
    /// Its endpoint, `http://169.254.169.254` by default.
    pub endpoint: String,
    /// The timeout for all of its requests together: it is nearby or does not exist.
    pub patience: Duration,
    /// The sources before it in the chain and why they are not configured, for the error if it does
    /// not respond; empty if only this source was requested. Not part of the identity.
    pub tried: String,
}

impl PlannedKeys {
    /// Keys whose secrets are all available on this machine.
    pub fn local(pair: KeyPair) -> Self {
        match pair {
            KeyPair::Separate { id, secret } => Self::Separate {
                id: PlannedSecret::Local(id),
                secret: PlannedSecret::Local(secret),
            },
            KeyPair::Joined(joined) => Self::Joined(PlannedSecret::Local(joined)),
        }
    }
}
