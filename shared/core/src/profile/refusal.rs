//! Why an auth method does not accept a field.

use super::auth::Method;
use super::field;

/// The reason, as text that completes `field 'x': …`.
pub(super) fn not_allowed(field: &str, method: Method) -> String {
    use Method::{FederationToken, Implicit, SecretKey, SessionToken, StsToken};
    const DURATION: &str = field::DURATION.name();
    const MFA_SERIAL: &str = field::MFA_SERIAL.name();
    const MFA_PROCESS: &str = field::MFA_PROCESS.name();
    const MFA_DURATION: &str = field::MFA_DURATION.name();
    const POLICY: &str = field::POLICY.name();
    const POLICY_ARNS: &str = field::POLICY_ARNS.name();
    const TAGS: &str = field::TAGS.name();
    const ROLE_ARN: &str = field::ROLE_ARN.name();
    const AWS_ACCESS_KEY_ID: &str = field::AWS_ACCESS_KEY_ID.name();
    const AWS_SECRET_ACCESS_KEY: &str = field::AWS_SECRET_ACCESS_KEY.name();
    const AWS_SESSION_TOKEN: &str = field::AWS_SESSION_TOKEN.name();
    let (reason, instead) = match (field, method) {
        (DURATION, SecretKey | StsToken) => (", whose keys are returned unchanged", ""),
        (DURATION, Implicit) => (" without role_arn", ""),
        (MFA_SERIAL | MFA_PROCESS | MFA_DURATION, FederationToken) => (
            ": GetFederationToken does not accept an MFA code",
            ", or use session-token",
        ),
        (POLICY | POLICY_ARNS | TAGS, SessionToken) => (
            ": GetSessionToken does not accept policies or tags",
            ", or use federation-token or iam-role",
        ),
        (POLICY | POLICY_ARNS, Implicit) => (" without role_arn", ""),
        (ROLE_ARN, SecretKey | StsToken | SessionToken | FederationToken) => (
            ", which does not assume a role",
            ", or use auth_method = \"iam-role\"",
        ),
        (AWS_ACCESS_KEY_ID | AWS_SECRET_ACCESS_KEY | AWS_SESSION_TOKEN, Implicit) => (
            ", which uses ambient keys",
            ", or use secret-key or sts-token",
        ),
        _ => ("", ""),
    };
    let method = method.id();
    format!("not allowed with auth_method {method}{reason}; remove it{instead}")
}
