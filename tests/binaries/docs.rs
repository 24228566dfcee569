//! Checks the documentation: connectors are valid, errors occur in cases, links exist.

use std::fs;
use std::path::{Path, PathBuf};

use aws_connector_core::env::Env;
use aws_connector_core::profile::field::TABLE;
use aws_connector_core::profile::{Kind, Method, Profile};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, or the file itself.
fn files(path: &Path, ends: &str) -> Vec<PathBuf> {
    if path.is_file() {
        let whole = path.to_str().is_some_and(|path| path.ends_with(ends));
        return if whole {
            vec![path.to_owned()]
        } else {
            Vec::new()
        };
    }
    let list = fs::read_dir(path).unwrap().map(|item| item.unwrap().path());
    let mut all: Vec<PathBuf> = list.flat_map(|path| files(&path, ends)).collect();
    all.sort();
    all
}

fn documents() -> Vec<PathBuf> {
    let mut all = files(&root().join("docs"), ".md");
    all.push(root().join("README.md"));
    all
}

/// The fenced blocks of a language, joined: the blocks of a page are one connectors file.
fn blocks(text: &str, language: &str) -> String {
    let fence = format!("```{language}\n");
    let bodies = text.split(&fence).skip(1);
    bodies
        .map(|rest| rest.split("\n```").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn cases() -> PathBuf {
    root().join("tests/cases")
}

/// The expected output of all cases.
fn said() -> String {
    let mut said = String::new();
    for path in files(&cases(), ".case") {
        let text = fs::read_to_string(&path).unwrap();
        let runs = text
            .split("\n=== ")
            .filter_map(|it| it.strip_prefix("run\n"));
        said.extend(runs);
    }
    said
}

#[test]
fn the_connectors_of_every_page_are_valid() {
    let mut connectors = 0;
    for path in documents() {
        let text = blocks(&fs::read_to_string(&path).unwrap(), "toml");
        if text.is_empty() {
            continue;
        }
        let profile = Profile::parse(&path, text.clone(), &Env::fixed([]))
            .unwrap_or_else(|error| panic!("{}: {error}\n{text}", path.display()));
        for name in profile.names().unwrap() {
            profile
                .connector(&name)
                .unwrap_or_else(|error| panic!("{}: {error}\n{text}", path.display()));
            connectors += 1;
        }
    }
    assert!(connectors > 30, "only {connectors}");
}

#[test]
fn every_error_on_a_page_about_a_source_occurs_in_a_case() {
    let said = said();
    let mut rows = 0;
    for path in files(&root().join("docs/sources"), ".md") {
        let text = fs::read_to_string(&path).unwrap();
        let table = text
            .lines()
            .skip_while(|line| !line.starts_with("| the error says |"));
        for line in table.skip(2).take_while(|line| line.starts_with('|')) {
            let error = line.split('`').nth(1).unwrap();
            assert!(
                said.contains(error),
                "{}: no case says {error:?}",
                path.display()
            );
            rows += 1;
        }
    }
    assert!(rows > 30, "only {rows}");
}

/// The table of a connector's fields.
fn fields() -> String {
    let code = |names: &[&str]| {
        let names = names.iter().map(|name| format!("`{name}`"));
        names.collect::<Vec<_>>().join(", ")
    };
    let mut table = "| field | value | auth methods | meaning |\n|---|---|---|---|\n".to_owned();
    for row in TABLE {
        let value = match row.kind {
            Kind::Text => "string".to_owned(),
            Kind::OneOf(values) => code(&values()),
            Kind::Boolean => "boolean".to_owned(),
            Kind::Texts => "string or list of strings".to_owned(),
            Kind::Duration => "duration".to_owned(),
            Kind::Time => "time".to_owned(),
            Kind::Secret => "secret".to_owned(),
            Kind::Command => "command".to_owned(),
            Kind::Tags => "table of strings".to_owned(),
            Kind::Policy => "policy".to_owned(),
            Kind::Services => "table of URLs by service".to_owned(),
        };
        let methods: Vec<&str> = row.methods.iter().map(|method| method.id()).collect();
        let methods = if methods.len() == Method::ALL.len() {
            "all".to_owned()
        } else {
            code(&methods)
        };
        table += &format!("| `{}` | {value} | {methods} | {} |\n", row.name, row.about);
    }
    table
}

/// `UPDATE_DOCS=1` writes the table.
#[test]
fn the_page_about_the_connectors_file_lists_every_field() {
    let path = root().join("docs/connectors-file.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- fields -->\n").unwrap();
    let (_, after) = rest.split_once("\n<!-- end -->").unwrap();
    let written = format!(
        "{before}<!-- fields -->\n\n{}\n<!-- end -->{after}",
        fields()
    );
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &written).unwrap();
    } else {
        assert!(
            text == written,
            "docs/connectors-file.md is out of date; UPDATE_DOCS=1 writes it"
        );
    }
}

