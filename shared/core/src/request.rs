//! A client's request, in one type for all three protocols.

use crate::resource::{Partition, RegistryHost, Resource};

/// A client's request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The connector named by a flag.
    pub connector: Option<String>,
    /// What to return.
    pub wants: Wants,
    /// The client, for session names and messages.
    pub client: Client,
    /// Whether the user may be prompted for a code on the terminal.
    pub may_prompt: bool,
}

impl Request {
    /// Docker's request for a registry's login.
    pub fn registry_login(registry: RegistryHost) -> Self {
        Self {
            connector: None,
            wants: Wants::RegistryLogin { registry },
            client: Client::Docker,
            // Docker does not show prompts.
            may_prompt: false,
        }
    }
}

/// What a client requests.
#[derive(Clone, Debug)]
pub enum Wants {
    /// AWS credentials, for a resource or for anything the connector allows.
    Session {
        /// The resource.
        resource: Option<Resource>,
    },
    /// A registry's user name and password.
    RegistryLogin {
        /// The registry.
        registry: RegistryHost,
    },
    /// A bearer token for a cluster.
    ClusterToken {
        /// The cluster.
        cluster: ClusterRef,
    },
}

/// A cluster, as the client named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRef {
    /// Its name.
    pub name: String,
    /// Its account, from an ARN.
    pub account: Option<String>,
    /// Its region, from `--region` or an ARN.
    pub region: Option<String>,
    /// Its partition, from an ARN.
    pub partition: Option<Partition>,
}

/// The program that the client called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// `aws-connector-credential-process`
    CredentialProcess,
    /// `docker-credential-aws-connector`
    Docker,
    /// `aws-connector-eks-token`
    EksToken,
    /// `aws-connector`
    Command,
}

impl Client {
    /// Finds a client by its short name.
    pub fn of_id(id: &str) -> Option<Self> {
        [
            Self::CredentialProcess,
            Self::Docker,
            Self::EksToken,
            Self::Command,
        ]
        .into_iter()
        .find(|client| client.id() == id)
    }

    /// The name of its program.
    pub fn program(self) -> &'static str {
        match self {
            Self::CredentialProcess => "aws-connector-credential-process",
            Self::Docker => "docker-credential-aws-connector",
            Self::EksToken => "aws-connector-eks-token",
            Self::Command => "aws-connector",
        }
    }

    /// A short name, for session names and lock files.
    pub fn id(self) -> &'static str {
        match self {
            Self::CredentialProcess => "credential-process",
            Self::Docker => "docker",
            Self::EksToken => "eks-token",
            Self::Command => "command",
        }
    }
}
