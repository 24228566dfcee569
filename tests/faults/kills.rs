//! kill -9 at random moments: output is complete or empty, the next run works at once, and nothing is left behind.

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Client, Dice, House, Run, Started, size, until};

/// What the cache holds when the client starts.
fn prepare(house: &House, dice: &mut Dice) {
    let shelf = house.shelf();
    match dice.below(4) {
        0 => drop(fs::remove_dir_all(house.cache())),
        // A cached registry login is served without a session.
        _ if shelf.entries("session").is_empty() => {}
        1 => shelf
            .entries("session")
            .iter()
            .for_each(|path| fs::remove_file(path).unwrap()),
        2 => shelf.make_due(),
        _ => shelf.make_short(),
    }
}

/// A process that works on an entry, such as one that renews in the background.
fn child(house: &House) -> Option<Pid> {
    let names = house.shelf().names().into_iter();
    names
        .filter(|name| name.ends_with(".lock"))
        .find_map(|name| {
            let note = fs::read(house.cache().join(name)).ok()?;
            let note: serde_json::Value = serde_json::from_slice(&note).ok()?;
            let pid = note["holder"]["pid"].as_i64()?;
            let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
            let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
            command.contains("aws-connector").then_some(pid)
        })
}

#[test]
fn a_kill_at_any_moment_does_no_harm() {
    let house = House::new();
    let seed = size("FAULTS_SEED", 0x5eed_1234) as u64;
    let mut dice = Dice::new(seed);
    // The duration of a run without a kill, from which the moments are drawn.
    let mut longest = Run::of(&mut house.credential_process()).took;
    let mut cut_short = 0;
    for number in 0..size("FAULTS_KILLS", 60) {
        let told = || format!("kill {number} of seed {seed}");
        prepare(&house, &mut dice);
        let kind = Client::ALL[usize::try_from(dice.below(3)).unwrap()];
        let victim = Started::new(&mut house.client(kind));
        let span = u64::try_from(longest.as_micros()).unwrap() * 5 / 4;
        std::thread::sleep(Duration::from_micros(dice.below(span)));
        victim.kill(Signal::KILL);
        if dice.below(2) == 0
            && let Some(child) = child(&house)
        {
            let _ = kill_process(child, Signal::KILL);
        }
        let run = victim.wait();
        if run.status.code().is_none() {
            cut_short += 1;
        }
        assert!(
            run.stdout.is_empty() || kind.is_document(&run.stdout),
            "{}: {run:#?}",
            told()
        );
        let next = Run::of(&mut house.client(kind));
        assert!(
            next.status.success() && kind.is_document(&next.stdout),
            "{}: {next:#?}",
            told()
        );
        assert!(!next.stderr.contains("waiting"), "{}: {next:#?}", told());
        longest = longest.max(next.took.min(longest * 2));
    }
    assert!(cut_short > 0, "no process was killed in time");

    // Wait for a child that may still be working. Then a miss sweeps.
    until("no renewal is running", || child(&house).is_none());
    for path in house.shelf().entries("session") {
        fs::remove_file(path).unwrap();
    }
    Run::of(&mut house.credential_process()).quiet();
    assert_eq!(house.shelf().litter(), Vec::<String>::new(), "seed {seed}");
}

#[test]
fn leftovers_of_killed_processes_are_removed() {
    let house = House::new();
    Run::of(&mut house.credential_process()).quiet();
    let stem = "0123456789abcdef".repeat(4);
    for name in [
        // A writer killed before its first entry, one killed while renewing, a lock without an entry.
        format!("{stem}.tmp"),
        format!("{}.tmp", stem.replace('0', "f")),
        format!("{}.lock", stem.replace('0', "e")),
        // The clock's own.
        "clock.999999999".to_owned(),
    ] {
        house.write(&format!("cache/{name}"), "half");
    }
    let old = std::time::SystemTime::now() - Duration::from_secs(3600);
    let clock = house.cache().join("clock.999999999");
    let clock = fs::File::options().write(true).open(clock).unwrap();
    clock.set_modified(old).unwrap();
    fs::remove_file(house.shelf().entry("session")).unwrap();
    Run::of(&mut house.credential_process()).quiet();
    assert_eq!(house.shelf().litter(), Vec::<String>::new());
}
