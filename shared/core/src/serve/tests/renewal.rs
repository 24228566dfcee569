//! Cache hits, and background refreshes.
use chrono::Utc;

use super::super::*;
use super::support::*;
use crate::cache::Renewal;
use crate::error::Error;

/// Nothing in these tests is due yet.
fn not_due(_: Renewal) {
    panic!("nothing is due");
}

fn sign(_: &crate::plan::TokenPlan, _: &Session, _: chrono::DateTime<Utc>) -> Result<ClusterToken> {
    Err(Error::local("no test requests a cluster token"))
}

#[test]
fn a_cached_session_or_login_is_at_hand() {
    for wants in [session(), registry_login()] {
        let (home, aws) = (Home::new(ROLE), Granting::default());
        let request = request(wants.clone());
        let at_hand = || at_hand(&request, &home.env(), Utc::now(), sign, &not_due).unwrap();
        assert!(at_hand().is_none(), "{wants:?}");
        home.serve(wants.clone(), &aws).unwrap();
        assert!(at_hand().is_some(), "{wants:?}");
    }
}

#[test]
fn a_renewal_is_of_the_entry_whose_lock_was_handed_over() {
    let (home, aws) = (Home::new(ROLE), Granting::default());
    let (request, env) = (request(registry_login()), home.env());
    let errand = Errand::load(&request, &env).unwrap();
    let clock = errand.clock();
    let mut turn = errand.turn(&clock, Utc::now());
    // A new lock file counts as a recent attempt, which only a forced refresh ignores.
    turn.force = true;
    let want = errand
        .session_want(&errand.plan().session, Need::HandOut)
        .unwrap();
    home.serve(registry_login(), &aws).unwrap();
    // Only an entry that is due or missing can be claimed.
    errand.cache().clear(|_| true);
    let renewal = errand.cache().claim::<Session>(&want, &turn).unwrap();
    renew(&request, &env, &aws, renewal).unwrap();
    assert_eq!(aws.asked().0, 2);
    assert!(matches!(
        errand.cache().look::<Session>(want, &turn),
        Look::Hit(_)
    ));
    let foreign = Renewal {
        lock: tempfile::tempfile().unwrap(),
        entry: "0".repeat(64),
    };
    let error = renew(&request, &env, &aws, foreign)
        .unwrap_err()
        .to_string();
    assert!(error.contains("not part of this request"), "{error}");
}
