//! What is made of a session by asking AWS: a registry login.

mod registry_login;

pub(crate) use registry_login::mint as registry_login;
