//! The `aws-connector` binary, run as a user runs it, against the stand-in.

#![expect(clippy::disallowed_methods, reason = "tests open files directly")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected should stop there"
)]

mod anonymous;
mod asking;
mod cache_folder;
mod clearing;
mod collection;
mod completing;
mod core_files;
mod deleting;
mod diffs;
mod displaying;
mod doctor;
mod documented;
mod endpoints;
mod exec_folder;
mod exporting;
mod golden;
mod importing;
mod installing;
mod killing;
mod looking;
mod mask;
mod prompting;
mod proxy;
mod registering;
mod registries;
mod running;
mod secrets;
mod support;
mod terminal;
mod updating;
mod wire_cases;
mod wiring;
