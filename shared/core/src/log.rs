//! The debug log (off by default) and warnings. Both go to stderr and never contain secrets.

use std::fmt::Arguments;
use std::io::Write as _;
use std::sync::OnceLock;

static DEBUG: OnceLock<bool> = OnceLock::new();

fn debug_is_on() -> bool {
    *DEBUG.get_or_init(|| {
        std::env::var("AWS_CONNECTOR_LOG").is_ok_and(|level| {
            level.eq_ignore_ascii_case("debug") || level.eq_ignore_ascii_case("trace")
        })
    })
}

/// Writes a debug line if `AWS_CONNECTOR_LOG=debug`.
pub fn debug(message: Arguments<'_>) {
    if debug_is_on() {
        line(format_args!("debug: {message}"));
    }
}

/// Writes a warning for the user; the command continues.
pub fn warn(message: Arguments<'_>) {
    line(format_args!("warning: {message}"));
}

/// Writes one line to stderr in a single write, so that lines of concurrent processes do not mix.
pub fn line(message: Arguments<'_>) {
    let message = message.to_string();
    let text = format!("aws-connector: {}\n", crate::shown::clean(&message));
    // If stderr is closed, there is nowhere to report that.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
