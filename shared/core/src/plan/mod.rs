//! Connector and request → what AWS will be asked: plain data, the same for the same question, so
//! that it can be hashed into a cache key and executed by the process that holds the lock.

pub mod digest;
mod make;
mod pipes;
mod place;
mod scope;
mod secrets;
mod session_name;
mod site;
mod step;
mod which;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use make::{CONSENT, make};
pub use place::{profile_endpoints, site};
pub use session_name::{federation_name, session_name};
pub use site::{IGNORE, Site};
pub use which::for_registry as connector_for_registry;

use crate::profile::{CacheMode, KeyPair, Mfa, Policies, SecretRef};

/// Everything that will be done for one request.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The connector that serves it.
    pub connector: String,
    /// How its session is obtained.
    pub session: Step,
    /// What is made of the session.
    pub delivery: Delivery,
    /// Whether to renew in the background.
    pub refresh_ahead: bool,
    /// How long to wait for another process's mint.
    pub lock_timeout: Duration,
}

/// What is returned in the end.
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
    /// ECR Public instead of a private registry.
    pub public: bool,
    /// Where and by which endpoint the API is asked.
    pub site: Site,
}

/// What is signed into a cluster token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPlan {
    /// The cluster's name.
    pub cluster: String,
    /// The cluster's region.
    pub region: String,
    /// The STS host of that region; never a custom endpoint.
    pub sts_host: String,
}

/// One way to a session, with the steps that come before it.
#[derive(Clone, Debug)]
pub struct Step {
    /// The connector it belongs to, for messages.
    pub connector: String,
    /// Where AWS is asked.
    pub site: Site,
    /// How what it yields is kept: as its own connector says, whoever chains from it.
    pub cache: CacheMode,
    /// What is done.
    pub how: How,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum How {
    /// Reads keys from where they are stored.
    Keys(KeysPlan),
    /// Runs an AWS CLI profile's `credential_process`.
    Process(ProcessPlan),
    /// Asks IAM Identity Center, with the token that `aws sso login` left.
    Sso(SsoPlan),
    /// Asks the container credentials endpoint of ECS or EKS Pod Identity.
    Container(ContainerPlan),
    /// Asks the EC2 instance metadata service, version 2.
    InstanceMetadata(InstanceMetadataPlan),
    /// `sts:AssumeRole`
    AssumeRole {
        /// Whose credentials sign the call.
        source: Box<Step>,
        /// Its arguments.
        call: RoleCall,
    },
    /// `sts:AssumeRoleWithWebIdentity`
    WebIdentity {
        /// The token file; read again for each call.
        token_file: String,
        /// The call's arguments.
        call: RoleCall,
    },
    /// `sts:GetSessionToken`
    SessionToken {
        /// Whose credentials sign the call.
        source: Box<Step>,
        /// Of the session.
        duration: Duration,
        /// The second factor that goes with the call.
        mfa: Option<Mfa>,
    },
    /// `sts:GetFederationToken`
    FederationToken {
        /// Whose credentials sign the call.
        source: Box<Step>,
        /// The federated user's name.
        name: String,
        /// Of the session.
        duration: Duration,
        /// What the session may do.
        policies: Policies,
        /// Session tags.
        tags: BTreeMap<String, String>,
    },
}

/// Stored keys.
#[derive(Clone, Debug)]
pub struct KeysPlan {
    /// The pair.
    pub keys: PlannedKeys,
    /// The session token of temporary ones.
    pub token: Option<PlannedSecret>,
    /// When temporary ones end, where that is known.
    pub expires_at: Option<DateTime<Utc>>,
    /// They are not returned with less than this left.
    pub tolerance: Duration,
    /// Where they are stored (an AWS CLI profile's sections with their files' paths): part of their
    /// identity.
    pub origin: Option<String>,
}

/// A key pair whose secrets know how to be fetched.
#[derive(Clone, Debug)]
pub enum PlannedKeys {
    /// Id and secret, each from its own place.
    Separate {
        /// The access key id.
        id: PlannedSecret,
        /// The secret access key.
        secret: PlannedSecret,
    },
    /// `id,secret` in one secret.
    Joined(PlannedSecret),
}

/// A secret and what it takes to fetch it.
#[derive(Clone, Debug)]
pub enum PlannedSecret {
    /// To be had on this machine.
    Local(SecretRef),
    /// To be had from the SSM Parameter Store with a session.
    Ssm {
        /// The parameter's name or ARN.
        name: String,
        /// Where it is stored.
        site: Site,
        /// Who may read it.
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
    /// `SerialNumber`, with a code that is requested when the call is made.
    pub mfa: Option<Mfa>,
}

/// An external process of an AWS CLI profile.
#[derive(Clone, Debug)]
pub struct ProcessPlan {
    /// The command line as written in the profile; it is not run by a shell.
    pub command: String,
    /// The sections that named it, with their files' paths.
    pub origin: String,
    /// Variables that decide whose credentials it prints, besides those of AWS and those that the
    /// command line mentions.
    pub environment: Vec<String>,
}

/// A role of IAM Identity Center.
#[derive(Clone, Debug)]
pub struct SsoPlan {
    /// The AWS CLI profile, for the login command in messages.
    pub profile: String,
    /// `sso_session`, where the profile names one.
    pub session_name: Option<String>,
    /// `sso_start_url`
    pub start_url: String,
    /// `sso_region`
    pub region: String,
    /// `sso_account_id`
    pub account_id: String,
    /// `sso_role_name`
    pub role_name: String,
    /// The sections that said so, with their files' paths.
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
    /// For everything that it is asked for together: it is near or it is not there.
    pub patience: Duration,
    /// Which sources came before it in the chain and why they have nothing, for the message when
    /// it does not answer; empty where it alone was asked. Not part of the identity.
    pub tried: String,
}

impl PlannedKeys {
    /// Keys whose secrets are all stored on this machine.
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

#[cfg(test)]
mod tests;
