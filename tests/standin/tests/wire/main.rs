//! The stand-in over the wire.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that meets the unexpected should stop there"
)]

mod cluster;
mod metadata;
mod refusals;
mod services;
mod support;
