//! export: prints credentials.

use std::process::Command;

use crate::support::{Machine, ran};

#[test]
fn export_prints_three_formats() {
    let machine = Machine::with_connectors();
    let env = machine.run(&["export", "base"]).ok().stdout;
    assert_eq!(
        env,
        format!(
            "export AWS_ACCESS_KEY_ID='AKIAIOSFODNN7EXAMPLE'\nexport AWS_SECRET_ACCESS_KEY='wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'\nunset AWS_SESSION_TOKEN\nunset AWS_CREDENTIAL_EXPIRATION\nexport AWS_REGION='us-east-1'\nexport AWS_DEFAULT_REGION='us-east-1'\nexport AWS_ENDPOINT_URL='{}'\n",
            machine.standin.url()
        )
    );
    for args in [&["--format", "json"], &["--output", "json"]] {
        let json = machine
            .run(&[&["export", "dev"], &args[..]].concat())
            .ok()
            .json();
        assert_eq!(json["Version"], 1);
        assert!(json["Expiration"].as_str().unwrap().ends_with('Z'));
        assert!(json["AccessKeyId"].as_str().unwrap().starts_with("ASIA"));
    }
    let file = machine
        .run(&["export", "dev", "--format", "credentials-file"])
        .ok()
        .stdout;
    let keys: Vec<&str> = file
        .lines()
        .filter_map(|line| line.split(" = ").next())
        .collect();
    assert_eq!(
        keys,
        [
            "[dev]",
            "aws_access_key_id",
            "aws_secret_access_key",
            "aws_session_token",
            "region",
            "endpoint_url"
        ]
    );
    // One session for all of them, and another one for the requested resource.
    assert_eq!(machine.standin.count("sts", "AssumeRole"), 1);
    let bucket = [
        "export",
        "dev",
        "--resource-type",
        "s3-bucket",
        "--resource-id",
        "data",
    ];
    machine.run(&bucket).ok();
    let calls = machine.standin.calls();
    let policy = calls
        .iter()
        .rev()
        .find_map(|call| call.params.get("Policy"))
        .unwrap();
    assert!(policy.contains("arn:aws:s3:::data/*"), "{policy}");
}

/// A connector whose secret comes from a command.
fn with_secret(printf: &str) -> Machine {
    let machine = Machine::new();
    let text = format!(
        "[connectors.k]\nauth_method = \"secret-key\"\nregion = \"us-east-1\"\naws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = {{ command = [\"printf\", {printf:?}] }}\n"
    );
    machine.write(".config/aws-connector/connectors.toml", &text);
    machine
}

#[test]
fn a_shell_reads_back_any_secret() {
    for secret in ["it's $HOME `x` \"y\" \\\\ z", "a;b&c|d#e", "line\nbreak"] {
        let machine = with_secret(secret);
        let line = "eval \"$(aws-connector export k)\"; printf %s \"$AWS_SECRET_ACCESS_KEY\"; env | grep -c AWS_SESSION_TOKEN";
        let shell = ran(Command::new("sh")
            .args(["-c", line])
            .env_clear()
            .envs(
                machine
                    .command()
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("AWS_SESSION_TOKEN", "of an earlier session"));
        assert_eq!(shell.stdout, format!("{}0\n", secret.replace("\\\\", "\\")));
    }
}

#[test]
fn export_refuses_a_secret_that_would_break_a_credentials_file() {
    let machine = with_secret("line\nrole_arn = x");
    let ran = machine.run(&["export", "k", "--format", "credentials-file"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert_eq!(
        ran.stderr,
        "aws-connector: connector 'k': aws_secret_access_key contains a control character; fix: correct the value where the connector reads it\n"
    );
    machine.run(&["export", "k", "--format", "json"]).ok();
}

#[test]
fn export_uses_the_default_connector_and_reports_an_unknown_one() {
    let machine = Machine::with_connectors();
    let ran = machine.run(&["export"]).ok();
    assert!(ran.stdout.contains("AWS_SESSION_TOKEN='"), "{ran:#?}");
    let ran = machine.run(&["export", "deve"]);
    assert!(ran.status != 0 && ran.stdout.is_empty(), "{ran:#?}");
    assert!(
        ran.stderr.contains("\"deve\"") && ran.stderr.contains("dev"),
        "{ran:#?}"
    );
}
