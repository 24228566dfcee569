//! Connectors with `source_connector`.

use crate::support::{BASE, World};

const CHAIN: &str = r#"
[connectors.one]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"
tags = { team = "data" }
transitive_tag_keys = ["team"]
source_identity = "ann"

[connectors.two]
auth_method = "iam-role"
region = "eu-west-1"
endpoint_url = "URL"
source_connector = "one"
role_arn = "arn:aws:iam::210987654321:role/cross"
external_id = { env = "THE_ID" }
duration = "15m"

[connectors.three]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "two"
role_arn = "arn:aws:iam::123456789012:role/ops"
role_session_name = "last"
"#;

const USER: &str = "arn:aws:iam::123456789012:user/dev";
const ONE: &str = "arn:aws:sts::123456789012:assumed-role/dev/aws-connector-tester";
const TWO: &str = "arn:aws:sts::210987654321:assumed-role/cross/aws-connector-tester";

fn ask(world: &World, args: &[&str]) -> crate::support::Session {
    let run = world.credential_process(args).env("THE_ID", "ext-1234");
    run.answer().ok().session()
}

/// Who called, and for which role.
fn steps(world: &World) -> Vec<(String, String)> {
    let calls = world.standin.calls();
    let step = |call: &aws_standin::Call| {
        (
            call.principal_arn.clone().unwrap_or_default(),
            call.params["RoleArn"].clone(),
        )
    };
    calls.iter().map(step).collect()
}

fn step(who: &str, role: &str) -> (String, String) {
    (who.to_owned(), format!("arn:aws:iam::{role}"))
}

#[test]
fn two_connectors_make_two_calls_and_both_sessions_are_cached() {
    let world = World::new(&[BASE, CHAIN]);
    ask(&world, &["--connector", "two"]);
    assert_eq!(
        steps(&world),
        [
            step(USER, "123456789012:role/dev"),
            step(ONE, "210987654321:role/cross")
        ]
    );
    let asked = world.assumed();
    assert_eq!(asked[1]["DurationSeconds"], "900");
    assert_eq!(asked[1]["ExternalId"], "ext-1234");
    assert_eq!(world.standin.calls()[1].region, "eu-west-1");
    // The first connector's session serves its own clients and the second connector.
    ask(&world, &["--connector", "one"]);
    ask(&world, &["--connector", "two"]);
    assert_eq!(world.calls(), 2);
}

#[test]
fn three_connectors_make_three_calls() {
    let world = World::new(&[BASE, CHAIN]);
    ask(&world, &["--connector", "three"]);
    assert_eq!(
        steps(&world),
        [
            step(USER, "123456789012:role/dev"),
            step(ONE, "210987654321:role/cross"),
            step(TWO, "123456789012:role/ops"),
        ]
    );
}

#[test]
fn only_the_last_session_of_a_chain_is_down_scoped() {
    let world = World::new(&[BASE, CHAIN]);
    ask(
        &world,
        &[
            "--connector",
            "three",
            "--resource-type",
            "kubernetes-cluster",
        ],
    );
    let policies: Vec<_> = world
        .assumed()
        .into_iter()
        .map(|call| call.get("Policy").cloned())
        .collect();
    assert_eq!(policies[..2], [None, None]);
    assert!(
        policies[2]
            .as_deref()
            .is_some_and(|text| text.contains("eks:DescribeCluster"))
    );
    // Another scope makes one more call, with the same intermediate session.
    ask(
        &world,
        &["--connector", "three", "--resource-type", "s3-bucket"],
    );
    assert_eq!(world.calls(), 4);
}

#[test]
fn a_change_anywhere_in_the_chain_obtains_another_session() {
    let world = World::new(&[BASE, CHAIN]);
    let first = ask(&world, &["--connector", "three"]);
    for (old, new, calls) in [
        ("\"ann\"", "\"bob\"", 3),
        ("duration = \"15m\"", "duration = \"16m\"", 2),
        ("\"last\"", "\"latest\"", 1),
    ] {
        world.standin.clear_calls();
        world.profile(&[BASE, &CHAIN.replace(old, new)]);
        assert_ne!(ask(&world, &["--connector", "three"]), first);
        assert_eq!(world.calls(), calls, "{old}");
    }
    world.profile(&[BASE, CHAIN]);
    assert_eq!(ask(&world, &["--connector", "three"]), first);
}

#[test]
fn the_connector_that_fails_is_named() {
    let world = World::new(&[BASE, CHAIN]);
    let run = world
        .credential_process(&["--connector", "three"])
        .env("THE_ID", "wrong-id");
    let answer = run.answer();
    let line = answer.failure();
    assert!(
        line.starts_with("aws-connector: connector 'two': sts:AssumeRole of "),
        "{line}"
    );
    assert!(line.contains(ONE), "{line}");
    assert!(!line.contains("wrong-id"), "{line}");
}
