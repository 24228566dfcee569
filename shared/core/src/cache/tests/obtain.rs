//! Obtaining a credential: caching it, and sharing it between processes.
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use chrono::{TimeDelta, Utc};

use super::super::*;
use super::support::*;
use crate::clock::{Origin, ServerDate};
use crate::credential::RegistryLogin;
use crate::error::Kind;

#[test]
fn a_minted_credential_is_cached_for_the_next_command() {
    let house = House::new();
    let minted = fresh();
    assert_eq!(house.hit(want()), None);
    assert_eq!(
        house.obtain(&mut house.turn(), Ok(minted.clone())),
        Ok(minted.clone())
    );
    assert_eq!(house.hit(want()), Some(minted));
    let mode = fs::metadata(house.file("json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(house.note().holder.is_none() && house.note().failure.is_none());
}

#[test]
fn a_sealed_entry_opens_only_as_a_sealed_one() {
    let house = House::new();
    let sealed = Want {
        keep: Keep::Sealed,
        ..want()
    };
    let cache = |byte| {
        let cache = house.cache();
        cache.sealer.set(Ok(seal::tests::sealer(byte))).unwrap();
        cache
    };
    let (cache, stranger) = (cache(1), cache(2));
    let mut turn = house.turn();
    let Ok(Acquired::Lease(lease)) = acquire(&cache, sealed, &mut turn) else {
        panic!("no lease");
    };
    let minted = login("p4ssword", Utc::now() + TimeDelta::hours(12));
    lease.settle(Ok(minted.clone()), &mut turn).unwrap();
    let Look::Hit::<RegistryLogin>(hit) = cache.look(sealed, &turn) else {
        panic!("a miss");
    };
    assert_eq!(hit.payload, minted);
    assert!(matches!(
        stranger.look::<RegistryLogin>(sealed, &turn),
        Look::Miss(_)
    ));
    assert_eq!(house.hit(want()), None);
    let bytes = fs::read(
        house
            .folder
            .path()
            .join(format!("{}.json", sealed.file_name())),
    );
    assert!(
        !String::from_utf8(bytes.unwrap())
            .unwrap()
            .contains("p4ssword")
    );
}

#[test]
fn a_cache_that_cannot_seal_stores_nothing() {
    let house = House::new();
    let sealed = Want {
        keep: Keep::Sealed,
        ..want()
    };
    let cache = house.cache();
    cache.sealer.set(Err("no keyring".into())).unwrap();
    let mut turn = house.turn();
    let Ok(Acquired::Lease(lease)) = acquire(&cache, sealed, &mut turn) else {
        panic!("no lease");
    };
    lease.settle(Ok(fresh()), &mut turn).unwrap();
    assert_eq!(fs::read_dir(house.folder.path()).unwrap().count(), 0);
}

#[test]
fn a_failure_is_shared_with_those_who_called_before_it() {
    let house = House::new();
    let (mut before, mut turn) = (house.turn(), house.turn());
    let denied = error(Kind::Denied);
    assert_eq!(
        house.obtain(&mut turn, Err(denied.clone())),
        Err(denied.clone())
    );
    assert_eq!(house.obtain(&mut before, Ok(fresh())), Err(denied));
    assert!(house.obtain(&mut house.turn(), Ok(fresh())).is_ok());
}

#[test]
fn only_failures_that_others_would_meet_too_are_shared() {
    for (kind, has_prompted, shared) in [
        (Kind::Denied, false, true),
        (Kind::Unavailable, false, true),
        (Kind::NoCredentials, false, true),
        (Kind::Interaction, false, false),
        (Kind::Interaction, true, true),
        (Kind::Usage, false, false),
        (Kind::Profile, false, false),
        (Kind::Refused, false, false),
        (Kind::Local, false, false),
    ] {
        let house = House::new();
        let mut turn = house.turn();
        turn.has_prompted = has_prompted;
        house.obtain(&mut turn, Err(error(kind))).unwrap_err();
        assert_eq!(house.note().failure.is_some(), shared, "{kind:?}");
    }
}

#[test]
fn a_failed_renewal_yields_the_valid_login_and_pauses_the_next() {
    let house = House::new();
    let kept = house.put(-11 * 60, 5);
    let unavailable = || Err(error(Kind::Unavailable));
    assert_eq!(
        house.obtain(&mut house.turn(), unavailable()),
        Ok(kept.clone())
    );
    // Not retried immediately, unless the user forces it.
    assert_eq!(house.obtain(&mut house.turn(), Ok(fresh())), Ok(kept));
    let minted = house.obtain(&mut house.forced(), Ok(fresh())).unwrap();
    assert_eq!(minted.password.expose(), "fresh");
}

#[test]
fn a_forced_refresh_or_an_expired_login_has_no_fallback() {
    let house = House::new();
    for (expires, mut turn) in [(5, house.forced()), (-1, house.turn())] {
        house.put(-11 * 60, expires);
        let denied = Err(error(Kind::Denied));
        assert_eq!(house.obtain(&mut turn, denied.clone()), denied);
    }
}

#[test]
fn a_forced_refresh_uses_an_entry_newer_than_the_call() {
    let house = House::new();
    let mut before = house.forced();
    let mut minting = house.forced();
    house.put(-60, 11 * 60);
    let minted = house.obtain(&mut minting, Ok(fresh())).unwrap();
    let cache = house.cache();
    let Look::Hit::<RegistryLogin>(hit) = cache.look(want(), &before) else {
        panic!("a miss");
    };
    assert_eq!(hit.payload, minted);
    before.force = false;
    assert!(matches!(
        cache.look::<RegistryLogin>(want(), &before),
        Look::Hit(_)
    ));
    assert!(matches!(
        cache.look::<RegistryLogin>(want(), &house.forced()),
        Look::Miss(_)
    ));
    // A forced refresh does not apply to source sessions.
    let source = Want {
        need: Need::Intermediate,
        ..want()
    };
    assert!(matches!(
        cache.look::<RegistryLogin>(source, &house.forced()),
        Look::Hit(_)
    ));
}

#[test]
fn a_renewal_of_a_valid_login_is_in_a_hurry_until_it_is_settled() {
    let house = House::new();
    house.put(-11 * 60, 5);
    let (cache, mut turn) = (house.cache(), house.turn());
    let deadline = turn.deadline;
    let began = Instant::now();
    let Ok(Acquired::Lease(lease)) = acquire(&cache, want(), &mut turn) else {
        panic!("no lease");
    };
    let hard_deadline = turn.hard_deadline.unwrap();
    assert!(hard_deadline >= began + wait::PATIENCE_WITH_VALID && hard_deadline < deadline);
    assert!(turn.deadline <= hard_deadline);
    assert_eq!(turn.held.len(), 1);
    lease.settle(Ok(fresh()), &mut turn).unwrap();
    assert_eq!(
        (turn.deadline, turn.hard_deadline, turn.held.len()),
        (deadline, None, 0)
    );
}

#[test]
fn a_login_that_expires_meanwhile_is_not_a_fallback() {
    let house = House::new();
    house.put(-11 * 60, 5);
    let (cache, mut turn) = (house.cache(), house.turn());
    let Ok(Acquired::Lease(lease)) = acquire(&cache, want(), &mut turn) else {
        panic!("no lease");
    };
    let now = Utc::now();
    let date = ServerDate {
        said: now + TimeDelta::minutes(10),
        heard_at: now,
        origin: Origin::Aws,
    };
    assert!(house.clock.learn(date, false));
    let denied = Err(error(Kind::Denied));
    assert_eq!(lease.settle(denied.clone(), &mut turn), denied);
}

#[test]
fn an_unwritable_entry_is_not_a_failure_for_waiting_processes() {
    let house = House::new();
    fs::create_dir_all(house.file("json").join("in the way")).unwrap();
    house.obtain(&mut house.turn(), Ok(fresh())).unwrap();
    assert!(house.note().failure.is_none());
}

#[test]
fn cached_entries_are_listed_and_cleared() {
    let house = House::new();
    let kept = house.put(0, 12 * 60);
    let cache = house.cache();
    assert_eq!(cache.folder(), Some(house.folder.path()));
    let listed = cache.list();
    let expiries: Vec<_> = listed.iter().map(|entry| entry.expires_at).collect();
    assert_eq!(expiries, [kept.expires_at]);
    assert_eq!(cache.clear(|key| key == "another"), Cleared::default());
    assert_eq!(cache.clear(|_| true).removed, 1);
    assert_eq!(house.hit(want()), None);
}
