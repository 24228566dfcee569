//! How a connector's credentials are obtained: the auth methods, with a file for the fields of each.

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

/// Reads the fields of a connector's auth method.
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
