//! A hit makes no call, a miss makes one, and a damaged entry is a miss that is replaced.

use std::time::{Duration, Instant};

use aws_standin::{Fault, FaultKind};
use serde_json::json;

use crate::support::{BASE, REGISTRY, ROLE, SHARED, Token, World};

fn world() -> World {
    World::new(&["default_connector = \"dev\"\n", BASE, SHARED])
}

#[test]
fn a_hit_makes_no_call() {
    let world = world();
    let first = world.all_three("dev").map(|run| run.answer().ok());
    assert_eq!((world.sts(), world.ecr(), world.calls()), (1, 1, 2));
    // From here on AWS is unreachable.
    world.standin.fault(Fault {
        service: "*".to_owned(),
        action: "*".to_owned(),
        kind: FaultKind::Drop,
        times: None,
    });
    for _ in 0..3 {
        let again = world.all_three("dev").map(|run| run.answer().ok());
        assert_eq!(again[0], first[0]);
        assert_eq!(again[1], first[1]);
        let token = Token::of(&again[2], "aws");
        assert_eq!(token.access_key_id(), first[0].session().id);
    }
    assert_eq!(world.calls(), 2);
}

#[test]
fn a_hit_does_not_wait_for_a_lock() {
    let world = world();
    let first = world.session("dev");
    let _held = world.entry("session").hold();
    let began = Instant::now();
    assert_eq!(world.session("dev"), first);
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn one_session_serves_all_three_programs() {
    let world = world();
    let [process, docker, plugin] = world.all_three("dev").map(|run| run.answer().ok());
    let session = process.session();
    docker.password();
    assert_eq!(Token::of(&plugin, "aws").access_key_id(), session.id);
    assert_eq!(
        world.only_call("GetAuthorizationToken").access_key_id,
        Some(session.id)
    );
    assert_eq!(world.standin.count("sts", "AssumeRole"), 1);
}

#[test]
fn each_scope_has_its_own_down_scoped_session() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    for _ in 0..2 {
        for run in world.all_three("dev") {
            run.answer().ok();
        }
        for id in ["data", "logs"] {
            let args = ["--resource-type", "s3-bucket", "--resource-id", id];
            world.credential_process(&args).answer().ok().session();
        }
        // Another cluster is the same scope: the session can only call GetCallerIdentity.
        world.eks_token(&["--cluster", "stage"]).answer().ok();
        world
            .docker("get", &REGISTRY.replace("123456789012", "210987654321"))
            .answer()
            .ok();
    }
    assert_eq!((world.sts(), world.ecr()), (5, 1));
}

#[test]
fn a_damaged_entry_is_a_miss_and_is_replaced() {
    let world = world();
    let first = world.session("dev");
    let entry = world.entry("session");
    let whole = entry.bytes();
    let mut damaged: Vec<Vec<u8>> = [
        0,
        1,
        2,
        10,
        64,
        whole.len() / 3,
        whole.len() / 2,
        whole.len() - 2,
        whole.len() - 1,
    ]
    .iter()
    .map(|length| whole[..*length].to_vec())
    .collect();
    damaged.push(b"garbage".to_vec());
    damaged.push(b"{}".to_vec());
    damaged.push(b"null\n".to_vec());
    damaged.push(vec![0; whole.len()]);
    damaged.push(vec![0xff; 100]);
    damaged.push([&whole[..], b"}"].concat());
    damaged.push([&whole[..], &whole[..]].concat());
    damaged.push(vec![b' '; 300 * 1024]);
    let mut seen = vec![first];
    for bytes in damaged {
        entry.write(&bytes);
        world.standin.clear_calls();
        let session = world.session("dev");
        let what = String::from_utf8_lossy(&bytes[..bytes.len().min(20)]).into_owned();
        assert!(!seen.contains(&session), "{} bytes {what:?}", bytes.len());
        assert_eq!(world.sts(), 1, "{} bytes {what:?}", bytes.len());
        assert_eq!(
            world.session("dev"),
            session,
            "{} bytes {what:?}: it did not heal",
            bytes.len()
        );
        assert_eq!(world.sts(), 1);
        seen.push(session);
    }
}

