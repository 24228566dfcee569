//! The auth methods of connectors.

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

pub(crate) const METHODS: [AuthMethod; 7] = [
    method(
        "implicit",
        "ambient credentials, or an AWS CLI profile",
        Some([900, 3600, 43_200]),
        "with role_arn",
    ),
    method(
        "secret-key",
        "an access key pair, returned unchanged",
        None,
        "no",
    ),
    method(
        "sts-token",
        "temporary keys, returned unchanged",
        None,
        "no",
    ),
    method(
        "iam-role",
        "keys, another connector, or a web identity",
        Some([900, 3600, 43_200]),
        "yes",
    ),
    method(
        "session-token",
        "an IAM user's key pair",
        Some([900, 43_200, 129_600]),
        "no",
    ),
    method(
        "federation-token",
        "an IAM user's key pair",
        Some([900, 43_200, 129_600]),
        "yes",
    ),
    method("anonymous", "none", None, "no"),
];

/// Each auth method with the source of its keys.
pub(crate) fn with_sources() -> [(&'static str, &'static str); 7] {
    METHODS.map(|row| (row.auth_method, row.source))
}

const fn method(
    auth_method: &'static str,
    source: &'static str,
    duration: Option<[u32; 3]>,
    session_policy: &'static str,
) -> AuthMethod {
    AuthMethod {
        auth_method,
        source,
        duration: match duration {
            Some([min, default, max]) => Some(Durations { min, default, max }),
            None => None,
        },
        session_policy,
    }
}

#[cfg(test)]
mod tests {
    use super::METHODS;

    #[test]
    fn every_auth_method_is_listed() {
        for known in aws_connector_core::profile::METHODS {
            assert!(
                METHODS.iter().any(|row| row.auth_method == known),
                "{known}"
            );
        }
    }
}
