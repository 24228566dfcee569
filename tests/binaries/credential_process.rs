//! `credential_process`: the document, the help, and usage errors.

use serde_json::json;

use crate::support::{Answer, BASE, ROLE, SHARED, Transcript, World};

const HANDED_OUT: &str = r#"
[connectors.temporary]
auth_method = "sts-token"
region = "us-east-1"
aws_access_key_id = "ASIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "a-secret-key-that-has-forty-characters-0"
aws_session_token = "a-session-token"

[connectors.until]
auth_method = "sts-token"
region = "us-east-1"
aws_access_key_id = "ASIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "a-secret-key-that-has-forty-characters-0"
aws_session_token = "a-session-token"
expires_at = "2199-12-31T23:59:59.5+01:00"

[connectors.joined]
auth_method = "secret-key"
region = "us-east-1"
access_keys = { env = "BOTH" }
"#;

fn ask(world: &World, connector: &str) -> Answer {
    world
        .credential_process(&["--connector", connector])
        .answer()
}

#[test]
fn the_document_of_a_role_session() {
    let world = World::new(&[BASE, SHARED]);
    let mut transcript = Transcript::new(&world);
    let answer = ask(&world, "dev").ok();
    let session = answer.session();
    let expires = session
        .expires
        .unwrap()
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    transcript.mask(&session.id, "ID");
    transcript.mask(&session.secret, "SECRET");
    transcript.mask(session.token.as_deref().unwrap(), "TOKEN");
    transcript.mask(&expires, "EXPIRES");
    transcript.case("a role", &answer);
    assert!(session.id.starts_with("ASIA"));
    transcript.check("credential_process.txt");
}

#[test]
fn keys_are_served_unchanged_and_long_lived_ones_without_expiration() {
    let world = World::new(&[BASE, HANDED_OUT]);
    let mut transcript = Transcript::new(&world);
    for connector in ["base", "temporary", "until"] {
        transcript.case(connector, &ask(&world, connector).ok());
    }
    let both = world
        .credential_process(&["--connector=joined"])
        .env(
            "BOTH",
            " AKIAIOSFODNN7EXAMPLE , some/secret+key, with a comma\n",
        )
        .answer();
    transcript.case("joined", &both.ok());
    transcript.check("keys.txt");
    assert_eq!(ask(&world, "base").json().get("Expiration"), None);
    assert_eq!(world.calls(), 0);
}

#[test]
fn the_connector_comes_from_the_flag_then_the_environment_then_the_default() {
    let world = World::new(&["default_connector = \"base\"\n", BASE, HANDED_OUT]);
    let id = |answer: Answer| answer.ok().json()["AccessKeyId"].clone();
    let temporary = json!("ASIAIOSFODNN7EXAMPLE");
    let base = json!("AKIAIOSFODNN7EXAMPLE");
    assert_eq!(id(world.credential_process(&[]).answer()), base);
    let run = |args: &[&str]| {
        world
            .credential_process(args)
            .env("AWS_CONNECTOR", "temporary")
    };
    assert_eq!(id(run(&[]).answer()), temporary);
    assert_eq!(id(run(&["--connector", "base"]).answer()), base);
    assert_eq!(id(run(&["--connector=base"]).answer()), base);
}

#[test]
fn help_and_version_need_no_connectors_file() {
    let world = World::empty();
    let mut transcript = Transcript::new(&world);
    transcript.mask(env!("CARGO_PKG_VERSION"), "VERSION");
    for flag in ["--help", "-h", "--version", "-V"] {
        transcript.case(flag, &world.credential_process(&[flag]).answer().ok());
    }
    transcript.check("credential_process_help.txt");
}

