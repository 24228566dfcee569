//! `${NAME}`, `${NAME:-default}` and `$$`.
#![no_main]

use std::sync::LazyLock;

use aws_connector_core::env::Env;
use aws_connector_core::profile::expand::expand;
use fuzz_support::{environment, is_one_line};
use libfuzzer_sys::fuzz_target;

static ENV: LazyLock<Env> = LazyLock::new(|| {
    environment(&[
        ("A", "${B}$$"),
        ("B", "b"),
        ("EMPTY", ""),
        ("NAME", "value"),
    ])
});

fuzz_target!(|text: &str| {
    match expand(text, &ENV) {
        // What comes out is not looked at again, so that it grows with what was put in only.
        Ok(found) => assert!(found.len() <= text.len() * 8),
        Err(what) => is_one_line(&what),
    }
    // Whatever a text is, it can be written so that it stays what it is.
    let written = text.replace('$', "$$");
    assert_eq!(expand(&written, &ENV).as_deref(), Ok(text));
});
