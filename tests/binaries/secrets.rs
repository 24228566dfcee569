//! Secrets never appear in output, errors or the debug log.
//! Over 300 lines, because a third of it is one connectors file with a secret in every place.

use aws_standin::{Fault, FaultKind};

use crate::support::{Answer, BASE, ROLE, Run, World};

/// Secrets planted in the connectors file, the environment, files and the output of programs.
const PLANTED: [&str; 14] = [
    "planted-secret-key-in-the-profile",
    "planted-session-token-in-the-profile",
    "planted-external-id-in-the-profile",
    "planted-secret-key-in-the-environment",
    "planted-secret-key-in-a-file",
    "planted-secret-key-from-a-program",
    "planted-output-of-a-program-that-fails",
    "planted-secret-key-in-a-pair",
    "planted-web-identity",
    "plantedpolicysid",
    "planted-password-from-docker",
    "planted-secret-in-an-aws-profile",
    "planted-container-token",
    "planted-secret-around",
];

const PROFILE: &str = r#"
[connectors.literal]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "planted-secret-key-in-the-profile"
role_arn = "arn:aws:iam::123456789012:role/dev"
external_id = "planted-external-id-in-the-profile"

[connectors.external]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::210987654321:role/cross"
external_id = "planted-external-id-in-the-profile"
policy = '{"Version":"2012-10-17","Statement":[{"Sid":"plantedpolicysid","Effect":"Allow","Action":"s3:*","Resource":"*"}]}'

[connectors.token]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "ASIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "planted-secret-key-in-the-profile"
aws_session_token = "planted-session-token-in-the-profile"
role_arn = "arn:aws:iam::123456789012:role/dev"

[connectors.late]
auth_method = "sts-token"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "ASIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "planted-secret-key-in-the-profile"
aws_session_token = "planted-session-token-in-the-profile"
expires_at = "2020-01-01T00:00:00Z"

[connectors.environment]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { env = "PLANTED" }

[connectors.file]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { file = "~/planted" }

[connectors.program]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { command = ["echo", "planted-secret-key-from-a-program"] }

[connectors.failing]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { command = ["sh", "-c", "echo planted-output-of-a-program-that-fails; exit 3"] }

[connectors.pair]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "URL"
access_keys = "AKIAIOSFODNN7EXAMPLE,planted-secret-key-in-a-pair"

[connectors.no-pair]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "URL"
access_keys = "planted-secret-key-in-a-pair"

[connectors.wrong-way-round]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "planted-secret-key-in-the-profile"
aws_secret_access_key = "AKIAIOSFODNN7EXAMPLE"

[connectors.web]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
web_identity_token_file = "${HOME}/web"
role_arn = "arn:aws:iam::123456789012:role/dev"

[connectors.aws-profile]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_profile = "work"
role_arn = "arn:aws:iam::123456789012:role/dev"

[connectors.around]
auth_method = "implicit"
region = "us-east-1"
endpoint_url = "URL"
allow_implicit_auth_methods = true
role_arn = "arn:aws:iam::123456789012:role/dev"

[connectors.misspelt]
auth_method = "secret-key"
region = "us-east-1"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_keys = "planted-secret-key-in-the-profile"

[connectors.misplaced]
auth_method = "implicit"
region = "us-east-1"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "planted-secret-key-in-the-profile"
external_id = "planted-external-id-in-the-profile"

[connectors.broken]
auth_method = "secret-key"
aws_secret_access_key = "planted-secret-key-in-the-profile
"#;

const CONNECTORS: [&str; 17] = [
    "literal",
    "external",
    "token",
    "late",
    "environment",
    "file",
    "program",
    "failing",
    "pair",
    "no-pair",
    "wrong-way-round",
    "web",
    "aws-profile",
    "around",
    "misspelt",
    "misplaced",
    "broken",
];

fn world() -> World {
    let world = World::new(&[BASE, ROLE, PROFILE]);
    world.file("planted", "planted-secret-key-in-a-file\n");
    world.file("web", "planted-web-identity");
    world.file(
        ".aws/credentials",
        "[work]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = planted-secret-in-an-aws-profile\n",
    );
    world
}

fn debug(run: Run) -> Run {
    run.env("AWS_CONNECTOR_LOG", "debug")
        .env("PLANTED", "planted-secret-key-in-the-environment")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "planted-secret-around")
        .env(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "planted-container-token",
        )
}