#[test]
fn every_host_in_the_table_of_hosts_is_called_in_a_case() {
    const REGIONS: [&str; 8] = [
        "us-east-1",
        "us-gov-west-1",
        "cn-north-1",
        "eusc-de-east-1",
        "us-iso-east-1",
        "us-isob-east-1",
        "eu-isoe-west-1",
        "us-isof-south-1",
    ];
    let said = said();
    let text = fs::read_to_string(root().join("docs/registry-hosts.md")).unwrap();
    let (_, asked) = text.split_once("## Hosts that are asked").unwrap();
    let (asked, _) = asked.split_once("## Regions").unwrap();
    let table = asked.lines().filter(|line| line.starts_with("| aws"));
    let mut hosts = 0;
    for (line, region) in table.zip(REGIONS) {
        for host in line.split('`').skip(1).step_by(2) {
            let host = host.replace("REGION", region);
            assert!(
                said.contains(&format!("via| {host}:443")),
                "no case asks {host}"
            );
            hosts += 1;
        }
    }
    assert!(hosts > 20, "only {hosts}");
    let public = "api.ecr-public.us-east-1.amazonaws.com";
    assert!(asked.contains(public) && said.contains(&format!("via| {public}:443")));
}

#[test]
fn every_link_is_valid_and_every_page_is_linked() {
    let mut linked = Vec::new();
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if target.starts_with("http") {
                continue;
            }
            let target = path
                .parent()
                .unwrap()
                .join(target.split('#').next().unwrap());
            assert!(target.exists(), "{}: {}", path.display(), target.display());
            linked.push(target.canonicalize().unwrap());
        }
    }
    for page in files(&root().join("docs"), ".md") {
        let page = page.canonicalize().unwrap();
        assert!(
            linked.contains(&page),
            "nothing leads to {}",
            page.display()
        );
    }
}

#[test]
fn the_index_of_cases_covers_every_topic_and_names_existing_tests() {
    let index = fs::read_to_string(cases().join("README.md")).unwrap();
    let example = fs::read_to_string(cases().join("role_options/source_identity.case"));
    assert!(
        index.contains(&example.unwrap()),
        "the example in README.md is out of date"
    );
    let (_, shown) = index.split_once("## Where it is tested").unwrap();
    let mut rows = 0;
    for line in shown.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let places = line.trim_end_matches('|').rsplit('|').next().unwrap();
        let named: Vec<&str> = places.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no place in: {line}");
        rows += 1;
        for place in named {
            assert!(is_there(place), "{place} does not exist: {line}");
        }
    }
    assert!(rows > 30, "the index has {rows} rows");
    for case in files(&cases(), ".case") {
        let topic = case.parent().unwrap().file_name().unwrap();
        let topic = format!("`{}/", topic.to_str().unwrap());
        assert!(index.contains(&topic), "no row names {topic}");
    }
}

/// Whether `TOPIC/PATTERN*` names a case, or `FILE.rs` (relative to the repository) a file of tests.
fn is_there(place: &str) -> bool {
    if root().join(place).is_file() {
        return true;
    }
    let start = place.strip_suffix('*');
    case_names()
        .iter()
        .any(|case| start.map_or(case == place, |start| case.starts_with(start)))
}

/// `TOPIC/FILE`, or `TOPIC/FILE::NAME` for the cases of a file of several.
fn case_names() -> Vec<String> {
    let mut names = Vec::new();
    for path in files(&cases(), ".case") {
        let file = path.strip_prefix(cases()).unwrap().with_extension("");
        let file = file.to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let own = text
            .lines()
            .filter_map(|line| line.strip_prefix("=== case "));
        let before = names.len();
        names.extend(own.map(|own| format!("{file}::{own}")));
        if names.len() == before {
            names.push(file);
        }
    }
    names
}
