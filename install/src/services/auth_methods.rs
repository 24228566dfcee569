//! The auth methods of connectors.

use aws_connector_core::profile::Method;
use serde::Serialize;

/// An auth method, as `list-types` shows it.
#[derive(Serialize)]
pub(crate) struct AuthMethod {
    pub(crate) auth_method: &'static str,
    pub(crate) source: &'static str,
    pub(crate) duration: Option<Durations>,
    pub(crate) session_policy: &'static str,
}

/// Seconds.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Durations {
    pub(crate) min: u32,
    pub(crate) default: u32,
    pub(crate) max: u32,
}

/// Each auth method with the source of its keys.
pub(crate) fn with_sources() -> [(&'static str, &'static str); Method::ALL.len()] {
    all().map(|row| (row.auth_method, row.source))
}

/// Every auth method.
pub(crate) fn all() -> [AuthMethod; Method::ALL.len()] {
    Method::ALL.map(row)
}

fn row(method: Method) -> AuthMethod {
    const ROLE: Option<Durations> = durations(900, 3600, 43_200);
    const USER: Option<Durations> = durations(900, 43_200, 129_600);
    let (source, duration, session_policy) = match method {
        Method::Implicit => (
            "ambient credentials, or an AWS CLI profile",
            ROLE,
            "with role_arn",
        ),
        Method::SecretKey => ("an access key pair, returned unchanged", None, "no"),
        Method::StsToken => ("temporary keys, returned unchanged", None, "no"),
        Method::IamRole => ("keys, another connector, or a web identity", ROLE, "yes"),
        Method::SessionToken => ("an IAM user's key pair", USER, "no"),
        Method::FederationToken => ("an IAM user's key pair", USER, "yes"),
        Method::Anonymous => ("none", None, "no"),
    };
    AuthMethod {
        auth_method: method.id(),
        source,
        duration,
        session_policy,
    }
}

const fn durations(min: u32, default: u32, max: u32) -> Option<Durations> {
    Some(Durations { min, default, max })
}
