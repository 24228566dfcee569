//! Connectors that many tests use. `URL` is replaced by the address of the loopback AWS.

/// A registry of the stand-in's account.
pub(crate) const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// The user's keys.
pub(crate) const BASE: &str = r#"
[connectors.base]
auth_method = "secret-key"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
"#;

/// A role with down-scoped sessions.
pub(crate) const ROLE: &str = r#"
[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"
"#;

/// A role with one session for all resources.
pub(crate) const SHARED: &str = r#"
[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"
down_scope = false
"#;

/// Another role of the same account.
pub(crate) const OTHER: &str = r#"
[connectors.ops]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/ops"
"#;