#[track_caller]
fn clean(what: &str, answer: &Answer) {
    for planted in PLANTED {
        assert!(
            !answer.stdout.contains(planted),
            "{what}: {planted} on stdout: {answer:?}"
        );
        assert!(
            !answer.stderr.contains(planted),
            "{what}: {planted} on stderr: {answer:?}"
        );
    }
}

#[test]
fn no_failure_shows_a_secret() {
    let world = world();
    for connector in CONNECTORS {
        for run in world.all_three(connector) {
            let answer = debug(run).answer();
            assert_ne!(answer.status, 0, "{connector}: {answer:?}");
            clean(connector, &answer);
        }
    }
}

#[test]
fn secrets_echoed_by_aws_are_not_shown() {
    let world = world();
    let proper = world.file("proper", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    std::fs::rename(proper, world.home().join("planted")).unwrap();
    for kind in [
        FaultKind::AccessDenied,
        FaultKind::Garbage,
        FaultKind::HalfAnswer,
        FaultKind::ServerError(500),
        FaultKind::ExpiredToken,
    ] {
        world.standin.fault(Fault {
            service: "*".to_owned(),
            action: "*".to_owned(),
            kind: kind.clone(),
            times: None,
        });
        for connector in ["external", "file"] {
            let answer = debug(world.credential_process(&["--connector", connector])).answer();
            assert_ne!(answer.status, 0, "{kind:?}: {answer:?}");
            clean(connector, &answer);
        }
        world.standin.clear_faults();
    }
}

#[test]
fn input_from_docker_is_never_echoed() {
    let world = world();
    for text in [
        r#"{"ServerURL":"docker.io","Username":"me","Secret":"planted-password-from-docker"}"#,
        r#"{"ServerURL":"x","Username":"","Secret":"planted-password-from-docker"}"#,
        r#"{"ServerURL":"x","Username":"me","Secret":"planted-password-from-docker""#,
        r#"{"ServerURL":{"planted-password-from-docker":1}}"#,
        "planted-password-from-docker",
    ] {
        for action in ["store", "get", "erase"] {
            clean(text, &debug(world.docker(action, text)).answer());
        }
    }
}

#[test]
fn the_debug_log_contains_no_secrets_of_the_session() {
    let world = world();
    let mut hidden: Vec<String> = Vec::new();
    let mut said = String::new();
    for _ in 0..2 {
        let [process, docker, plugin] = world
            .all_three("dev")
            .map(|run| run.env("AWS_CONNECTOR_LOG", "debug").answer());
        let session = process.session();
        hidden.push(session.secret);
        hidden.extend(session.token);
        hidden.push(docker.password());
        hidden.push(
            plugin.json()["status"]["token"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
        for answer in [process, docker, plugin] {
            said.push_str(&answer.stderr);
        }
    }
    assert!(
        said.contains("debug: miss ") && said.contains("debug: hit "),
        "{said}"
    );
    for secret in hidden {
        assert!(!said.contains(&secret), "{secret} is in {said}");
    }
    assert!(!said.contains("Signature="), "{said}");
}

#[test]
fn no_secret_is_on_a_command_line() {
    // Programs that are started get no secret as an argument: their command lines are in the
    // connectors file.
    let world = World::empty();
    let script = world.script(
        "show",
        "tr '\\0' ' ' </proc/$$/cmdline >>\"$HOME/seen\"; env >>\"$HOME/seen\"; printf 123456",
    );
    world.profile(&[
        BASE,
        &format!(
            "[connectors.dev]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n\
             source_connector = \"base\"\nrole_arn = \"arn:aws:iam::123456789012:role/mfa\"\n\
             mfa_serial = \"{}\"\nmfa_process = [\"{}\", \"--totp\"]\n",
            aws_standin::MFA_SERIAL,
            script.display()
        ),
    ]);
    world.session("dev");
    let seen = std::fs::read_to_string(world.home().join("seen")).unwrap();
    assert!(seen.contains("--totp"), "{seen}");
    assert!(!seen.contains(aws_standin::SECRET_ACCESS_KEY), "{seen}");
    assert!(seen.contains("AWS_CONNECTOR_CHAIN=dev"), "{seen}");
}
