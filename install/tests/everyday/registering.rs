//! register, delete, import.
//! Over 300 lines, because each way to register shares one stand-in and its keys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use snapbox::{assert_data_eq, str};

use crate::support::{Machine, Ran, ran};

const FILE: &str = ".config/aws-connector/connectors.toml";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A machine with an AWS CLI profile and no connectors.
fn with_aws_cli(config: &str) -> Machine {
    let machine = Machine::new();
    machine.write(
        ".aws/credentials",
        &format!("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}\n"),
    );
    machine.write(".aws/config", config);
    machine
}

fn run(machine: &Machine, args: &[&str]) -> Ran {
    let url = machine.standin.url();
    let ran = ran(machine.command().args(args).args(["--endpoint-url", &url]));
    assert!(
        !ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET),
        "{ran:#?}"
    );
    ran
}

#[test]
fn long_lived_keys_become_a_session_token_that_refers_to_them() {
    let machine = with_aws_cli("[default]\nregion = us-east-1\n");
    let out = run(&machine, &["register", "dev", "--auto-configure"])
        .ok()
        .stdout;
    assert_data_eq!(
        out,
        str![[r#"
Registered connector 'dev' (session-token) as arn:aws:iam::123456789012:user/dev in [..]/.config/aws-connector/connectors.toml.
RESOURCE TYPE       RESOURCES
aws-generic         us-east-1
s3-bucket           s3://data
                    s3://logs
kubernetes-cluster  prod
docker-registry     123456789012.dkr.ecr.us-east-1.amazonaws.com
Next: aws-connector login dev

"#]]
    );
    let text = machine.read(FILE);
    assert_data_eq!(
        text,
        str![[r#"
default_connector = "dev"

[connectors.dev]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "http://127.0.0.1:[..]"
source_profile = "default"

"#]]
    );
    let mode = fs::metadata(machine.path(FILE))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn keys_with_a_role_become_an_iam_role() {
    let machine = with_aws_cli("[default]\nregion = us-east-1\n");
    let role = "arn:aws:iam::123456789012:role/dev";
    run(
        &machine,
        &["register", "dev", "--auto-configure", "--role-arn", role],
    )
    .ok();
    let text = machine.read(FILE);
    assert!(
        text.contains("auth_method = \"iam-role\"")
            && text.contains("source_profile = \"default\""),
        "{text}"
    );
}

#[test]
fn a_profile_that_assumes_a_role_becomes_an_iam_role() {
    let machine = with_aws_cli(
        "[default]\nregion = us-east-1\n[profile cross]\nsource_profile = default\nrole_arn = arn:aws:iam::210987654321:role/cross\nexternal_id = ext-1234\nduration_seconds = 1800\n",
    );
    let args = [
        "register",
        "x",
        "--auto-configure",
        "--source-profile",
        "cross",
        "--region",
        "us-east-1",
    ];
    run(&machine, &args).ok();
    let text = machine.read(FILE);
    for part in [
        "role/cross",
        "external_id = \"ext-1234\"",
        "duration = 1800",
        "source_profile = \"default\"",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn temporary_keys_of_the_environment_become_an_sts_token() {
    let machine = Machine::with_connectors();
    let session = machine
        .run(&["export", "dev", "--format", "json"])
        .ok()
        .json();
    fs::remove_file(machine.path(FILE)).unwrap();
    let ran = ran(machine
        .command()
        .env(
            "AWS_ACCESS_KEY_ID",
            session["AccessKeyId"].as_str().unwrap(),
        )
        .env(
            "AWS_SECRET_ACCESS_KEY",
            session["SecretAccessKey"].as_str().unwrap(),
        )
        .env(
            "AWS_SESSION_TOKEN",
            session["SessionToken"].as_str().unwrap(),
        )
        .env("AWS_REGION", "us-east-1")
        .args([
            "register",
            "tmp",
            "--auto-configure",
            "--endpoint-url",
            &machine.standin.url(),
        ]));
    ran.ok();
    let text = machine.read(FILE);
    assert!(
        text.contains("auth_method = \"sts-token\"")
            && text.contains("{ env = \"AWS_SESSION_TOKEN\" }"),
        "{text}"
    );
}

#[test]
fn a_connector_that_fails_verification_is_not_written() {
    let machine = with_aws_cli("[default]\nregion = us-east-1\n");
    let role = "arn:aws:iam::123456789012:role/nosuch";
    let args = ["register", "dev", "--auto-configure", "--role-arn", role];
    let refused = run(&machine, &args);
    assert_eq!(refused.status, 1);
    assert!(
        refused.stderr.contains("nothing was written"),
        "{refused:#?}"
    );
    assert!(!machine.path(FILE).exists());
    let mut args = args.to_vec();
    args.push("--no-verify");
    run(&machine, &args).ok();
    assert!(machine.read(FILE).contains("nosuch"));
}

#[test]
fn without_a_terminal_the_error_names_the_missing_flag() {
    let machine = Machine::new();
    for (args, flag) in [
        (&["register", "x"][..], "--auth-method"),
        (
            &[
                "register",
                "x",
                "--auth-method",
                "iam-role",
                "--region",
                "us-east-1",
            ],
            "--role-arn",
        ),
        (
            &[
                "register",
                "x",
                "--auth-method",
                "session-token",
                "--region",
                "us-east-1",
            ],
            "--source-profile",
        ),
        (
            &[
                "register",
                "x",
                "--auth-method",
                "secret-key",
                "--region",
                "us-east-1",
                "--access-key-id",
                "AKIAIOSFODNN7EXAMPLE",
            ],
            "--secret-from",
        ),
        (
            &[
                "register",
                "x",
                "--auth-method",
                "session-token",
                "--source-connector",
                "y",
            ],
            "--region",
        ),
    ] {
        let ran = machine.run(args);
        assert_eq!(ran.status, 2, "{ran:#?}");
        assert!(
            ran.stderr.contains("without a terminal") && ran.stderr.contains(flag),
            "{ran:#?}"
        );
    }
}

#[test]
fn a_secret_is_stored_in_plaintext_only_on_request() {
    let machine = Machine::new();
    let secret = machine.write("secret", SECRET);
    let with = |more: &[&str]| {
        let mut command = machine.command();
        command
            .args([
                "register",
                "k",
                "--auth-method",
                "secret-key",
                "--region",
                "us-east-1",
            ])
            .args([
                "--access-key-id",
                "AKIAIOSFODNN7EXAMPLE",
                "--endpoint-url",
                &machine.standin.url(),
            ])
            .args(more)
            .stdin(fs::File::open(&secret).unwrap());
        ran(&mut command)
    };
    let refused = with(&["--secret-from", "stdin"]);
    assert!(
        refused.status == 1 && refused.stderr.contains("--store-plaintext"),
        "{refused:#?}"
    );
    let on_argv = with(&["--secret-from", SECRET]);
    assert!(
        on_argv.status == 2 && !on_argv.stderr.contains(SECRET),
        "{on_argv:#?}"
    );
    with(&["--secret-from", &format!("file:{}", secret.display())]).ok();
    assert!(!machine.read(FILE).contains(SECRET));
    fs::remove_file(machine.path(FILE)).unwrap();
    with(&["--secret-from", "stdin", "--store-plaintext"]).ok();
    assert!(machine.read(FILE).contains(SECRET));
}

#[test]
fn a_connector_that_others_use_is_not_deleted() {
    let machine = Machine::with_connectors();
    let ran = machine.run(&["delete", "base", "--yes"]);
    assert_data_eq!(
        ran.stderr,
        "aws-connector: connector 'base': it is the source_connector of dev; fix: change those connectors first, or pass --force\n"
    );
    machine.run(&["login", "dev", "--yes"]).ok();
    machine.run(&["delete", "dev", "--yes"]).ok();
    assert!(!machine.path(".aws/config").exists());
    assert!(!machine.read(FILE).contains("dev"));
    assert_eq!(
        machine.run(&["status"]).ok().stderr,
        "The cache is empty.\n"
    );
}

#[test]
fn a_lava_connection_is_imported() {
    let machine = Machine::with_connectors();
    machine.write(
        "conn.json",
        r#"{"conn_id": "lava-1", "type": "aws", "enabled": true, "description": "from Lava", "region": "us-east-1",
            "access_keys": "/teams/dev/keys", "external_id": "/teams/dev/external-id", "duration": "30m",
            "role_arn": "arn:aws:iam::210987654321:role/cross", "tags": {"team": "data"}}"#,
    );
    let refused = machine.run(&["import", "lava", "conn.json"]);
    assert!(
        refused.stderr.contains("--source-connector"),
        "{refused:#?}"
    );
    machine
        .run(&["import", "lava", "conn.json", "--source-connector", "base"])
        .ok();
    machine
        .run(&["update", "lava-1", "--endpoint-url", &machine.standin.url()])
        .ok();
    let ran = machine
        .run(&["describe", "lava-1", "--client", "--output", "json"])
        .ok();
    assert!(
        ran.json()["client"]["identity"]
            .as_str()
            .unwrap()
            .contains("role/cross"),
        "{ran:#?}"
    );
}

#[test]
fn aws_cli_profiles_are_imported_by_reference() {
    let machine = with_aws_cli(
        "[default]\nregion = us-east-1\n\n[profile work]\nsource_profile = default\nrole_arn = arn:aws:iam::123456789012:role/dev\nregion = eu-west-1\n",
    );
    machine.run(&["import", "aws-profiles"]).ok();
    let text = machine.read(FILE);
    assert!(text.contains("[connectors.work]\nauth_method = \"implicit\"\nprofile_name = \"work\"\nregion = \"eu-west-1\"\n"), "{text}");
    assert!(!text.contains(SECRET));
    let ran = machine.run(&["import", "aws-profiles", "nosuch"]);
    assert!(
        ran.stderr.contains("AWS CLI profile 'nosuch' not found"),
        "{ran:#?}"
    );
}
