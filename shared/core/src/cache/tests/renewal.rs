//! Background refreshes: claimed, handed over, settled.
use std::fs;
use std::io::Seek as _;
use std::time::{Duration, Instant, SystemTime};

use super::super::*;
use super::support::*;
use crate::credential::RegistryLogin;
use crate::error::{Kind, Result};

#[test]
fn a_due_entry_is_claimed_by_one_process_only() {
    let house = House::new();
    let (cache, turn) = (house.cache(), house.turn());
    let claim = |turn: &Turn<'_>| cache.claim::<RegistryLogin>(&want(), turn);
    let let_time_pass = || {
        let lock = fs::File::open(house.file("lock")).unwrap();
        lock.set_modified(SystemTime::now() - Duration::from_secs(31))
            .unwrap();
    };
    drop(house.hold(&note::Note::default()));
    let_time_pass();
    house.put(0, 12 * 60);
    assert!(
        claim(&turn).is_none(),
        "another process has just renewed it"
    );
    house.put(-11 * 60, 60);
    let due = |turn: &Turn<'_>| match cache.look::<RegistryLogin>(want(), turn) {
        Look::Hit(hit) => hit.is_due,
        Look::Miss(_) => panic!("a miss"),
    };
    assert!(due(&turn));
    let renewal = claim(&turn).unwrap();
    assert_eq!(renewal.entry, want().file_name());
    assert!(
        house
            .cache()
            .claim::<RegistryLogin>(&want(), &turn)
            .is_none(),
        "it is locked"
    );
    // The refreshing process dies: the recorded attempt alone delays the next one.
    drop(renewal);
    assert!(claim(&turn).is_none());
    assert!(claim(&house.forced()).is_some());
    let_time_pass();
    assert!(claim(&turn).is_some());
    house.put(0, 12 * 60);
    assert!(!due(&turn));
}

#[test]
fn a_renewal_replaces_the_entry_or_records_why_not() {
    let house = House::new();
    house.put(-11 * 60, 60);
    let settle = |minted: Result<RegistryLogin>| {
        let cache = house.cache();
        let mut turn = house.forced();
        let renewal = cache.claim::<RegistryLogin>(&want(), &turn).unwrap();
        let lease = cache
            .adopt::<RegistryLogin>(want(), renewal.lock, &mut turn)
            .unwrap();
        assert!(turn.in_background && turn.deadline > Instant::now());
        assert_eq!(house.note().holder.unwrap().state, note::State::Minting);
        drop(lease.settle(minted, &mut turn));
    };
    // A failure of this process alone: others do not fail with it, but do not retry immediately.
    settle(Err(error(Kind::Local)));
    assert!(house.note().failure.unwrap().own);
    let turn = house.turn();
    assert!(
        house
            .cache()
            .claim::<RegistryLogin>(&want(), &turn)
            .is_none()
    );
    settle(Err(error(Kind::Denied)));
    assert!(!house.note().failure.unwrap().own);
    settle(Ok(fresh()));
    assert_eq!(house.hit(want()).unwrap().password.expose(), "fresh");
    assert!(house.note().failure.is_none());
}

#[test]
fn only_the_locked_file_of_the_entry_is_adopted() {
    let house = House::new();
    let (cache, mut turn) = (house.cache(), house.turn());
    let mut adopt = |file: fs::File| {
        cache
            .adopt::<RegistryLogin>(want(), file, &mut turn)
            .is_ok()
    };
    assert!(!adopt(tempfile::tempfile().unwrap()));
    let held = house.hold(&note::Note::default());
    let other = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(house.file("lock"));
    assert!(!adopt(other.unwrap()), "another process holds it");
    let mut file = held.into_file();
    file.rewind().unwrap();
    assert!(adopt(file));
}

#[test]
fn the_lock_file_says_what_its_holder_is_doing() {
    let house = House::new();
    let (cache, mut turn) = (house.cache(), house.turn());
    let Ok(Acquired::Lease(_lease)) = acquire(&cache, want(), &mut turn) else {
        panic!("no lease");
    };
    let said = || house.note().holder.unwrap();
    assert_eq!(
        (said().pid, said().client.as_str()),
        (std::process::id(), "docker")
    );
    assert_eq!(said().state, note::State::Minting);
    turn.held.iter().for_each(|held| held.prompting());
    assert_eq!(said().state, note::State::Prompting);
    turn.held.iter().for_each(|held| held.minting());
    assert_eq!(said().state, note::State::Minting);
}

#[test]
fn a_renewal_that_cannot_be_written_is_not_tried_again_at_once() {
    let house = House::new();
    fs::create_dir_all(house.file("json").join("in the way")).unwrap();
    let (cache, mut turn) = (house.cache(), house.forced());
    let renewal = cache.claim::<RegistryLogin>(&want(), &turn).unwrap();
    let lease = cache.adopt(want(), renewal.lock, &mut turn).unwrap();
    lease.settle(Ok(fresh()), &mut turn).unwrap();
    assert!(house.note().failure.unwrap().own);
}
