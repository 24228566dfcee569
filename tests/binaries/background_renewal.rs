//! What the full program does when it renews an entry in the background.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use crate::programs::{full_program, world};
use crate::support::{BASE, World};

#[test]
fn a_renewal_in_the_background_runs_relative_commands_where_the_client_is() {
    let world = World::new(&[
        "default_connector = \"dev\"\n",
        r#"[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { command = ["./secret", "here.txt"] }
role_arn = "arn:aws:iam::123456789012:role/dev"
"#,
    ]);
    world.file("here.txt", aws_standin::SECRET_ACCESS_KEY);
    world.script("secret", "cat \"$1\"");
    let first = world.session("dev");
    world.entry("session").age(TimeDelta::minutes(43));
    let hit = world.session("dev");
    assert_eq!(hit.id, first.id);
    let began = Instant::now();
    while world.session("dev").id == first.id {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it is never renewed"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(world.sts(), 2);
}

#[test]
fn each_session_of_a_chain_is_cached_by_its_own_connectors_setting() {
    let source = |cache: &str| {
        format!(
            r#"[connectors.source]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
cache = "{cache}"
"#
        )
    };
    let target = r#"[connectors.target]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "source"
role_arn = "arn:aws:iam::123456789012:role/dev"
"#;
    let connectors_of = |world: &World| -> Vec<String> {
        let names = world.entries().into_iter();
        names
            .map(|entry| entry.json()["connector"].as_str().unwrap().to_owned())
            .collect()
    };
    let off = World::new(&[BASE, &source("off"), target]);
    off.session("target");
    assert_eq!(connectors_of(&off), ["target"]);

    let plain = World::new(&[BASE, &source("files"), target]);
    plain.session("target");
    let mut kept = connectors_of(&plain);
    kept.sort();
    assert_eq!(kept, ["source", "target"]);

    // The cache setting of the target does not apply to its source.
    let target_off = World::new(&[BASE, &source("files"), target, "cache = \"off\"\n"]);
    target_off.session("target");
    assert_eq!(connectors_of(&target_off), ["source"]);
}

#[test]
fn renewing_an_unrelated_entry_makes_no_call() {
    let world = world();
    let lock = world.file("some.lock", "");
    let entry = "0".repeat(64);
    let status = Command::new(full_program())
        .args(["answer-for", "1", "credential-process", &entry, "0"])
        .env_clear()
        .env("HOME", world.home())
        .stdout(fs::File::options().append(true).open(&lock).unwrap())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
    assert_eq!((world.calls(), fs::read(lock).unwrap().len()), (0, 0));
}
