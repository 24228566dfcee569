//! Values that STS would reject are errors before any call.
//! Over 300 lines, because most of it is the list of refused fields.

use crate::support::{BASE, Transcript, World};

/// Fields of a connector `x`. Each list contains one invalid value.
const REFUSED: [&[&str]; 44] = [
    &["method secret-key", "KEYS", "duration = 3600"],
    &["method secret-key", "KEYS", "policy = \"{}\""],
    &["method secret-key", "KEYS", "role_arn = ROLE"],
    &[
        "method secret-key",
        "aws_access_key_id = \"short\"",
        "aws_secret_access_key = \"x\"",
    ],
    &[
        "method secret-key",
        "aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"",
    ],
    &["method sts-token", "KEYS"],
    &[
        "method sts-token",
        "KEYS",
        "aws_session_token = \"x\"",
        "duration = \"1h\"",
    ],
    &[
        "method sts-token",
        "KEYS",
        "aws_session_token = \"x\"",
        "expires_at = \"tomorrow\"",
    ],
    &[
        "method sts-token",
        "KEYS",
        "aws_session_token = \"x\"",
        "expires_at = \"2030-01-01T00:00:00\"",
    ],
    &[
        "method sts-token",
        "KEYS",
        "aws_session_token = \"x\"",
        "expires_skew_tolerance = 60",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "duration = 899",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "duration = \"12h1s\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "duration = \"soon\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "duration = -1",
    ],
    &[
        "method iam-role",
        "source_connector = \"hop\"",
        "role_arn = ROLE",
        "duration = 3601",
    ],
    &[
        "method iam-role",
        "KEYS",
        "aws_session_token = \"x\"",
        "role_arn = ROLE",
        "duration = 3601",
    ],
    &[
        "method iam-role",
        "source_connector = \"guest\"",
        "role_arn = ROLE",
    ],
    &[
        "method iam-role",
        "source_connector = \"nobody\"",
        "role_arn = ROLE",
    ],
    &[
        "method iam-role",
        "source_connector = \"anon\"",
        "role_arn = ROLE",
    ],
    &["method iam-role", "role_arn = ROLE"],
    &["method iam-role", "SOURCE", "KEYS", "role_arn = ROLE"],
    &["method iam-role", "SOURCE"],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = \"arn:aws:iam::123456789012:user/dev\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = \"arn:aws-cn:iam::123456789012:role/dev\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "role_session_name = \"x\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "role_session_name = \"{who}\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "external_id = \"x\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "source_identity = \"a b\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "policy = \"{\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "policy_arns = []",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "policy_arns = \"arn:aws:iam::123456789012:role/dev\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "tags = { \"aws:x\" = \"y\" }",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "tags = { a = \"1\", A = \"2\" }",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "mfa_serial = \"x\"",
    ],
    &[
        "method iam-role",
        "SOURCE",
        "role_arn = ROLE",
        "mfa_serial = SERIAL",
        "duration = \"2h\"",
    ],
    &[
        "method iam-role",
        "web_identity_token_file = \"/t\"",
        "role_arn = ROLE",
        "external_id = \"ext-1234\"",
    ],
    &["method session-token", "SOURCE", "duration = 899"],
    &["method session-token", "SOURCE", "duration = \"36h1s\""],
    &["method session-token", "SOURCE", "policy = \"{}\""],
    &["method session-token", "source_connector = \"hop\""],
    &[
        "method session-token",
        "aws_access_key_id = \"ASIAIOSFODNN7EXAMPLE\"",
        "aws_secret_access_key = \"x\"",
    ],
    &[
        "method federation-token",
        "SOURCE",
        "federation_name = \"n\"",
    ],
    &[
        "method federation-token",
        "source_connector = \"session\"",
        "policy = \"{}\"",
    ],
    &[
        "method federation-token",
        "SOURCE",
        "policy = \"{}\"",
        "mfa_serial = SERIAL",
    ],
];

const SOURCES: &str = r#"
[connectors.hop]
auth_method = "iam-role"
region = "us-east-1"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"

[connectors.session]
auth_method = "session-token"
region = "us-east-1"
source_connector = "base"

[connectors.guest]
auth_method = "federation-token"
region = "us-east-1"
source_connector = "base"
policy = '{"Version":"2012-10-17","Statement":[]}'