#[test]
fn an_invalid_command_line_is_a_one_line_error_with_a_fix() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    let mut transcript = Transcript::new(&world);
    let long = "x".repeat(5000);
    let cases: [&[&str]; 22] = [
        &["--conector", "dev"],
        &["-x"],
        &["dev"],
        &["--connector"],
        &["--connector", ""],
        &["--connector="],
        &["--connector", "dev", "--connector", "dev"],
        &["--connector", "a\nb\u{1b}[31m"],
        &["--connector", &long],
        &["--connector", "../dev"],
        &["--help=yes"],
        &["--resource-id", "data"],
        &["--resource-type", "s3"],
        &["--resource-type", "s3-buckets"],
        &[
            "--resource-type",
            "s3-bucket",
            "--resource-id",
            "UPPER_CASE",
        ],
        &["--resource-type", "s3-bucket", "--resource-id", "s3://*"],
        &[
            "--resource-type",
            "kubernetes-cluster",
            "--resource-id",
            "a/b",
        ],
        &[
            "--resource-type",
            "docker-registry",
            "--resource-id",
            "docker.io",
        ],
        &["--resource-type", "aws-generic", "--resource-id", "mars"],
        &[
            "--resource-type",
            "kubernetes-cluster",
            "--resource-id",
            "arn:aws:eks:eu-west-1:123456789012:cluster/stage",
        ],
        &[
            "--resource-type",
            "s3-bucket",
            "--resource-id",
            "arn:aws-cn:s3:::data",
        ],
        &[
            "--resource-type",
            "docker-registry",
            "--resource-id",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        ],
    ];
    for args in cases {
        let answer = world.credential_process(args).answer();
        let line = answer.failure();
        assert!(line.len() < 700 && !line.contains('\u{1b}'), "{line}");
        let title: String = format!("{args:?}").chars().take(120).collect();
        transcript.case(&title, &answer);
    }
    transcript.check("credential_process_usage.txt");
    assert_eq!(world.calls(), 0);
}

#[test]
fn standard_input_is_not_read() {
    let world = World::new(&[BASE, SHARED]);
    let noise = vec![0u8; 100_000];
    let run = world.credential_process(&["--connector", "dev"]);
    run.stdin_bytes(&noise).answer().ok().session();
}

#[test]
fn variables_set_the_paths_of_the_connectors_file_and_the_cache() {
    let world = World::new(&["default_connector = \"nobody\"\n"]);
    let url = world.standin.url();
    let text = [BASE, SHARED].concat().replace("URL", &url);
    let file = world.file("elsewhere/some.toml", &text);
    let cache = world.home().join("here/is/the-cache");
    let run = || {
        world
            .credential_process(&["--connector", "dev"])
            .env("AWS_CONNECTOR_FILE", file.to_str().unwrap())
            .env("AWS_CONNECTOR_CACHE_DIR", cache.to_str().unwrap())
    };
    let first = run().answer().ok();
    assert_eq!(run().answer().ok(), first);
    assert_eq!(world.sts(), 1);
    assert!(cache.is_dir() && !world.cache_path().exists());
}

#[test]
fn a_limited_connector_refuses_other_resources() {
    let limited = [
        ROLE,
        "resource_type = \"s3-bucket\"\nresource_id = \"data\"\n",
    ]
    .concat();
    let world = World::new(&["default_connector = \"dev\"\n", BASE, &limited]);
    let mut transcript = Transcript::new(&world);
    let cases: [&[&str]; 3] = [
        &["--resource-type", "s3-bucket"],
        &["--resource-type", "s3-bucket", "--resource-id", "logs"],
        &[
            "--resource-type",
            "kubernetes-cluster",
            "--resource-id",
            "prod",
        ],
    ];
    for args in cases {
        let answer = world.credential_process(args).answer();
        answer.failure();
        transcript.case(&format!("{args:?}"), &answer);
    }
    let plugin = world.eks_token(&["--cluster", "prod"]).answer();
    plugin.failure();
    transcript.case("exec plugin", &plugin);
    let docker = world.docker("get", crate::support::REGISTRY).answer();
    docker.docker_failure();
    transcript.case("docker get", &docker);
    assert_eq!(world.calls(), 0);
    let own = [
        "--resource-type",
        "s3-bucket",
        "--resource-id",
        "arn:aws:s3:::data/some/key",
    ];
    world.credential_process(&own).answer().ok().session();
    transcript.check("limited.txt");
}
