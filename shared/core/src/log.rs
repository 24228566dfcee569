//! The debug log and the warnings: stderr only, off by default, never a secret.

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

/// Writes one line for developers when `AWS_CONNECTOR_LOG=debug`.
pub fn debug(message: Arguments<'_>) {
    if debug_is_on() {
        line(format_args!("debug: {message}"));
    }
}

/// Writes one line that the user should see although the command continues.
pub fn warn(message: Arguments<'_>) {
    line(format_args!("warning: {message}"));
}

/// Writes one line to stderr in a single write, so that lines of parallel processes do not mix.
pub fn line(message: Arguments<'_>) {
    let message = message.to_string();
    let text = format!("aws-connector: {}\n", crate::shown::clean(&message));
    // Nothing can be reported when stderr is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
