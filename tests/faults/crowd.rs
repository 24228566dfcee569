//! Hundreds of processes of all three kinds with an empty cache.

use aws_standin::FaultKind;

use crate::support::{Client, House, Started, size, until};

/// Starts all processes before it waits for the first.
fn crowd(house: &House) -> Vec<(Client, Started)> {
    let kinds = Client::ALL.into_iter().cycle();
    kinds
        .take(size("FAULTS_PROCESSES", 500))
        .map(|kind| (kind, Started::new(&mut house.client(kind))))
        .collect()
}

fn all_are_served_by_one_call(house: &House) {
    for (kind, started) in crowd(house) {
        let run = started.wait();
        assert!(
            run.status.success() && kind.is_document(&run.stdout),
            "{kind:?}: {run:#?}"
        );
    }
    assert_eq!(house.sts_calls(), 1);
    assert_eq!(house.aws.count("ecr", "GetAuthorizationToken"), 1);
    assert_eq!(house.shelf().litter(), Vec::<String>::new());
}

#[test]
fn many_processes_with_an_empty_cache_make_one_call_to_sts_and_one_to_ecr() {
    all_are_served_by_one_call(&House::new());
}

#[test]
fn many_processes_wait_for_one_call_to_a_slow_sts() {
    let house = House::with("lock_timeout = \"10m\"");
    house.slow_sts(3);
    all_are_served_by_one_call(&house);
}

/// The test holds the lock, so that all processes wait together, however long it takes to start them.
#[test]
fn a_denial_is_shared_by_all_waiting_processes() {
    let house = House::with("lock_timeout = \"10m\"");
    house.credential_process().status().unwrap();
    let gate = house.shelf().hold();
    std::fs::remove_file(house.shelf().entry("session")).unwrap();
    house.aws.clear_calls();
    house.fault("sts", FaultKind::AccessDenied);

    let crowd = crowd(&house);
    for (_, started) in &crowd {
        until("all processes wait", || {
            started.stderr().contains("waiting for")
        });
    }
    drop(gate);
    for (kind, started) in crowd {
        let run = started.wait();
        assert_eq!(run.status.code(), Some(1), "{run:#?}");
        let said = if kind == Client::Docker {
            &run.stdout
        } else {
            &run.stderr
        };
        assert!(
            said.contains("connector 'dev': ") && said.contains("AccessDenied"),
            "{run:#?}"
        );
    }
    assert_eq!(house.sts_calls(), 1);

    // Later processes do not share the failure.
    house.aws.clear_faults();
    house.credential_process().status().unwrap();
    assert_eq!(house.sts_calls(), 2);
}

#[test]
fn a_cache_folder_removed_during_a_wait_is_recreated_by_one_process() {
    let house = House::with("lock_timeout = \"10m\"");
    house.credential_process().status().unwrap();
    let gate = house.shelf().hold();
    std::fs::remove_file(house.shelf().entry("session")).unwrap();
    house.aws.clear_calls();
    house.slow_sts(1);
    let waiting: Vec<Started> = (0..12)
        .map(|_| Started::new(&mut house.credential_process()))
        .collect();
    for started in &waiting {
        until("all processes wait", || {
            started.stderr().contains("waiting for")
        });
    }
    // By renaming it, because waiting processes keep opening files in it.
    std::fs::rename(house.cache(), house.path("removed")).unwrap();
    drop(gate);
    let keys: std::collections::BTreeSet<String> = waiting
        .into_iter()
        .map(|started| started.wait().key())
        .collect();
    assert_eq!((keys.len(), house.sts_calls()), (1, 1));
}