#[test]
fn a_damaged_registry_login_is_a_miss_and_is_replaced() {
    let world = world();
    let get = || world.docker("get", REGISTRY).answer().ok().password();
    let mut last = get();
    let entry = world.entry("registry-login");
    let whole = entry.bytes();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        entry.write(&whole[..length]);
        let next = get();
        assert_ne!(next, last);
        assert_eq!(get(), next);
        last = next;
    }
    assert_eq!((world.sts(), world.ecr()), (1, 5));
}

#[test]
fn a_foreign_entry_is_a_miss() {
    let world = World::new(&[BASE, SHARED, crate::support::OTHER]);
    let ours = world.session("dev");
    let entry = world.entry("session");
    let theirs = world.session("ops");
    let mut others = world.entries();
    others.retain(|other| other.path != entry.path);
    // An entry stored under another key's name must not be served.
    entry.write(&others[0].bytes());
    let session = world.session("dev");
    assert_ne!(session, theirs);
    assert_ne!(session, ours);
    for (pointer, value) in [
        ("/schema", json!(0)),
        ("/schema", json!(2)),
        ("/schema", json!("1")),
        ("/kind", json!("registry-login")),
        ("/key", json!("00".repeat(32))),
        ("/expires_at", json!("2199-01-01T00:00:00Z")),
        ("/obtained_at", json!("2199-01-01T00:00:00Z")),
        ("/payload/session_token", json!(null)),
        ("/payload", json!({})),
    ] {
        let before = world.session("dev");
        entry.set(pointer, value.clone());
        let after = world.session("dev");
        assert_ne!(after, before, "{pointer} = {value}");
        assert_eq!(
            world.session("dev"),
            after,
            "{pointer} = {value}: it did not heal"
        );
    }
}

#[test]
fn a_folder_with_the_name_of_an_entry_is_a_miss() {
    let world = world();
    world.session("dev");
    let entry = world.entry("session");
    std::fs::remove_file(&entry.path).unwrap();
    std::fs::create_dir(&entry.path).unwrap();
    let answer = world.credential_process(&["--connector", "dev"]).answer();
    answer.session();
    assert!(answer.stderr.lines().count() <= 1, "{answer:?}");
}

#[test]
fn a_connector_can_turn_the_cache_off() {
    let off = [SHARED, "cache = \"off\"\n"].concat();
    let world = World::new(&["default_connector = \"dev\"\n", BASE, &off]);
    let (one, two) = (world.session("dev"), world.session("dev"));
    assert_ne!(one, two);
    world.docker("get", REGISTRY).answer().ok().password();
    world.docker("get", REGISTRY).answer().ok().password();
    assert_eq!((world.sts(), world.ecr()), (4, 2));
    assert!(!world.cache_path().exists());
}

#[test]
fn the_environment_can_turn_the_cache_off() {
    let world = world();
    let cached = world.session("dev");
    for value in ["off", "OFF", "0", "false", "no"] {
        let run = world
            .credential_process(&[])
            .env("AWS_CONNECTOR_CACHE", value);
        assert_ne!(run.answer().ok().session(), cached, "{value}");
    }
    assert_eq!(world.session("dev"), cached);
    assert_eq!(world.sts(), 6);
}

#[test]
fn a_forced_refresh_is_cached() {
    let world = world();
    let old = world.session("dev");
    let new = world
        .credential_process(&[])
        .env("AWS_CONNECTOR_REFRESH", "1")
        .answer()
        .ok()
        .session();
    assert_ne!(new, old);
    assert_eq!(world.session("dev"), new);
    assert_eq!(world.sts(), 2);
    let password = world.docker("get", REGISTRY).answer().ok().password();
    let forced = world
        .docker("get", REGISTRY)
        .env("AWS_CONNECTOR_REFRESH", "1")
        .answer()
        .ok()
        .password();
    assert_ne!(forced, password);
    assert_eq!(
        world.docker("get", REGISTRY).answer().ok().password(),
        forced
    );
    assert_eq!((world.sts(), world.ecr()), (3, 2));
    let token = world
        .eks_token(&["--cluster", "prod"])
        .env("AWS_CONNECTOR_REFRESH", "1")
        .answer()
        .ok();
    Token::of(&token, "aws").caller(&world, "prod").unwrap();
    assert_eq!(world.standin.count("sts", "AssumeRole"), 4);
}
