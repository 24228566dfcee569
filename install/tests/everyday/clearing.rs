//! cache clear: removes all our files, whatever their state and whoever created them.

use std::fs;
use std::path::PathBuf;

use rustix::fs::{CWD, Mode, mkfifoat};

use crate::support::Machine;

const FILE: &str = ".config/aws-connector/connectors.toml";

fn cache(machine: &Machine, name: &str) -> PathBuf {
    machine.path(&format!(".cache/aws-connector/{name}"))
}

fn removed(machine: &Machine, args: &[&str]) -> u64 {
    let args = [&["cache", "clear", "--output", "json"], args].concat();
    let document = machine.run(&args).ok().json();
    document["removed"].as_u64().unwrap()
}

#[test]
fn clear_removes_files_of_killed_processes_and_does_not_block_on_a_pipe() {
    let machine = Machine::with_connectors();
    machine.run(&["exec", "dev", "--env", "--", "true"]).ok();
    let litter = [
        format!("{}.tmp", "a1".repeat(32)),
        format!("{}.4711", "b1".repeat(32)),
        format!("{}.json", "c1".repeat(32)),
    ];
    for name in &litter {
        fs::write(cache(&machine, name), "{\"payload\": \"half a secret").unwrap();
    }
    let pipes = [
        format!("{}.json", "d1".repeat(32)),
        format!("{}.lock", "d1".repeat(32)),
    ];
    for name in &pipes {
        mkfifoat(CWD, cache(&machine, name), Mode::RUSR | Mode::WUSR).unwrap();
    }
    let status = machine.run(&["status", "--output", "json"]).ok().json();
    assert_eq!(status["entries"].as_array().unwrap().len(), 1, "{status}");
    machine.run(&["list"]).ok();
    assert_eq!(removed(&machine, &[]), 5);
    let left: Vec<_> = fs::read_dir(cache(&machine, ""))
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "swept")
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn clear_includes_entries_shared_with_a_connector_of_the_same_settings() {
    let machine = Machine::with_connectors();
    let text = machine.read(FILE);
    let role = text.split_once("[connectors.dev]").unwrap().1;
    let more = format!(
        "{text}\n[connectors.twin]{role}\n[connectors.far]{}",
        role.replace("role/dev", "role/ops")
    );
    machine.write(FILE, &more);
    let exec = |name| machine.run(&["exec", name, "--env", "--", "true"]).ok();
    exec("dev");
    exec("far");
    let before = machine.standin.calls().len();
    exec("twin");
    assert_eq!(machine.standin.calls().len(), before, "they share an entry");
    assert_eq!(removed(&machine, &["twin"]), 1);
    exec("twin");
    assert_eq!(machine.standin.calls().len(), before + 1);
    // Clearing `dev` finds the entry that `twin` obtained; `far` keeps its own.
    assert_eq!(removed(&machine, &["dev"]), 1);
    assert_eq!(removed(&machine, &[]), 1);
}
