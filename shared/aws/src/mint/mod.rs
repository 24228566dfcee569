//! What is made of a session: a registry login by asking ECR, a cluster token by signing alone.

mod cluster_token;
mod registry_login;

pub(crate) use cluster_token::mint as cluster_token;
pub(crate) use registry_login::mint as registry_login;
