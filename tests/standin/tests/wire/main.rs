//! The stand-in over the wire.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on unexpected results"
)]

mod cluster;
mod faults;
mod metadata;
mod refusals;
mod services;
mod signatures;
mod support;
