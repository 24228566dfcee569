//! AWS CLIs and SDKs that run our `credential_process`.

use std::process::Command;

use aws_standin::Standin;

use crate::support::{Machine, Run, aws_config, connectors, program};

const ASSUMED: &str = "arn:aws:sts::123456789012:assumed-role/dev/";

/// A machine whose AWS CLI profile `dev` uses `connector`.
fn wired(connector: &str) -> (Machine, Standin) {
    let machine = Machine::new();
    let aws = Standin::start();
    connectors(&machine, &aws.url());
    aws_config(&machine, connector);
    (machine, aws)
}

/// The environment of every client: the profile and the address of AWS.
fn on_the_profile(mut client: Command, aws: &Standin) -> Command {
    client
        .env("AWS_PROFILE", "dev")
        .env("AWS_ENDPOINT_URL", aws.url())
        .env("AWS_REGION", "us-east-1");
    client
}

fn aws_cli_v1(machine: &Machine, aws: &Standin) -> Command {
    let mut client = on_the_profile(machine.client("AWS_V1"), aws);
    client.args(["sts", "get-caller-identity", "--query", "Arn"]);
    client
}

/// This version does not support `AWS_ENDPOINT_URL`.
fn aws_cli_v2(machine: &Machine, aws: &Standin) -> Command {
    let mut client = on_the_profile(machine.client("AWS_V2"), aws);
    client.args([
        "--endpoint-url",
        &aws.url(),
        "sts",
        "get-caller-identity",
        "--query",
        "Arn",
    ]);
    client
}

fn boto3(machine: &Machine, aws: &Standin) -> Command {
    let mut client = on_the_profile(machine.client("PYTHON"), aws);
    client.arg(program("sts.py"));
    client
}

fn sdk_for_javascript(machine: &Machine, aws: &Standin) -> Command {
    on_the_profile(machine.node("sts.mjs"), aws)
}

fn sdk_for_rust(machine: &Machine, aws: &Standin) -> Command {
    on_the_profile(machine.client("RUST_STS"), aws)
}

/// Asserts that the client calls AWS twice as the role, with one session.
#[track_caller]
fn calls_as_the_role(client: fn(&Machine, &Standin) -> Command) {
    let (machine, aws) = wired("dev");
    for calls in 1..=2 {
        let identity = Run::of(&client(&machine, &aws)).succeeded();
        assert!(identity.contains(ASSUMED), "{identity}");
        assert_eq!(aws.count("sts", "GetCallerIdentity"), calls);
    }
    assert_eq!(
        aws.count("sts", "AssumeRole"),
        1,
        "the second run is answered from the cache"
    );
}

#[test]
fn the_aws_cli_v1_calls_as_the_role() {
    calls_as_the_role(aws_cli_v1);
}

#[test]
fn the_aws_cli_v2_calls_as_the_role() {
    calls_as_the_role(aws_cli_v2);
}

#[test]
fn boto3_calls_as_the_role() {
    calls_as_the_role(boto3);
}

#[test]
fn the_sdk_for_javascript_calls_as_the_role() {
    calls_as_the_role(sdk_for_javascript);
}

#[test]
fn the_sdk_for_rust_calls_as_the_role() {
    calls_as_the_role(sdk_for_rust);
}

#[test]
fn all_clients_share_one_session() {
    let (machine, aws) = wired("dev");
    for client in [
        aws_cli_v1,
        aws_cli_v2,
        boto3,
        sdk_for_javascript,
        sdk_for_rust,
    ] {
        let identity = Run::of(&client(&machine, &aws)).succeeded();
        assert!(identity.contains(ASSUMED), "{identity}");
    }
    assert_eq!(aws.count("sts", "AssumeRole"), 1);
}

#[test]
fn all_clients_accept_long_lived_keys() {
    let (machine, aws) = wired("base");
    for client in [
        aws_cli_v1,
        aws_cli_v2,
        boto3,
        sdk_for_javascript,
        sdk_for_rust,
    ] {
        let identity = Run::of(&client(&machine, &aws)).succeeded();
        assert!(
            identity.contains("arn:aws:iam::123456789012:user/"),
            "{identity}"
        );
    }
    assert_eq!(aws.count("sts", "AssumeRole"), 0);
}

#[test]
fn the_aws_cli_shows_the_error_of_the_process() {
    let (machine, aws) = wired("nobody");
    for client in [aws_cli_v1, aws_cli_v2] {
        let told = Run::of(&client(&machine, &aws)).failed();
        assert!(
            told.contains("nobody") && told.contains("connectors.toml"),
            "{told}"
        );
    }
    assert_eq!(aws.calls().len(), 0);
}
