//! One failure of each kind in each protocol.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use aws_standin::{Fault, FaultKind};

use crate::support::{Answer, BASE, Binary, ROLE, Run, SHARED, Transcript, World};

const FAULTY: &str = r#"
[connectors.off]
auth_method = "secret-key"
region = "us-east-1"
enabled = false
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { env = "NOT_SET" }

[connectors.anon]
auth_method = "anonymous"
region = "us-east-1"

[connectors.ambient]
auth_method = "implicit"
region = "us-east-1"

[connectors.no-variable]
auth_method = "secret-key"
region = "us-east-1"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { env = "NOT_SET" }

[connectors.no-file]
auth_method = "secret-key"
region = "us-east-1"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { file = "~/no-such-file" }

[connectors.no-program]
auth_method = "secret-key"
region = "us-east-1"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { command = ["no-such-program"] }

[connectors.past]
auth_method = "sts-token"
region = "us-east-1"
aws_access_key_id = "ASIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "an-old-secret-key-of-forty-characters-00"
aws_session_token = "an-old-session-token"
expires_at = "2024-01-02T03:04:05+01:00"

[connectors.no-user]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIANOSUCHUSER000000"
aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEX"
role_arn = "arn:aws:iam::123456789012:role/dev"

[connectors.wrong-secret]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEX"
role_arn = "arn:aws:iam::123456789012:role/dev"

[connectors.denied]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::210987654321:role/cross"

[connectors.nobody-there]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "http://127.0.0.1:1"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"

[connectors.mfa]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/mfa"
mfa_serial = "arn:aws:iam::123456789012:mfa/dev"

[connectors.unknown-field]
auth_method = "iam-role"
region = "us-east-1"
source_connector = "base"
role_arm = "arn:aws:iam::123456789012:role/dev"

[connectors.no-method]
region = "us-east-1"

[connectors.one]
auth_method = "iam-role"
region = "us-east-1"
source_connector = "two"
role_arn = "arn:aws:iam::123456789012:role/dev"

[connectors.two]
auth_method = "iam-role"
region = "us-east-1"
source_connector = "one"
role_arn = "arn:aws:iam::123456789012:role/dev"
"#;

const NAMES: [&str; 3] = ["credential_process", "docker get", "exec plugin"];

/// Each protocol reports a failure in one line on its own stream.
#[track_caller]
fn judge(answers: &[Answer; 3]) {
    let [process, docker, plugin] = answers;
    let said = process.failure();
    assert!(said.starts_with("aws-connector: "), "{said}");
    assert!(plugin.failure().starts_with("aws-connector: "));
    assert!(!docker.docker_failure().starts_with("aws-connector: "));
}

fn write(transcript: &mut Transcript, title: &str, answers: &[Answer; 3]) {
    for (name, answer) in NAMES.iter().zip(answers) {
        transcript.case(&format!("{title}: {name}"), answer);
    }
}

#[test]
fn every_kind_of_failure_in_each_protocol() {
    let world = World::new(&[BASE, FAULTY]);
    let mut transcript = Transcript::new(&world);
    for connector in [
        "off",
        "anon",
        "ambient",
        "no-variable",
        "no-file",
        "no-program",
        "past",
        "no-user",
        "wrong-secret",
        "denied",
        "nobody-there",
        "mfa",
        "unknown-field",
        "no-method",
        "one",
        "bsae",
    ] {
        let answers = world.all_three(connector).map(Run::answer);
        judge(&answers);
        write(&mut transcript, connector, &answers);
    }
    transcript.check("presentations.txt");
}

