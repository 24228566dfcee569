//! The stand-in over the wire.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on unexpected results"
)]

mod cluster;
mod metadata;
mod refusals;
mod services;
mod support;
