//! The three binaries as processes against a loopback AWS: the documents to the letter, what AWS is asked, what the
//! cache answers, and that many at once are one.
//!
//! Each test has a home, a profile, a cache and an AWS of its own. What the binaries say is compared with the files
//! below `goldens/`; `UPDATE_GOLDENS=1` writes them anew, and the difference is to be read before it is kept.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends there and says why"
)]

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