#[test]
fn errors_in_the_connectors_file_in_each_protocol() {
    let world = World::empty();
    let mut transcript = Transcript::new(&world);
    let mut case = |title: &str, change: &dyn Fn(Run) -> Run| {
        let answers = world.all_three("dev").map(|run| change(run).answer());
        judge(&answers);
        write(&mut transcript, title, &answers);
    };
    let as_it_is = |run: Run| run;
    let missing = world.home().join("missing.toml");
    case("no file where the environment names one", &|run| {
        run.env("AWS_CONNECTOR_FILE", missing.to_str().unwrap())
    });
    world.profile(&["[connectors.dev]\nregion = = 1\n"]);
    case("not TOML", &as_it_is);
    world.profile(&["default_connector = \"nobody\"\n", BASE, ROLE]);
    case("a default that is not there", &as_it_is);
    world.profile(&["verbose = true\n", BASE, ROLE]);
    case("an unknown key at the top", &as_it_is);
    world.profile(&[BASE, ROLE]);
    let mode = |mode| fs::set_permissions(world.profile_path(), fs::Permissions::from_mode(mode));
    mode(0o644).unwrap();
    case("secrets that others can read", &as_it_is);
    mode(0o620).unwrap();
    case("a file that others can write", &as_it_is);
    fs::remove_file(world.profile_path()).unwrap();
    fs::create_dir(world.profile_path()).unwrap();
    case("a folder instead of a file", &as_it_is);
    fs::remove_dir(world.profile_path()).unwrap();
    case(
        "no file, and another connector than the built-in one",
        &as_it_is,
    );
    transcript.check("profile_file.txt");
    assert_eq!(world.calls(), 0);
}

#[test]
fn a_missing_connector_name_is_a_usage_error() {
    let world = World::new(&[BASE, ROLE]);
    let mut transcript = Transcript::new(&world);
    let answers = world.all_three("").map(Run::answer);
    judge(&answers);
    write(&mut transcript, "no connector", &answers);
    transcript.check("no_connector.txt");
}

#[test]
fn invalid_responses_from_aws_in_each_protocol() {
    let world = World::new(&[BASE, SHARED]);
    let mut transcript = Transcript::new(&world);
    for (title, kind) in [
        ("throttled", FaultKind::Throttle),
        ("out of order", FaultKind::ServerError(500)),
        ("another page", FaultKind::Garbage),
        ("denied", FaultKind::AccessDenied),
        ("expired", FaultKind::ExpiredToken),
    ] {
        world.standin.fault(Fault {
            service: "sts".to_owned(),
            action: "*".to_owned(),
            kind,
            times: None,
        });
        // All three at once: processes that wait for a failure share it and its text.
        let answers = world.all_three("dev").map(Run::start);
        let answers = answers.map(|(binary, child)| crate::support::finish(binary, child));
        judge(&answers);
        write(&mut transcript, title, &answers);
        world.standin.clear_faults();
    }
    transcript.check("aws_answers.txt");
}

#[test]
fn a_credential_loop_is_detected_before_it_starts() {
    let world = World::new(&[BASE, SHARED]);
    let mut transcript = Transcript::new(&world);
    let chain = |run: Run| run.env("AWS_CONNECTOR_CHAIN", "ops -> dev").answer();
    let answers = world.all_three("dev").map(chain);
    judge(&answers);
    write(&mut transcript, "asked again", &answers);
    transcript.check("circle.txt");
    assert_eq!(world.calls(), 0);
}

#[test]
fn exit_statuses_distinguish_usage_errors_from_failures() {
    let world = World::new(&[BASE, ROLE]);
    let status = |binary, args: &[&str]| world.run(binary, args).answer().status;
    assert_eq!(status(Binary::CredentialProcess, &["--bogus"]), 2);
    assert_eq!(status(Binary::EksToken, &["--bogus"]), 2);
    // Docker's own helpers only exit with 1.
    assert_eq!(status(Binary::Docker, &["bogus"]), 1);
    assert_eq!(
        status(Binary::CredentialProcess, &["--connector", "none"]),
        1
    );
    assert_eq!(
        status(
            Binary::EksToken,
            &["--cluster", "prod", "--connector", "none"]
        ),
        1
    );
}
