//! Real clients with our binaries wired into their configuration, and an AWS on loopback.
//!
//! `tests/clients/setup` installs the clients. A test whose client is missing fails; `tests/run --quick` skips these tests.

#![expect(clippy::disallowed_methods, reason = "tests open files directly")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot continue panics with the reason"
)]

mod aws;
mod docker;
mod everyday;
mod first_steps;
mod kernel_keyring;
mod keyring;
mod kubernetes;
mod moto;
mod sources;
mod support;
#[path = "../../install/tests/everyday/wire_cases.rs"]
mod wire_cases;
mod wired_files;
