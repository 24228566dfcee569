//! The tables of faults in `docs/under-load.md`: injects every fault, and compares what it observes with the page.
//! `UPDATE_DOCS=1` rewrites the page.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{House, Run, is_exhaustive, is_root, skip};
use crate::{disk, outages};

/// One fault and how it is injected.
pub(crate) struct Scenario {
    pub(crate) fault: &'static str,
    /// Injects it, and returns the other columns of the table.
    pub(crate) observe: Box<dyn Fn() -> Vec<String> + Send>,
}

/// The result of a run as text for the table.
pub(crate) fn told(house: &House, run: &Run) -> String {
    let said: Vec<String> = run.stderr.lines().map(|line| plain(house, line)).collect();
    if run.status.success() {
        run.document();
        if said.is_empty() {
            return "served".to_owned();
        }
        assert_eq!(said.len(), 1, "{run:#?}");
        return format!("served, with {}", said[0]);
    }
    plain(house, &format!("failed: `{}`", run.failure()))
}

/// A line with placeholders for values that differ from run to run.
fn plain(house: &House, line: &str) -> String {
    let folder = house.path("");
    let folder = folder.to_string_lossy();
    let line = line
        .strip_prefix("aws-connector: ")
        .unwrap_or(line)
        .replace(folder.as_ref(), "…/");
    let line = line.replace("`aws-connector: ", "`").replace("…//", "…/");
    let mut plain = String::new();
    let mut rest = line.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, word) = rest.split_at(at);
        let end = word
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        plain += before;
        // Ports, and numbers of seconds.
        let counts = ["127.0.0.1:", "localhost:", "another "];
        let is_number = word.bytes().all(|b| b.is_ascii_digit());
        plain += if is_number && counts.iter().any(|place| plain.ends_with(place)) {
            "N"
        } else if word.len() == 64 {
            "KEY"
        } else {
            word
        };
        rest = after;
    }
    plain + rest
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/under-load.md")
}

fn rows(scenarios: Vec<Scenario>) -> String {
    let threads: Vec<_> = scenarios
        .into_iter()
        .map(|scenario| (scenario.fault, std::thread::spawn(scenario.observe)))
        .collect();
    let mut text = String::new();
    for (fault, thread) in threads {
        let observed = thread.join().unwrap_or_else(|_| panic!("fault: {fault}"));
        let cells: Vec<String> = observed
            .iter()
            .map(|cell| cell.replace('|', "\\|"))
            .collect();
        text += &format!("| {fault} | {} |\n", cells.join(" | "));
    }
    text
}

/// Compares one part of the page with what was observed, or updates it.
fn check(part: &str, observed: &str) {
    revise(part, |told| {
        let observed = format!("\n{observed}\n");
        let differ: Vec<&str> = observed
            .lines()
            .filter(|line| !told.lines().any(|told| told == *line))
            .collect();
        assert!(
            told == observed || updates(),
            "docs/under-load.md differs from what was observed (UPDATE_DOCS=1 writes it): {differ:#?}"
        );
        observed
    });
}

/// Compares some or all rows of one part of the page with the observed ones. Numbers are not compared, because they come
/// from the exhaustive run that wrote them. A row consists of its first column and the rest.
pub(crate) fn check_rows(part: &str, head: &str, observed: &[(String, String)]) {
    let plain = |row: &str| row.replace(|c: char| c.is_ascii_digit(), "");
    revise(part, |told| {
        if updates() && is_exhaustive() {
            let rows: String = observed
                .iter()
                .map(|(about, seen)| format!("| {about} | {seen} |\n"))
                .collect();
            let line = "---|".repeat(head.matches(" |").count());
            return format!("\n{head}\n|{line}\n{rows}\n");
        }
        for (about, seen) in observed {
            let start = format!("| {about} | ");
            let row = told.lines().find_map(|row| row.strip_prefix(&start));
            assert_eq!(
                row.map(plain),
                Some(plain(&format!("{seen} |"))),
                "docs/under-load.md, {about}: FAULTS_EXHAUSTIVE=1 UPDATE_DOCS=1 writes it"
            );
        }
        told.to_owned()
    });
}

fn updates() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Passes one part of the page to `revise`, and writes the result if `UPDATE_DOCS` is set.
fn revise(part: &str, revise: impl FnOnce(&str) -> String) {
    let (begin, end) = (
        format!("<!-- {part}: written by tests/faults -->\n"),
        "<!-- end -->",
    );
    // Each part is written by a different process.
    let lock = fs::File::open(page()).expect("docs/under-load.md");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).expect("a lock");
    let text = fs::read_to_string(page()).expect("docs/under-load.md");
    let (before, rest) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{part} has no place"));
    let (told, after) = rest.split_once(end).expect("a part has an end");
    let revised = revise(told);
    if updates() {
        fs::write(page(), format!("{before}{begin}{revised}{end}{after}")).expect("the page");
    }
}

#[test]
fn the_table_of_aws_faults_matches_what_is_observed() {
    let head =
        "| fault | empty cache | cached session, valid but close to its expiry |\n|---|---|---|\n";
    check("outages", &format!("{head}{}", rows(outages::scenarios())));
}

#[test]
fn the_table_of_disk_faults_matches_what_is_observed() {
    if !is_root() {
        return skip("the table of disk faults: only root can be two users and mount file systems");
    }
    let head = "| fault | observed |\n|---|---|\n";
    check("disk", &format!("{head}{}", rows(disk::scenarios())));
}
