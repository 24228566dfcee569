//! The paths of the clients, as recorded by `tests/clients/setup`.

use std::{env, fs, path::PathBuf};

/// The client named `name` in the `env` file that `setup` wrote. If it is missing, the test fails: a skipped test
/// looks like a passed one.
pub(crate) fn client(name: &str) -> PathBuf {
    let path = client_on_path(name).unwrap_or_else(|| {
        panic!(
            "{} has no {name}: run tests/clients/setup",
            folder().display()
        )
    });
    assert!(
        path.exists(),
        "{} is not there: run tests/clients/setup",
        path.display()
    );
    path
}

/// The same for a client that no package provides; `None` if this machine does not have it.
pub(crate) fn client_on_path(name: &str) -> Option<PathBuf> {
    let list = folder().join("env");
    let text = fs::read_to_string(&list)
        .unwrap_or_else(|error| panic!("{}: {error}: run tests/clients/setup", list.display()));
    text.lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, path)| path.into())
}

/// A small program in `tests/clients/programs` that uses a library.
pub(crate) fn program(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/clients/programs", name]
        .iter()
        .collect()
}

fn folder() -> PathBuf {
    env::var_os("AWS_CONNECTOR_TEST_CLIENTS").map_or_else(
        || {
            [env!("CARGO_MANIFEST_DIR"), "target/clients"]
                .iter()
                .collect()
        },
        PathBuf::from,
    )
}
