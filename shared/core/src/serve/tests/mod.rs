#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod errand;
mod login;
mod mint;
mod renewal;
mod support;
