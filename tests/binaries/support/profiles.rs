//! Connectors that many tests begin with. `URL` stands for the loopback AWS.

/// A registry of the account that is there.
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

/// A role whose sessions are cut down to what they are for.
pub(crate) const ROLE: &str = r#"
[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"
"#;

/// A role with one session for everything.
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