[connectors.anon]
auth_method = "anonymous"
"#;

fn connector(fields: &[&str]) -> String {
    let mut text = "\n[connectors.x]\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n".to_owned();
    for field in fields {
        let line = match *field {
            "KEYS" => "aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = \"x\""
                .to_owned(),
            "SOURCE" => "source_connector = \"base\"".to_owned(),
            other => match other.strip_prefix("method ") {
                Some(method) => format!("auth_method = \"{method}\""),
                None => other.to_owned(),
            },
        };
        text.push_str(&line);
        text.push('\n');
    }
    text.replace("ROLE", "\"arn:aws:iam::123456789012:role/dev\"")
        .replace("SERIAL", "\"arn:aws:iam::123456789012:mfa/dev\"")
}

#[test]
fn values_that_sts_would_refuse_are_an_error_before_any_call() {
    let world = World::empty();
    let mut transcript = Transcript::new(&world);
    for fields in REFUSED {
        world.profile(&[BASE, SOURCES, &connector(fields)]);
        let answer = world.credential_process(&["--connector", "x"]).answer();
        let line = answer.failure();
        assert!(
            line.starts_with("aws-connector: connector 'x': "),
            "{fields:?}: {line}"
        );
        transcript.case(&fields.join(", "), &answer);
    }
    assert_eq!(world.calls(), 0);
    transcript.check("limits.txt");
}

#[test]
fn values_at_the_limits_are_accepted() {
    let world = World::empty();
    for fields in [
        &[
            "method iam-role",
            "SOURCE",
            "role_arn = ROLE",
            "duration = 900",
        ][..],
        &[
            "method iam-role",
            "SOURCE",
            "role_arn = ROLE",
            "duration = \"12h\"",
        ],
        &[
            "method iam-role",
            "source_connector = \"hop\"",
            "role_arn = ROLE",
            "duration = 3600",
        ],
        &["method session-token", "SOURCE", "duration = \"36h\""],
        &[
            "method iam-role",
            "SOURCE",
            "role_arn = ROLE",
            "role_session_name = \"xy\"",
        ],
    ] {
        let sources = SOURCES.replace(
            "region = \"us-east-1\"",
            "region = \"us-east-1\"\nendpoint_url = \"URL\"",
        );
        world.profile(&[BASE, &sources, &connector(fields)]);
        world.session("x");
    }
}

#[test]
fn a_policy_too_long_for_sts_and_too_many_arns_or_tags_are_refused() {
    let world = World::empty();
    let long = format!(
        "policy = '{{\"Version\":\"2012-10-17\",\"Statement\":[],\"Id\":\"{}\"}}'",
        "x".repeat(2048)
    );
    let arns: Vec<String> = (0..11)
        .map(|n| format!("\"arn:aws:iam::aws:policy/P{n}\""))
        .collect();
    let arns = format!("policy_arns = [{}]", arns.join(","));
    let tags: Vec<String> = (0..51).map(|n| format!("k{n} = \"v\"")).collect();
    let tags = format!("tags = {{ {} }}", tags.join(","));
    let accounts: Vec<String> = (0..91).map(|n| format!("\"1000000000{n:02}\"")).collect();
    let accounts = format!("registries = [{}]", accounts.join(","));
    for (line, said) in [
        (&long, "at most 2048"),
        (&arns, "1 to 10"),
        (&tags, "at most 50"),
        (&accounts, "room for 90"),
    ] {
        world.profile(&[
            BASE,
            &connector(&["method iam-role", "SOURCE", "role_arn = ROLE", line]),
        ]);
        let answer = world.credential_process(&["--connector", "x"]).answer();
        assert!(answer.failure().contains(said), "{answer:?}");
    }
    assert_eq!(world.calls(), 0);
}

#[test]
fn anonymous_has_no_credentials() {
    let world = World::new(&[
        "[connectors.anon]\nauth_method = \"anonymous\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n",
    ]);
    let [process, docker, plugin] = world.all_three("anon").map(|run| run.answer());
    for line in [process.failure(), docker.docker_failure(), plugin.failure()] {
        assert!(
            line.contains("auth_method anonymous has no credentials"),
            "{line}"
        );
    }
    assert_eq!(world.calls(), 0);
}
