//! Checks `docs/aws-connector.md` against the goldens: its captured output, and its tables of JSON
//! fields.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::golden::folder;

const DOCS: &str = include_str!("../../../docs/aws-connector.md");

/// The goldens as shown on a terminal.
fn screens() -> Vec<String> {
    let shown = |golden: &str| {
        let mut text = String::new();
        for line in golden.lines() {
            let line = match line.split_at_checked(1) {
                Some(("|" | "!", rest)) => rest.strip_prefix(' ').unwrap_or(rest),
                Some(("?" | "@", _)) => continue,
                _ => line,
            };
            text.push_str(line);
            text.push('\n');
        }
        text
    };
    let files = fs::read_dir(folder()).unwrap();
    files
        .map(|entry| shown(&fs::read_to_string(entry.unwrap().path()).unwrap()))
        .collect()
}

#[test]
fn documented_output_matches_the_goldens() {
    let screens = screens();
    let captures: Vec<&str> = DOCS
        .split("```console\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(captures.len() > 3);
    for capture in captures {
        assert!(
            screens.iter().any(|screen| screen.contains(capture)),
            "no golden shows this:\n{capture}"
        );
    }
}

/// Each path in a JSON document with its types.
fn paths(value: &Value, path: &str, found: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(all) => {
            for one in all {
                paths(one, &format!("{path}[]"), found);
            }
            return;
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                paths(field, &format!("{path}{dot}{name}"), found);
            }
            "object"
        }
    };
    found.entry(path.to_owned()).or_default().insert(kind);
}

/// The JSON documents of a command in the goldens.
fn documents(command: &str) -> Vec<Value> {
    let screens = screens().join("\n");
    let spelt = [
        format!("aws-connector {command} "),
        format!("aws-connector {} ", command.replace("verify", "doctor")),
    ];
    screens
        .split("$ ")
        .filter(|chunk| {
            let line = chunk.lines().next().unwrap_or_default();
            let is_it = spelt.iter().any(|spelt| line.starts_with(spelt.as_str()));
            is_it && line.contains(" json")
        })
        .filter_map(|chunk| {
            let body = chunk.split_once('\n')?.1;
            let begin = body.find(['{', '['])?;
            let mut all = serde_json::Deserializer::from_str(&body[begin..]).into_iter();
            all.next()?.ok()
        })
        .collect()
}

#[test]
fn documented_json_fields_and_types_match_the_goldens() {
    let mut sections = 0;
    for section in DOCS.split("\n### `").skip(1) {
        let (command, text) = section.split_once("`\n").unwrap();
        let text = text.split("\n## ").next().unwrap();
        let mut found = BTreeMap::new();
        let documents = documents(command);
        assert!(!documents.is_empty(), "no golden of {command} is JSON");
        for document in &documents {
            paths(document, "", &mut found);
        }
        let (_, table) = text.split_once("| field | type | meaning |\n").unwrap();
        let table = table.split("\n\n").next().unwrap();
        let told: BTreeMap<&str, &str> = table
            .lines()
            .filter_map(|row| {
                let mut cells = row.trim_start_matches("| `").split("` | ");
                let (name, rest) = (cells.next()?, cells.next()?);
                Some((name, rest.split(" | ").next()?))
            })
            .collect();
        for (path, kinds) in &found {
            // The document itself, and elements that are objects, need no row.
            let plain = path.trim_end_matches("[]");
            if kinds.contains("object") && !told.contains_key(plain) {
                continue;
            }
            // The keys of a table are the user's.
            let table = path.rsplit_once('.').and_then(|(table, _)| told.get(table));
            if table.is_some_and(|types| *types == "object of strings") {
                continue;
            }
            let Some(types) = told.get(path.as_str()) else {
                panic!("{command}: {path} is not documented");
            };
            for kind in kinds {
                assert!(
                    types.contains(kind),
                    "{command}: {path} is {kind}, not {types}"
                );
            }
        }
        for path in told.keys() {
            // A list that is empty in the goldens has no elements to check.
            let list = path
                .strip_suffix("[]")
                .map(|list| format!("\"{list}\": []"));
            let is_there = found.contains_key(*path)
                || list.is_some_and(|list| screens().iter().any(|screen| screen.contains(&list)));
            assert!(is_there, "{command}: {path} is in no golden");
        }
        sections += 1;
    }
    assert_eq!(sections, 14);
}

#[test]
fn every_step_of_verify_is_documented() {
    let mut steps = BTreeSet::new();
    for screen in screens() {
        for line in screen.lines() {
            let mark = ["✓ ", "✗ ", "! "];
            if let Some(rest) = mark.iter().find_map(|mark| line.strip_prefix(mark)) {
                steps.insert(rest.split("  ").next().unwrap().trim().to_owned());
            }
        }
    }
    assert!(steps.len() > 15, "{steps:?}");
    for step in steps {
        assert!(DOCS.contains(&format!("`{step}`")), "{step}");
    }
}

#[test]
fn every_test_that_the_security_policy_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let policy = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (_, table) = policy.split_once("## Tests").unwrap();
    let named: Vec<_> = table
        .split('`')
        .filter_map(|it| it.split_once("::"))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for (file, test) in named {
        let text = fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(text.contains(&format!("fn {test}()")), "{file}::{test}");
    }
}
