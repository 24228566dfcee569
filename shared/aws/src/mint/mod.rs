//! Exchanges a session for another credential by calling AWS: a registry login.

mod registry_login;

pub(crate) use registry_login::mint as registry_login;
