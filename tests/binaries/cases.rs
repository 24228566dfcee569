//! Cases as folders below `cases/TOPIC/`: what is said and what AWS is asked, to the letter. A new case is a new folder;
//! `UPDATE_GOLDENS=1` writes what came out, to be read before it is kept.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Case;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/binaries/cases")
}

/// The folders in a folder, in the order of their names.
fn folders(of: &Path) -> Vec<PathBuf> {
    let list = fs::read_dir(of).unwrap_or_else(|e| panic!("{}: {e}", of.display()));
    let mut all: Vec<PathBuf> = list.map(|item| item.unwrap().path()).collect();
    all.retain(|path| path.is_dir());
    all.sort();
    all
}

#[track_caller]
fn every_case_of(topic: &str) {
    let mut wrong = Vec::new();
    for folder in folders(&root().join(topic)) {
        let told = Case::read(&folder).told();
        let file = folder.join("expected");
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if told == expected {
            continue;
        }
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::write(&file, &told).unwrap();
            continue;
        }
        let name = folder.strip_prefix(root()).unwrap().display();
        wrong.push(format!("{name}\n{}", difference(&expected, &told)));
    }
    assert!(
        wrong.is_empty(),
        "{} of {topic} came out otherwise (- expected, + told; UPDATE_GOLDENS=1 writes them anew)\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The lines from the first to the last that differ.
fn difference(expected: &str, told: &str) -> String {
    let (was, is): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), told.lines().collect());
    let both = was.len().min(is.len());
    let before = (0..both).take_while(|at| was[*at] == is[*at]).count();
    let after = (1..=both - before)
        .take_while(|at| was[was.len() - at] == is[is.len() - at])
        .count();
    let mut text = String::new();
    for (sign, lines) in [("-", &was), ("+", &is)] {
        for line in &lines[before..lines.len() - after] {
            text.push_str(&format!("  {sign} {line}\n"));
        }
    }
    text
}

macro_rules! topics {
    ($($topic:ident)*) => {
        const TOPICS: &[&str] = &[$(stringify!($topic)),*];

        $(
            #[test]
            fn $topic() {
                every_case_of(stringify!($topic));
            }
        )*
    };
}

topics! {
    anonymous
    auth_methods
    chains
    clusters
    endpoints
    expiry
    features
    implicit
    macros
    mfa
    refusals
    registries
    resources
    role_options
    secrets
    sources
}

#[test]
fn every_topic_has_a_test_and_every_row_of_the_index_leads_somewhere() {
    let there: Vec<String> = folders(&root())
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(there, TOPICS);
    let index = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, shown) = index.split_once("## What is shown where").unwrap();
    let mut rows = 0;
    for line in shown.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let places = line.trim_end_matches('|').rsplit('|').next().unwrap();
        let named: Vec<&str> = places.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no place for: {line}");
        rows += 1;
        for place in named {
            let found = matching(place);
            assert!(found, "{place} is not there: {line}");
        }
    }
    assert!(rows > 30, "the index has {rows} rows");
    for topic in TOPICS {
        assert!(
            index.contains(&format!("`{topic}/")),
            "no row tells of {topic}"
        );
    }
}

/// Whether `TOPIC/PATTERN*` names a case, or `FILE.rs` (below the repository) a test's file.
fn matching(place: &str) -> bool {
    if Path::new(env!("CARGO_MANIFEST_DIR")).join(place).is_file() {
        return true;
    }
    let Some((topic, case)) = place.split_once('/') else {
        return false;
    };
    let (start, whole) = match case.strip_suffix('*') {
        Some(start) => (start, false),
        None => (case, true),
    };
    TOPICS.contains(&topic)
        && folders(&root().join(topic)).iter().any(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            if whole {
                name == start
            } else {
                name.starts_with(start)
            }
        })
}
