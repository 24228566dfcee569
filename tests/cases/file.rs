//! Reads and rewrites case files: comments, then `=== NAME` sections. `README.md` describes them.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The section whose output is compared; always the last one of a case.
const RUN: &str = "run";
/// Starts a case in a file with several cases.
const CASE: &str = "case";

/// One case of a file, split into its sections.
#[derive(Debug)]
pub(crate) struct CaseFile {
    root: PathBuf,
    path: PathBuf,
    /// Its name in a file of several cases.
    name: Option<String>,
    sections: Vec<Section>,
}

#[derive(Clone, Debug)]
struct Section {
    name: String,
    body: String,
    /// Where the body is in the file.
    place: Range<usize>,
}

impl CaseFile {
    /// Reads the cases of a file. Headers name shared files relative to `root`.
    pub(crate) fn read(root: &Path, path: &Path) -> Result<Vec<Self>, String> {
        let in_file = |why: String| format!("{}: {why}", path.display());
        let text = fs::read_to_string(path).map_err(|error| in_file(error.to_string()))?;
        let cases = cases(root, &text).map_err(in_file)?;
        let case = |(name, sections)| Self {
            root: root.to_owned(),
            path: path.to_owned(),
            name,
            sections,
        };
        Ok(cases.into_iter().map(case).collect())
    }

    /// Its name in a file of several cases.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The text of a section; empty if the case does not have it.
    pub(crate) fn text(&self, name: &str) -> &str {
        let found = self.sections.iter().find(|section| section.name == name);
        found.map_or("", |section| section.body.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.sections.iter().any(|section| section.name == name)
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

    /// Replaces the `run` section and leaves the rest of the file as it is. Other tests may rewrite
    /// other cases of the file at the same time.
    pub(crate) fn update(&self, run: &str) {
        let options = File::options().read(true).write(true).open(&self.path);
        let mut file = options.unwrap();
        file.lock().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let now = cases(&self.root, &text).unwrap();
        let (_, sections) = now.iter().find(|(name, _)| *name == self.name).unwrap();
        text.replace_range(sections.last().unwrap().place.clone(), run);
        file.rewind().unwrap();
        file.set_len(0).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
}

/// The name of a case in a file with several, and its sections.
type Named = (Option<String>, Vec<Section>);

/// The cases of a file. If there are several, each has a name, and each also gets the sections above
/// the first one.
fn cases(root: &Path, text: &str) -> Result<Vec<Named>, String> {
    if !text.starts_with("# ") {
        return Err("the first line must be a comment that says what the case shows".into());
    }
    let mut cases = vec![(None, Vec::new())];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let (_, sections): &mut Named = cases.last_mut().unwrap();
        if let Some(header) = line.strip_prefix("===") {
            let mut words = header.split_whitespace();
            let name = words.next().unwrap_or_default().to_owned();
            if name == CASE {
                let case = words.next().map(str::to_owned);
                if case.is_none() || cases.iter().any(|(known, _)| *known == case) {
                    return Err(format!("expected `=== case` and a new name, found: {line}"));
                }
                cases.push((case, Vec::new()));
                continue;
            }
            if sections.iter().any(|section| section.name == name) {
                return Err(format!("section `{name}` appears twice"));
            }
            let mut body = String::new();
            for file in words {
                let shared = fs::read_to_string(root.join(file));
                body += &shared.map_err(|error| format!("{file}: {error}"))?;
                body.push('\n');
            }
            let place = at..at;
            sections.push(Section { name, body, place });
        } else if let Some(section) = sections.last_mut() {
            section.body += line;
            section.place.end = at;
        } else if !line.starts_with('#') && !line.trim().is_empty() {
            return Err(format!("expected a comment or `=== NAME`, found: {line}"));
        }
    }
    for section in cases.iter_mut().flat_map(|(_, sections)| sections) {
        // One empty line separates a section from the next, and shared files from the case's own.
        if section.body.ends_with("\n\n") || section.body == "\n" {
            section.body.pop();
            section.place.end -= 1;
        }
    }
    if cases.len() > 1 {
        let (_, shared) = cases.remove(0);
        for (_, own) in &mut cases {
            *own = continued(&shared, std::mem::take(own));
        }
    }
    cases.iter().try_for_each(|(_, sections)| check(sections))?;
    Ok(cases)
}

/// The sections of a case after those of its file; one of the same name continues the file's.
fn continued(shared: &[Section], own: Vec<Section>) -> Vec<Section> {
    let mut all = shared.to_vec();
    for section in own {
        match all.iter_mut().find(|known| known.name == section.name) {
            Some(known) => known.body += &format!("\n{}", section.body),
            None => all.push(section),
        }
    }
    all
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

/// A mistake in a case file is a failure, not ignored.
pub(crate) fn mistakes_in_a_case_are_refused() {
    let refused = |text: &str| {
        let text = format!("# What it shows.\n{text}");
        cases(Path::new("/"), &text).unwrap_err()
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
        cases(Path::new("/"), "=== run\n$ docker list\n").unwrap_err(),
        "the first line must be a comment that says what the case shows"
    );
    let twice = refused("=== case a\n=== run\n$ docker list\n\n=== case a\n=== run\n");
    assert_eq!(
        twice,
        "expected `=== case` and a new name, found: === case a\n"
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
    let cases = cases(folder.path(), text).unwrap();
    let found: Vec<(&str, &str)> = cases[0]
        .1
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

/// The cases of a file share its sections, can continue them, and are rewritten one by one.
pub(crate) fn a_file_may_hold_several_cases() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("several.case");
    let text = "# What they show.\n\n=== env\nA=1\n\n=== case x\n# One.\n\n=== env\nB=2\n\n=== run\n$ docker list\n\n=== case y\n=== run\n$ docker get\n";
    fs::write(&path, text).unwrap();
    let cases = CaseFile::read(folder.path(), &path).unwrap();
    let names: Vec<_> = cases.iter().map(CaseFile::name).collect();
    assert_eq!(names, [Some("x"), Some("y")]);
    assert_eq!(cases[0].text("env"), "A=1\n\nB=2\n");
    assert_eq!(cases[1].text("env"), "A=1\n");
    cases[0].update("$ docker list\nout| longer\n");
    cases[1].update("$ docker get\nexit 1\n");
    let expected = text
        .replace("list\n", "list\nout| longer\n")
        .replace("get\n", "get\nexit 1\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}
