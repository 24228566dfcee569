//! Real clients, each run as its user runs it: our binaries wired into its configuration, an AWS on loopback behind them.
//!
//! `tests/clients/setup` prepares the clients. A test whose client is absent fails; `tests/run --quick` leaves them out.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on ends there and says why"
)]

mod aws;
mod docker;
mod everyday;
mod first_steps;
mod keyring;
mod kubernetes;
mod moto;
mod sources;
mod support;
