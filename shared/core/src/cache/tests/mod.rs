#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod obtain;
mod renewal;
mod support;
mod waiting;
