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
        // The result is not expanded again, so its size is bounded by the input.
        Ok(found) => assert!(found.len() <= text.len() * 8),
        Err(what) => is_one_line(&what),
    }
    // Every text can be escaped so that expansion yields it unchanged.
    let written = text.replace('$', "$$");
    assert_eq!(expand(&written, &ENV).as_deref(), Ok(text));
});
