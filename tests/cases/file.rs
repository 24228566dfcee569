//! Reads and rewrites a case file: comments, then `=== NAME` sections. `README.md` describes them.

use std::fs;
use std::path::{Path, PathBuf};

/// The section whose output is compared; always the last one.
const RUN: &str = "run";

/// A case file, split into its sections.
#[derive(Debug)]
pub(crate) struct CaseFile {
    path: PathBuf,
    text: String,
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Section {
    name: String,
    body: String,
    /// Where the body starts in the file.
    start: usize,
}

impl CaseFile {
    /// Reads a case. Headers name shared files relative to `root`.
    pub(crate) fn read(root: &Path, path: &Path) -> Result<Self, String> {
        let in_file = |why: String| format!("{}: {why}", path.display());
        let text = fs::read_to_string(path).map_err(|error| in_file(error.to_string()))?;
        let sections = sections(root, &text).map_err(in_file)?;
        Ok(Self {
            path: path.to_owned(),
            text,
            sections,
        })
    }

    /// The text of a section; empty if the case does not have it.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.section(name)
            .map_or("", |section| section.body.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.section(name).is_some()
    }

    /// The names of the sections below `home/`.
    pub(crate) fn home(&self) -> Vec<String> {
        let names = self.sections.iter().map(|section| &section.name);
        names
            .filter(|name| name.starts_with("home/"))
            .cloned()
            .collect()
    }

    /// The commands and their expected output.
    pub(crate) fn run(&self) -> &str {
        self.text(RUN)
    }

    /// Replaces the `run` section and leaves the rest of the file as it is.
    pub(crate) fn update(&self, run: &str) {
        let start = self.section(RUN).map_or(0, |section| section.start);
        let text = format!("{}{run}", &self.text[..start]);
        fs::write(&self.path, text).unwrap();
    }

    fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }
}

/// The sections of a case, each with the shared files that its header names.
fn sections(root: &Path, text: &str) -> Result<Vec<Section>, String> {
    if !text.starts_with("# ") {
        return Err("the first line must be a comment that says what the case shows".into());
    }
    let mut sections: Vec<Section> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if let Some(header) = line.strip_prefix("===") {
            let mut words = header.split_whitespace();
            let name = words.next().unwrap_or_default().to_owned();
            if sections.iter().any(|section| section.name == name) {
                return Err(format!("section `{name}` appears twice"));
            }
            let mut body = String::new();
            for file in words {
                let shared = fs::read_to_string(root.join(file));
                body += &shared.map_err(|error| format!("{file}: {error}"))?;
                body.push('\n');
            }
            sections.push(Section {
                name,
                body,
                start: at,
            });
        } else if let Some(section) = sections.last_mut() {
            section.body += line;
        } else if !line.starts_with('#') && !line.trim().is_empty() {
            return Err(format!("expected a comment or `=== NAME`, found: {line}"));
        }
    }
    for section in &mut sections {
        // One empty line separates a section from the next, and shared files from the case's own.
        if section.body.ends_with("\n\n") || section.body == "\n" {
            section.body.pop();
        }
    }
    check(&sections)?;
    Ok(sections)
}

/// Rejects unknown sections, such as misspelled ones.
fn check(sections: &[Section]) -> Result<(), String> {
    let Some(run) = sections.last().filter(|section| section.name == RUN) else {
        return Err(format!("the last section must be `=== {RUN}`"));
    };
    if !run.body.lines().any(|line| line.starts_with("$ ")) {
        return Err("section `run` has no `$ COMMAND`".into());
    }
    let puts = run
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("$ put "));
    let put: Vec<&str> = puts.filter_map(|rest| rest.split(' ').next()).collect();
    for Section { name, .. } in sections {
        let known = matches!(
            name.as_str(),
            "connectors.toml" | "env" | "standin.json" | RUN
        );
        if !known && !name.starts_with("home/") && !put.contains(&name.as_str()) {
            return Err(format!(
                "section `{name}` is not used; fix: name it connectors.toml, env, standin.json, home/PATH or run, \
                 or use it with `$ put {name} PATH`"
            ));
        }
    }
    Ok(())
}

/// A mistake in a file fails the case instead of being ignored.
pub(crate) fn mistakes_in_a_case_are_refused() {
    let refused = |text: &str| {
        let text = format!("# What it shows.\n{text}");
        sections(Path::new("/"), &text).unwrap_err()
    };
    let why = refused("=== evn\nA=b\n\n=== run\n$ docker list\n");
    assert!(why.starts_with("section `evn` is not used; fix: "), "{why}");
    let why = refused("=== env\n\n=== env\n\n=== run\n");
    assert_eq!(why, "section `env` appears twice");
    assert_eq!(
        refused("=== run\ndocker list\n"),
        "section `run` has no `$ COMMAND`"
    );
    assert_eq!(
        refused("=== run\n\n=== env\n"),
        "the last section must be `=== run`"
    );
    assert_eq!(
        sections(Path::new("/"), "=== run\n$ docker list\n").unwrap_err(),
        "the first line must be a comment that says what the case shows"
    );
    assert_eq!(
        refused("[connectors.x]\n=== run\n"),
        "expected a comment or `=== NAME`, found: [connectors.x]\n"
    );
}

/// Section bodies keep their text, and shared files come first, after an empty line.
pub(crate) fn sections_keep_their_text() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("base.toml"), "[a]\nx = 1\n").unwrap();
    let text = "# What it shows.\n\n=== connectors.toml base.toml\n[b]\n\n=== home/empty\n\n\n=== run\n$ docker list\n";
    let sections = sections(folder.path(), text).unwrap();
    let found: Vec<(&str, &str)> = sections
        .iter()
        .map(|section| (section.name.as_str(), section.body.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("connectors.toml", "[a]\nx = 1\n\n[b]\n"),
            ("home/empty", "\n"),
            ("run", "$ docker list\n"),
        ]
    );
}
