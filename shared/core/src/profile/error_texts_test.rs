//! The exact text of every error in a connectors file: `testdata/errors.txt` contains the files,
//! `testdata/errors.golden.txt` the errors.
//!
//! `UPDATE_GOLDENS=1 cargo test -p aws-connector-core every_error_of_a_connectors_file` rewrites
//! the errors.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::path::Path;

use super::Profile;
use crate::env::Env;

#[test]
fn every_error_of_a_connectors_file_has_the_expected_text() {
    let mut seen = String::new();
    for case in include_str!("testdata/errors.txt").split("=== ").skip(1) {
        let (title, text) = case.split_once('\n').unwrap();
        let outcome = Profile::parse(
            Path::new("connectors.toml"),
            text.to_owned(),
            &Env::fixed([]),
        )
        .and_then(|profile| profile.connector("dev"));
        let said = match outcome {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.to_string(),
        };
        assert!(!said.contains('\n'), "{title}: {said}");
        writeln!(seen, "{title}\n    {said}").unwrap();
    }
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profile/testdata/errors.golden.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&golden, &seen).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    for (line, (is, should)) in seen.lines().zip(expected.lines()).enumerate() {
        assert_eq!(is, should, "line {} of {}", line + 1, golden.display());
    }
    assert_eq!(seen.lines().count(), expected.lines().count());
    assert!(!expected.contains("accepted"));
}
