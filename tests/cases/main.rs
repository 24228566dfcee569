//! Runs the three binaries against a loopback AWS. Each case in a `TOPIC/FILE.case` of this folder is
//! a test of their output and their calls to AWS, named `cases::TOPIC::FILE` or, if the file has
//! several, `cases::TOPIC::FILE::NAME`. `UPDATE_GOLDENS=1` rewrites the output in the files; review
//! the diff before you commit it.

#![expect(clippy::disallowed_methods, reason = "tests open files directly")]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics with the reason"
)]

mod case;
mod file;
mod labels;
mod report;
#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the other tests, which use the rest"
)]
#[path = "../binaries/support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use case::Case;
use file::CaseFile;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut trials = vec![
        trial("file::mistakes_in_a_case_are_refused", || {
            file::mistakes_in_a_case_are_refused();
            Ok(())
        }),
        trial("file::sections_keep_their_text", || {
            file::sections_keep_their_text();
            Ok(())
        }),
        trial("file::a_file_may_hold_several_cases", || {
            file::a_file_may_hold_several_cases();
            Ok(())
        }),
    ];
    for topic in listed(&root).into_iter().filter(|path| path.is_dir()) {
        let files = listed(&topic);
        let files = files
            .iter()
            .filter(|path| path.extension().is_some_and(|it| it == "case"));
        for path in files {
            let name = format!("cases::{}::{}", stem(&topic), stem(path));
            match CaseFile::read(&root, path) {
                Ok(cases) => trials.extend(cases.into_iter().map(|case| {
                    let name = match case.name() {
                        Some(own) => format!("{name}::{own}"),
                        None => name.clone(),
                    };
                    trial(&name, move || check(&case))
                })),
                Err(why) => trials.push(trial(&name, || Err(why.into()))),
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, test: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::test(name, test)
}

/// The contents of a folder, sorted by name.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let list = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut all: Vec<PathBuf> = list.map(|item| item.unwrap().path()).collect();
    all.sort();
    all
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap()
}

/// Runs a case and compares its output with the file.
fn check(file: &CaseFile) -> Result<(), Failed> {
    let told = Case::new(file).run();
    if told == file.run() {
        return Ok(());
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        file.update(&told);
        return Ok(());
    }
    Err(format!(
        "{}: the output differs (- expected, + actual); fix: if the new output is right, run again with UPDATE_GOLDENS=1\n{}",
        file.path().display(),
        difference(file.run(), &told)
    )
    .into())
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
