//! The auth methods: how a connector obtains its credentials. Each method's fields are in a file.

mod federation_token;
mod iam_role;
mod implicit;
mod keys;
mod method;
mod parts;
mod policies;
mod role;
mod second_factor;
mod session_token;
mod sts_token;
mod view;

use std::collections::BTreeMap;
use std::time::Duration;

pub use method::Method;
pub use parts::{
    CredentialSource, ImplicitSource, KeyPair, Mfa, Origin, Policies, Role, Source, Yields,
};

use super::table::Fields;
use super::{SecretRef, field};
use crate::error::Result;

/// How a connector's credentials are obtained.
#[derive(Clone, Debug)]
pub enum Auth {
    /// No credentials.
    Anonymous,
    /// Ambient credentials: environment, AWS CLI profile, web identity, container, instance.
    Implicit {
        /// Which ambient sources to use.
        source: ImplicitSource,
        /// Whether the profile allows ambient credentials (the environment may, too).
        allowed: bool,
        /// A role to assume with them.
        role: Option<Role>,
    },
    /// A long-lived key pair, returned unchanged.
    SecretKey {
        /// The pair.
        keys: KeyPair,
    },
    /// Temporary keys, returned unchanged.
    StsToken {
        /// The key pair.
        keys: KeyPair,
        /// Its session token.
        token: SecretRef,
    },
    /// `sts:AssumeRole`, or `sts:AssumeRoleWithWebIdentity`.
    IamRole {
        /// The credentials that assume the role.
        source: Source,
        /// The role and the call's arguments.
        role: Role,
    },
    /// `sts:GetSessionToken`.
    SessionToken {
        /// The credentials that sign the call.
        source: Source,
        /// The duration of the session.
        duration: Duration,
        /// The second factor, if required.
        mfa: Option<Mfa>,
    },
    /// `sts:GetFederationToken`.
    FederationToken {
        /// The credentials that sign the call.
        source: Source,
        /// The duration of the session.
        duration: Duration,
        /// The federated user's name; derived from the user's name by default.
        name: Option<String>,
        /// The connector's own policies; if empty, the session is down-scoped automatically.
        policies: Policies,
        /// Session tags.
        tags: BTreeMap<String, String>,
    },
}

impl Auth {
    /// Its method.
    pub fn method(&self) -> Method {
        match self {
            Self::Anonymous => Method::Anonymous,
            Self::Implicit { .. } => Method::Implicit,
            Self::SecretKey { .. } => Method::SecretKey,
            Self::StsToken { .. } => Method::StsToken,
            Self::IamRole { .. } => Method::IamRole,
            Self::SessionToken { .. } => Method::SessionToken,
            Self::FederationToken { .. } => Method::FederationToken,
        }
    }

    /// Its name in the connectors file.
    pub fn id(&self) -> &'static str {
        self.method().id()
    }
}

/// Parses the fields of a connector's auth method.
pub(super) fn read(fields: &mut Fields<'_, '_>, down_scope: Option<bool>) -> Result<Auth> {
    let method = fields.value(&field::AUTH_METHOD)?.ok_or_else(|| {
        let ids = Method::ALL.map(Method::id).join(", ");
        fields.error(&format!(
            "field 'auth_method' is required; use one of {ids}"
        ))
    })?;
    match method {
        Method::Anonymous => Ok(Auth::Anonymous),
        Method::Implicit => implicit::read(fields, down_scope),
        Method::SecretKey => Ok(Auth::SecretKey {
            keys: keys::required(fields, method)?,
        }),
        Method::StsToken => sts_token::read(fields),
        Method::IamRole => iam_role::read(fields, down_scope),
        Method::SessionToken => session_token::read(fields),
        Method::FederationToken => federation_token::read(fields),
    }
}
