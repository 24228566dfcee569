//! Runs the three binaries against a loopback AWS, and checks their documents, their calls to AWS, the cache, and
//! concurrent processes.
//!
//! Each test has its own home, connectors file, cache and AWS. Output is compared with the files below `goldens/`;
//! `UPDATE_GOLDENS=1` rewrites them. Review the diff before you commit it.

#![expect(clippy::disallowed_methods, reason = "tests open files directly")]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics with the reason"
)]

mod assume_role;
mod background_renewal;
mod cache_files;
mod cache_hits;
mod cache_identity;
mod cache_life;
mod chains;
mod clocks;
mod core_files;
mod credential_process;
mod crowd;
mod docker;
mod docker_input;
mod docs;
mod exec;
mod hosts;
mod implicit;
mod limits;
mod methods;
mod mfa;
mod partitions;
mod presentations;
mod programs;
mod public_registry;
mod registries;
mod scopes;
mod secrets;
mod showing;
mod support;
mod surroundings;
mod tokens;
