//! Waits for locks: announced, bounded, and never for a dead process.

use std::time::Duration;

use aws_standin::FaultKind;
use rustix::process::Signal;

use crate::support::{Client, House, Run, Started, until};

/// Well above three seconds, well below the budget of twenty.
const SOON: Duration = Duration::from_secs(15);

#[test]
fn a_waiting_process_names_the_lock_holder_and_continues_when_it_is_killed() {
    let house = House::new();
    house.fault("sts", FaultKind::Hang);
    let mut holder = Started::new(&mut house.credential_process());
    until("the holder asks AWS", || !house.shelf().names().is_empty());
    let waiter = Started::new(&mut house.client(Client::EksToken));
    let who = format!("waiting for pid {} (credential-process on ", holder.pid());
    until("the wait is announced", || waiter.stderr().contains(&who));
    house.aws.clear_faults();
    holder.kill(Signal::KILL);
    holder.child.wait().unwrap();
    let run = waiter.wait();
    assert!(Client::EksToken.is_document(&run.stdout), "{run:#?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
}

#[test]
fn after_lock_timeout_a_process_calls_aws_itself() {
    let house = House::with("lock_timeout = \"1s\"");
    let first = Run::of(&mut house.credential_process()).key();
    let _held = house.shelf().hold();
    std::fs::remove_file(house.shelf().entry("session")).unwrap();
    let run = Run::of(&mut house.credential_process());
    assert_ne!(run.key(), first);
    assert!(
        run.warning()
            .contains("timed out waiting for another process after "),
        "{run:#?}"
    );
    assert_eq!(house.sts_calls(), 2);
}

#[test]
fn with_a_valid_session_no_process_waits_for_a_renewal_that_hangs() {
    let house = House::new();
    let first = Run::of(&mut house.credential_process()).key();
    house.shelf().make_short();
    house.fault("sts", FaultKind::Hang);
    let run = Run::of(&mut house.credential_process());
    assert!(run.took < SOON && run.key() == first, "{run:#?}");
    assert!(
        run.warning().contains("using the cached credentials"),
        "{run:#?}"
    );
    // The renewal is not retried for a while.
    let calls = house.sts_calls();
    let run = Run::of(&mut house.credential_process());
    assert!(run.key() == first && run.took < SOON);
    run.warning();
    assert_eq!(house.sts_calls(), calls);
}

#[test]
fn with_a_valid_session_a_process_waits_briefly_for_a_lock_and_does_not_call_aws() {
    let house = House::new();
    let first = Run::of(&mut house.credential_process()).key();
    house.shelf().make_short();
    let _held = house.shelf().hold();
    let run = Run::of(&mut house.credential_process());
    assert!(run.took < SOON && run.key() == first, "{run:#?}");
    assert!(
        run.stderr.contains("using the cached credentials"),
        "{run:#?}"
    );
    assert_eq!(house.sts_calls(), 1);
}

#[test]
fn with_a_valid_login_a_process_waits_briefly_for_the_session_behind_it() {
    let house = House::new();
    let first = Run::of(&mut house.client(Client::Docker)).quiet().stdout;
    house.shelf().age("registry-login", 600);
    let _held = house.shelf().hold();
    std::fs::remove_file(house.shelf().entry("session")).unwrap();
    let run = Run::of(&mut house.client(Client::Docker));
    assert!(run.took < SOON && run.stdout == first, "{run:#?}");
}

#[test]
fn a_session_that_expires_while_its_renewal_hangs_is_not_served() {
    let house = House::new();
    Run::of(&mut house.credential_process()).quiet();
    house.shelf().age("session", 2);
    house.fault("sts", FaultKind::Hang);
    let run = Run::of(&mut house.credential_process());
    assert!(run.failure().contains("connector 'dev': "), "{run:#?}");
}

#[test]
fn three_slow_hops_share_one_budget() {
    let house = House::new();
    let role = |name: &str, source: &str, role: &str| {
        format!(
            "\n[connectors.{name}]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n\
             source_connector = \"{source}\"\nrole_arn = \"arn:aws:iam::123456789012:role/{role}\"\ndown_scope = false\n",
            house.aws.url()
        )
    };
    house.write_connectors(
        &[
            house.base(),
            role("first", "base", "ops"),
            role("second", "first", "long"),
            role("dev", "second", "dev"),
        ]
        .concat(),
    );
    // Each call alone would be fast enough.
    house.slow_sts(7);
    let run = Run::of(&mut house.credential_process());
    assert!(run.failure().contains("connector 'dev': "), "{run:#?}");
    assert!(house.shelf().entries("session").len() < 3);
}

#[test]
fn with_a_valid_session_no_process_waits_for_a_holder_past_its_time_limit() {
    let house = House::new();
    let first = Run::of(&mut house.credential_process()).key();
    house.shelf().make_short();
    let _held = house.shelf().hold();
    let since = chrono::Utc::now() - chrono::TimeDelta::seconds(5);
    let note = serde_json::json!({"holder": {
        "pid": 4_000_000, "host": "here", "client": "docker", "since": since.to_rfc3339(), "state": "minting",
    }});
    std::fs::write(house.shelf().lock(), note.to_string()).unwrap();
    let run = Run::of(&mut house.credential_process());
    assert_eq!(run.key(), first);
    // A wait of two seconds would have been announced.
    assert!(
        run.warning().contains("pid 4000000 (docker on here)"),
        "{run:#?}"
    );
}

#[test]
fn a_session_obtained_after_lock_timeout_is_cached() {
    let house = House::with("lock_timeout = \"1s\"");
    Run::of(&mut house.credential_process()).quiet();
    let _held = house.shelf().hold();
    std::fs::remove_file(house.shelf().entry("session")).unwrap();
    let key = Run::of(&mut house.credential_process()).key();
    assert_eq!(Run::of(&mut house.credential_process()).quiet().key(), key);
    assert_eq!(house.sts_calls(), 2);
    assert_eq!(house.shelf().litter(), Vec::<String>::new());
}

#[test]
fn lock_timeout_covers_all_locks_of_a_command() {
    let house = House::with("lock_timeout = \"4s\"");
    Run::of(&mut house.client(Client::Docker)).quiet();
    let login = house.shelf().entry("registry-login");
    let _session = house.shelf().hold();
    let _login = crate::support::hold(&login.with_extension("lock"));
    std::fs::remove_file(house.shelf().entry("session")).unwrap();
    std::fs::remove_file(&login).unwrap();
    let run = Run::of(&mut house.client(Client::Docker));
    let waits: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.contains("timed out waiting"))
        .collect();
    assert!(run.status.success(), "{run:#?}");
    let waits: [&str; 2] = waits.try_into().unwrap();
    let seconds = waits.map(|line| {
        let (_, rest) = line.split_once(" after ").unwrap();
        rest.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    assert!(seconds[0] >= 4 && seconds[1] < 4, "{run:#?}");
}

#[test]
fn a_failure_recorded_by_a_fast_clock_does_not_delay_retries() {
    let house = House::new();
    Run::of(&mut house.credential_process()).quiet();
    std::fs::remove_file(house.shelf().entry("session")).unwrap();
    house.fault("sts", FaultKind::AccessDenied);
    let lock = house
        .shelf()
        .names()
        .into_iter()
        .find(|name| name.ends_with(".lock"))
        .unwrap();
    let lock = house.cache().join(lock);
    Run::of(&mut house.credential_process()).failure();
    let mut note: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&lock).unwrap()).unwrap();
    note["failure"]["ended"] = (chrono::Utc::now() + chrono::TimeDelta::days(2))
        .to_rfc3339()
        .into();
    std::fs::write(&lock, note.to_string()).unwrap();
    house.aws.clear_faults();
    Run::of(&mut house.credential_process()).quiet();
}
