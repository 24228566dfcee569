//! The same jobs against moto's server: an independent AWS implementation that checks signatures with its own code.

use std::process::Command;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::support::{
    ECR_HOST, EKS_TOKEN, Machine, Registry, Run, Server, aws_config, connectors_of, image, program,
};

const ADDRESS: &str = "127.0.0.1:5000";
const ENDPOINT: &str = "http://127.0.0.1:5000";
/// The password that moto's ECR issues for this account.
const PASSWORD: &str = "123456789012-auth-token";

/// A machine with moto, a user and a role that the user can assume. moto then requires valid signatures.
fn wired() -> (Machine, Server, String, String) {
    let machine = Machine::new();
    let mut command = machine.client("MOTO_SERVER");
    command
        .args(["-H", "127.0.0.1", "-p", "5000"])
        .env("INITIAL_NO_AUTH_ACTION_COUNT", "5");
    let moto = Server::start(&machine, "moto", &command, || Server::listens(ADDRESS));
    let mut world = at_moto(machine.client("PYTHON"));
    world
        .arg(program("moto_world.py"))
        .env("AWS_ACCESS_KEY_ID", "nobody")
        .env("AWS_SECRET_ACCESS_KEY", "nothing");
    let key = Run::of(&world).succeeded();
    let (id, secret) = key.trim().split_once(' ').expect("a key");
    connectors_of(&machine, ENDPOINT, id, secret);
    aws_config(&machine, "dev");
    (machine, moto, id.to_owned(), secret.to_owned())
}

fn at_moto(mut client: Command) -> Command {
    client
        .env("AWS_ENDPOINT_URL", ENDPOINT)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_DEFAULT_REGION", "us-east-1");
    client
}

#[test]
fn clients_call_sts_of_moto_as_the_role_and_a_wrong_secret_is_refused() {
    let (machine, _moto, id, _) = wired();
    let who = |client: &str, arguments: &[&str]| {
        Run::of(
            at_moto(machine.client(client))
                .args(arguments)
                .env("AWS_PROFILE", "dev"),
        )
    };
    let cli = ["--endpoint-url", ENDPOINT, "sts", "get-caller-identity"];
    let script = program("sts.py");
    let library = [script.to_str().expect("a path in UTF-8")];
    for (client, arguments) in [
        ("AWS_V1", &cli[..]),
        ("AWS_V2", &cli[..]),
        ("PYTHON", &library[..]),
    ] {
        let told = who(client, arguments).succeeded();
        assert!(
            told.contains("arn:aws:sts::123456789012:assumed-role/dev/"),
            "{told}"
        );
    }

    connectors_of(&machine, ENDPOINT, &id, "another-secret");
    let _ = std::fs::remove_dir_all(machine.home().join(".cache"));
    let told = who("AWS_V1", &cli).failed();
    // moto formats the error like EC2, not like STS, so STS clients do not find its code.
    assert!(
        told.contains("403") && !told.contains("another-secret"),
        "{told}"
    );
}

#[test]
fn skopeo_copies_with_the_password_from_moto() {
    let (machine, _moto, ..) = wired();
    machine.write(
        "home/.docker/config.json",
        &format!(r#"{{"credHelpers": {{"{ECR_HOST}": "aws-connector"}}}}"#),
    );
    let _registry = Registry::of_ecr(&machine, PASSWORD);
    let target = format!("docker://{ECR_HOST}/team/new:1");
    Run::of(
        machine
            .client("SKOPEO")
            .args(["copy", &image(&machine), &target]),
    )
    .succeeded();
    let told = Run::of(machine.client("SKOPEO").args(["inspect", &target])).succeeded();
    assert!(told.contains("sha256:"), "{told}");
}

#[test]
fn a_cluster_token_is_signed_with_a_session_from_moto() {
    let (machine, _moto, ..) = wired();
    let answer = Run::of(machine.command(EKS_TOKEN).args(["--cluster", "prod"])).succeeded();
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("one JSON document");
    assert_eq!(answer["kind"], "ExecCredential");
    let token = answer["status"]["token"]
        .as_str()
        .expect("a token")
        .strip_prefix("k8s-aws-v1.")
        .expect("its prefix");
    let url = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .expect("unpadded URL-safe base64");
    let url = String::from_utf8(url).expect("a URL");
    assert!(
        url.starts_with("https://sts.us-east-1.amazonaws.com/?"),
        "{url}"
    );
    assert!(
        url.contains("X-Amz-Security-Token=") && url.contains("Action=GetCallerIdentity"),
        "{url}"
    );
}
