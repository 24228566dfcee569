//! Edits the clients' three config files: read → plan → diff → apply, each change reversible.
//!
//! Texts are edited in place, never reserialized: other content stays the same byte for byte.

pub(crate) mod aws_config;
mod desk;
mod diff;
pub(crate) mod docker_config;
mod file;
mod json;
pub(crate) mod kubeconfig;
mod lines;
mod lock;
mod mask;
pub(crate) mod places;
mod record;
mod replace;
#[cfg(test)]
mod roundtrip;
mod yaml;

pub(crate) use desk::{Consent, Desk};
pub(crate) use file::{make_folder, read, read_or_empty, resolve};
pub(crate) use lock::lock;
pub(crate) use replace::{Mode, replace};
