//! How long entries are served: until their margin, then with a warning if they cannot be renewed, and never once
//! expired.

use aws_standin::{Fault, FaultKind, Standin};
use chrono::TimeDelta;

use crate::support::{Answer, BASE, REGISTRY, Run, SHARED, Token, World};

fn world() -> World {
    World::new(&["default_connector = \"dev\"\n", BASE, SHARED])
}

/// Turns background renewal off, so that no other process changes the entry.
fn calm(run: Run) -> Answer {
    run.env("AWS_CONNECTOR_REFRESH_AHEAD", "off").answer()
}

fn deny(world: &World) {
    world.standin.fault(Fault {
        service: "sts".to_owned(),
        action: "*".to_owned(),
        kind: FaultKind::AccessDenied,
        times: None,
    });
}

#[test]
fn a_session_is_served_until_15_minutes_are_left() {
    let world = world();
    let first = world.session("dev");
    let entry = world.entry("session");
    entry.age(TimeDelta::seconds(44 * 60));
    let served = calm(world.credential_process(&[])).ok().session();
    assert_eq!(served.id, first.id);
    assert_eq!(world.sts(), 1);
    entry.age(TimeDelta::seconds(61));
    let renewed = calm(world.credential_process(&[])).ok().session();
    assert_ne!(renewed.id, first.id);
    assert_eq!(world.sts(), 2);
}

#[test]
fn a_short_session_is_served_until_a_quarter_of_it_is_left() {
    let world = world();
    world.standin.set_max_session_seconds(Some(900));
    let first = world.session("dev");
    let entry = world.entry("session");
    entry.age(TimeDelta::seconds(660));
    assert_eq!(
        calm(world.credential_process(&[])).ok().session().id,
        first.id
    );
    entry.age(TimeDelta::seconds(20));
    assert_ne!(
        calm(world.credential_process(&[])).ok().session().id,
        first.id
    );
    assert_eq!(world.sts(), 2);
}

#[test]
fn within_the_margin_a_valid_session_is_served_if_it_cannot_be_renewed() {
    let world = world();
    let first = world.session("dev");
    world.entry("session").age(TimeDelta::minutes(50));
    deny(&world);
    let answer = calm(world.credential_process(&[]));
    assert_eq!(answer.session().id, first.id);
    assert!(
        answer
            .stderr
            .starts_with("aws-connector: warning: connector 'dev': sts:AssumeRole"),
        "{answer:?}"
    );
    assert!(
        answer
            .stderr
            .contains("using the cached credentials, valid for another"),
        "{answer:?}"
    );
    assert_eq!(answer.stderr.lines().count(), 1);
    let asked = world.sts();
    // No program retries the failed renewal at once.
    let plugin = calm(world.eks_token(&["--cluster", "prod"]));
    let token = Token::of(&plugin, "aws");
    assert_eq!(token.access_key_id(), first.id);
    assert_eq!(world.sts(), asked);
}

#[test]
fn an_expired_entry_is_never_served() {
    let world = world();
    for run in world.all_three("dev") {
        run.answer().ok();
    }
    for entry in world.entries() {
        entry.age(TimeDelta::minutes(61));
    }
    deny(&world);
    let [process, docker, plugin] = world.all_three("dev").map(calm);
    assert!(process.failure().contains("AccessDenied"), "{process:?}");
    assert!(
        docker.docker_failure().contains("AccessDenied"),
        "{docker:?}"
    );
    assert!(plugin.failure().contains("AccessDenied"), "{plugin:?}");
    assert_eq!(world.docker("list", "").answer().ok().stdout, "{}\n");
    world.standin.clear_faults();
    let answers = world.all_three("dev").map(|run| calm(run).ok());
    assert!(answers[0].session().expires.unwrap() > chrono::Utc::now() + TimeDelta::minutes(58));
}

#[test]
fn an_entry_in_its_last_seconds_is_not_served() {
    let world = world();
    let first = world.session("dev");
    world.entry("session").age(TimeDelta::seconds(3599));
    std::thread::sleep(std::time::Duration::from_millis(1200));
    deny(&world);
    calm(world.credential_process(&[])).failure();
    world.standin.clear_faults();
    assert_ne!(
        calm(world.credential_process(&[])).ok().session().id,
        first.id
    );
}

#[test]
fn a_login_expires_no_later_than_its_session() {
    let world = world();
    world.docker("get", REGISTRY).answer().ok().password();
    let (session, login) = (world.entry("session"), world.entry("registry-login"));
    assert_eq!(login.time("/expires_at"), session.time("/expires_at"));
    // If ECR's expiry is earlier, it applies.
    world.standin.set_ecr_seconds(Some(1200));
    let run = world
        .docker("get", REGISTRY)
        .env("AWS_CONNECTOR_REFRESH", "1");
    run.answer().ok().password();
    let login = world.entry("registry-login");
    let left = login.time("/expires_at") - chrono::Utc::now();
    assert!(
        left <= TimeDelta::seconds(1201) && left > TimeDelta::seconds(1100),
        "{left}"
    );
}

#[test]
fn a_login_is_renewed_with_a_new_session() {
    let world = world();
    let first = world.docker("get", REGISTRY).answer().ok().password();
    for entry in world.entries() {
        entry.age(TimeDelta::minutes(50));
    }
    let second = calm(world.docker("get", REGISTRY)).ok().password();
    assert_ne!(second, first);
    assert_eq!((world.sts(), world.ecr()), (2, 2));
    let login = world.entry("registry-login");
    assert!(login.time("/expires_at") > chrono::Utc::now() + TimeDelta::minutes(58));
}

#[test]
fn a_session_revoked_early_is_renewed_once_for_a_registry() {
    for end in [Standin::expire, Standin::remove_key] {
        let world = world();
        let session = world.session("dev");
        end(&world.standin, &session.id);
        world.docker("get", REGISTRY).answer().ok().password();
        assert_eq!((world.sts(), world.ecr()), (2, 2));
        // The new session serves all programs from now on.
        assert_ne!(world.session("dev").id, session.id);
        assert_eq!(world.sts(), 2);
    }
}

#[test]
fn a_session_that_aws_never_accepts_is_renewed_only_once() {
    let world = world();
    world.standin.fault(Fault {
        service: "ecr".to_owned(),
        action: "*".to_owned(),
        kind: FaultKind::ExpiredToken,
        times: None,
    });
    let answer = world.docker("get", REGISTRY).answer();
    assert!(
        answer.docker_failure().contains("ExpiredToken"),
        "{answer:?}"
    );
    // This command has just obtained the session, so obtaining another would not help.
    assert_eq!((world.sts(), world.ecr()), (1, 1));
    world.docker("get", REGISTRY).answer().docker_failure();
    assert_eq!((world.sts(), world.ecr()), (2, 3));
}
