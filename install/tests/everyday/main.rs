//! The `aws-connector` binary, run as a user runs it, against the stand-in.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected should stop there"
)]

mod asking;
mod collection;
mod deleting;
mod doctor;
mod exporting;
mod golden;
mod importing;
mod installing;
mod killing;
mod looking;
mod mask;
mod proxy;
mod registering;
mod running;
mod secrets;
mod support;
mod wiring;
