//! Shared by the targets: a fixed environment, files in memory, and the rules for every error.

use std::fs;
use std::path::PathBuf;

use aws_connector_core::env::Env;
use aws_connector_core::error::Error;

/// Terminals and Docker show errors unchanged, so an error must be one short line without control characters.
pub fn is_presentable(error: &Error) {
    let text = error.to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.len() < 8192, "{} bytes", text.len());
}

/// The same for a part of an error.
pub fn is_one_line(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.len() < 8192, "{} bytes", text.len());
}

/// A folder for this process's files; `tests/fuzz/run` creates one in memory.
pub fn folder() -> PathBuf {
    let base = std::env::var_os("AWS_CONNECTOR_FUZZ_FOLDER")
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = base.join(format!("aws-connector-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// An environment of only these variables.
pub fn environment(variables: &[(&str, &str)]) -> Env {
    Env::Fixed(
        variables
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    )
}
