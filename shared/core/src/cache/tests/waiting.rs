//! Waiting for another process.
use std::fs;
use std::time::Duration;

use super::super::*;
use super::support::*;
use crate::credential::RegistryLogin;
use crate::error::Kind;

#[test]
fn a_wait_that_times_out_mints_without_the_lock_and_caches_the_result() {
    let house = House::new();
    let _held = house.hold(&by_another(note::State::Minting));
    let minted = house.obtain(&mut house.turn(), Ok(fresh())).unwrap();
    assert_eq!(house.hit(want()), Some(minted));
    // The holder's note is unchanged.
    assert!(house.note().holder.is_some());
}

#[test]
fn a_valid_login_is_used_while_another_process_renews_it() {
    let house = House::new();
    let kept = house.put(-11 * 60, 5);
    let _held = house.hold(&by_another(note::State::Minting));
    assert_eq!(house.obtain(&mut house.turn(), Ok(fresh())), Ok(kept));
}

#[test]
fn a_command_without_a_terminal_does_not_wait_for_a_prompt() {
    let house = House::new();
    let _held = house.hold(&by_another(note::State::Prompting));
    let mut turn = house.turn();
    turn.patience = Duration::from_secs(10);
    let error = house.obtain(&mut turn, Ok(fresh())).unwrap_err();
    assert_eq!(error.kind, Kind::Interaction);
    assert!(
        error
            .to_string()
            .contains("pid 1 is waiting for an MFA code"),
        "{error}"
    );
}

#[test]
fn a_waiter_uses_what_the_holder_writes() {
    let house = House::new();
    let _held = house.hold(&by_another(note::State::Minting));
    let (cache, mut turn) = (house.cache(), house.turn());
    turn.patience = Duration::from_secs(10);
    let Look::Miss(miss) = cache.look::<RegistryLogin>(want(), &turn) else {
        panic!("a hit");
    };
    // The holder writes the entry between the lookup and the wait.
    let written = house.put(0, 12 * 60);
    let Ok(Acquired::Appeared(login)) = miss.acquire(&mut turn) else {
        panic!("nothing appeared");
    };
    assert_eq!(login, written);
}

#[test]
fn a_note_from_before_the_lock_was_taken_is_ignored() {
    let house = House::new();
    // The holder has not yet replaced the note of a process that died at its prompt.
    let _held = house.hold(&by_another(note::State::Prompting));
    let (cache, mut turn) = (house.cache(), house.turn());
    turn.patience = Duration::from_secs(10);
    let Look::Miss(miss) = cache.look::<RegistryLogin>(want(), &turn) else {
        panic!("a hit");
    };
    let written = house.put(0, 12 * 60);
    let Ok(Acquired::Appeared(login)) = miss.acquire(&mut turn) else {
        panic!("nothing appeared");
    };
    assert_eq!(login, written);
}

#[test]
fn a_valid_login_waits_for_a_holder_that_has_just_begun() {
    let house = House::new();
    house.put(-11 * 60, 5);
    let _held = house.hold(&by_another(note::State::Minting));
    let (cache, mut turn) = (house.cache(), house.turn());
    turn.patience = Duration::from_secs(10);
    let Look::Miss(miss) = cache.look::<RegistryLogin>(want(), &turn) else {
        panic!("a hit");
    };
    let written = house.put(0, 12 * 60);
    let Ok(Acquired::Appeared(login)) = miss.acquire(&mut turn) else {
        panic!("nothing appeared");
    };
    assert_eq!(login, written);
}

#[test]
fn a_wait_distinguishes_a_prompt_from_a_call_and_recreates_a_removed_folder() {
    let house = House::new();
    house.put(-11 * 60, 5);
    let (cache, turn) = (house.cache(), house.turn());
    let Look::Miss(miss) = cache.look::<RegistryLogin>(want(), &turn) else {
        panic!("a hit");
    };
    let wait = |patience| miss.wait(cache.folder.as_ref().unwrap(), patience, &turn);
    let held = house.hold(&by_another(note::State::Prompting));
    assert!(matches!(wait(Duration::ZERO), wait::Wait::Prompting(_)));
    drop(held);
    let held = house.hold(&by_another(note::State::Minting));
    assert!(matches!(wait(Duration::ZERO), wait::Wait::TimedOut(_)));
    drop(held);
    fs::remove_dir_all(house.folder.path()).unwrap();
    assert!(matches!(
        wait(Duration::from_secs(10)),
        wait::Wait::Locked(_)
    ));
}

#[test]
fn waiting_does_not_count_against_the_time_for_aws() {
    let house = House::new();
    let _held = house.hold(&by_another(note::State::Minting));
    let (cache, mut turn) = (house.cache(), house.turn());
    let patience = Duration::from_millis(60);
    turn.patience = patience;
    let deadline = turn.deadline;
    let Ok(Acquired::Lease(lease)) = acquire(&cache, want(), &mut turn) else {
        panic!("no lease");
    };
    assert_eq!(turn.patience, Duration::ZERO);
    assert!(turn.deadline >= deadline + patience);
    lease.settle(Ok(fresh()), &mut turn).unwrap();
    assert!(turn.deadline >= deadline + patience && turn.hard_deadline.is_none());
}
