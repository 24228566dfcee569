//! import: Lava connections and AWS CLI profiles.

use crate::support::{Machine, Ran, ran};

const FILE: &str = ".config/aws-connector/connectors.toml";

fn lava(machine: &Machine, text: &str, flags: &[&str]) -> Ran {
    machine.write("conn.json", text);
    machine.run(&[&["import", "lava", "conn.json"], flags].concat())
}

#[test]
fn every_field_of_a_lava_connection_is_imported() {
    let machine = Machine::with_connectors();
    let before = machine.read(FILE);
    let text = r#"{"conn_id": "all", "type": "aws", "enabled": false, "description": "from Lava", "region": "eu-west-1",
        "access_keys": "/lava/prod/keys", "external_id": "/lava/prod/id", "duration": "2h", "role_arn": "arn:aws:iam::210987654321:role/cross",
        "policy": {"Version": "2012-10-17", "Statement": []}, "policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        "tags": {"team": "data"}, "x-owner": "ann"}"#;
    let ran = lava(&machine, text, &["--source-connector", "base"]).ok();
    assert!(ran.stdout.starts_with("Imported all into "), "{ran:#?}");
    assert_eq!(
        machine.read(FILE),
        before
            + r#"
[connectors.all]
description = "from Lava"
enabled = false
auth_method = "iam-role"
region = "eu-west-1"
access_keys = { ssm = "/lava/prod/keys", connector = "base" }
role_arn = "arn:aws:iam::210987654321:role/cross"
external_id = { ssm = "/lava/prod/id", connector = "base" }
duration = "2h"
policy = '{"Statement":[],"Version":"2012-10-17"}'
policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
tags = { team = "data" }
"#
    );
}

#[test]
fn lava_import_uses_ambient_credentials_only_on_request() {
    let role = r#"{"conn_id": "r", "type": "aws", "enabled": true, "role_arn": "arn:aws:iam::123456789012:role/dev"}"#;
    let keys = r#"{"conn_id": "k", "type": "aws", "enabled": true, "access_keys": "/teams/dev/keys", "region": "us-east-1"}"#;
    let machine = Machine::with_connectors();
    let before = machine.read(FILE);
    for text in [role, keys] {
        let refused = lava(&machine, text, &[]);
        assert!(
            refused.status != 0
                && refused
                    .stderr
                    .contains("--source-connector or --allow-implicit-auth-methods"),
            "{refused:#?}"
        );
        assert_eq!(machine.read(FILE), before);
    }
    lava(&machine, role, &["--allow-implicit-auth-methods"]).ok();
    assert!(
        machine
            .read(FILE)
            .contains("auth_method = \"implicit\"\nallow_implicit_auth_methods = true\nrole_arn")
    );
    lava(&machine, keys, &["--source-connector", "base"]).ok();
    // The parameter holds the user's keys, so the imported connector works.
    machine
        .run(&["update", "k", "--endpoint-url", &machine.standin.url()])
        .ok();
    let ran = machine.run(&["export", "k"]).ok();
    assert!(ran.stdout.contains("AKIAIOSFODNN7EXAMPLE"), "{ran:#?}");
}

#[test]
fn lava_import_rejects_other_input_with_a_one_line_error() {
    let machine = Machine::with_connectors();
    let before = machine.read(FILE);
    for (text, told) in [
        ("{", "not a Lava connection: "),
        ("[]", "not a Lava connection: "),
        (
            r#"{"conn_id": "x", "type": "postgres", "enabled": true}"#,
            "unsupported connection type \"postgres\", expected \"aws\"",
        ),
        (
            r#"{"conn_id": "x", "type": "aws", "enabled": true}"#,
            "access_keys or role_arn is required",
        ),
        (
            r#"{"conn_id": "x", "type": "aws", "enabled": true, "acces_keys": "/k"}"#,
            "unknown field `acces_keys`",
        ),
        (
            r#"{"type": "aws", "enabled": true, "access_keys": "/k"}"#,
            "missing field `conn_id`",
        ),
        (
            r#"{"conn_id": "a b", "type": "aws", "enabled": true, "access_keys": "/k"}"#,
            "\"a b\" is not a valid connector name",
        ),
        (
            r#"{"conn_id": "dev", "type": "aws", "enabled": true, "access_keys": "/k"}"#,
            "connector 'dev' already exists",
        ),
        (
            r#"{"conn_id": "x", "type": "aws", "enabled": true, "role_arn": "arn:aws:iam::123456789012:role/x", "duration": 1.5}"#,
            "duration must be a whole number",
        ),
        (
            r#"{"conn_id": "x", "type": "aws", "enabled": true, "role_arn": "arn:aws:iam::123456789012:role/x", "duration": "1y"}"#,
            "duration",
        ),
    ] {
        let ran = lava(&machine, text, &["--source-connector", "base"]);
        assert!(
            ran.status != 0 && ran.stderr.contains(told),
            "{text}: {ran:#?}"
        );
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:#?}");
        assert_eq!(machine.read(FILE), before, "{text}");
    }
    let ran = machine.run(&["import", "lava", "nowhere.json"]);
    assert!(
        ran.stderr.contains("nowhere.json: No such file"),
        "{ran:#?}"
    );
}

#[test]
fn lava_import_reads_standard_input() {
    let machine = Machine::with_connectors();
    let path = machine.write(
        "conn.json",
        r#"{"conn_id": "piped", "type": "aws", "enabled": true, "access_keys": "/teams/dev/keys"}"#,
    );
    let ran = ran(machine
        .command()
        .args([
            "import",
            "lava",
            "-",
            "--source-connector",
            "base",
            "--output",
            "json",
        ])
        .stdin(std::fs::File::open(path).unwrap()))
    .ok();
    assert_eq!(ran.json()["imported"], serde_json::json!(["piped"]));
}

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

#[test]
fn all_profiles_that_can_be_imported_are_imported_once() {
    let machine = Machine::new();
    machine.write(
        ".aws/config",
        "[default]\nregion = us-east-1\n\n[profile work]\nregion = eu-west-1\nsource_profile = default\nrole_arn = arn:aws:iam::123456789012:role/dev\n\n[profile \"my one\"]\nregion = us-east-2\n\n[profile aws-connector-dev]\ncredential_process = x\n\n[sso-session corp]\n",
    );
    machine.write(
        ".aws/credentials",
        &format!("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}\n\n[keys-only]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}\n"),
    );
    let ran = machine.run(&["import", "aws-profiles"]).ok();
    assert!(
        ran.stdout.starts_with("Skipped \"my one\": \"my one\" is not a valid connector name.\nImported default, work, keys-only into "),
        "{ran:#?}"
    );
    let text = machine.read(FILE);
    assert!(text.contains("[connectors.work]\nauth_method = \"implicit\"\nprofile_name = \"work\"\nregion = \"eu-west-1\"\n"), "{text}");
    assert!(
        text.contains(
            "[connectors.keys-only]\nauth_method = \"implicit\"\nprofile_name = \"keys-only\"\n"
        ),
        "{text}"
    );
    assert!(!text.contains(SECRET));
    // A second import changes nothing.
    let again = machine
        .run(&["import", "aws-profiles", "--output", "json"])
        .ok()
        .json();
    assert_eq!(again["imported"], serde_json::json!([]));
    assert_eq!(again["skipped"].as_array().unwrap().len(), 4, "{again}");
    assert_eq!(machine.read(FILE), text);
    // Profiles requested by name are not skipped silently.
    for (name, told) in [
        ("work", "connector 'work' already exists"),
        ("my one", "is not a valid connector name"),
        ("nosuch", "AWS CLI profile 'nosuch' not found in "),
    ] {
        let ran = machine.run(&["import", "aws-profiles", name]);
        assert!(ran.status != 0 && ran.stderr.contains(told), "{ran:#?}");
        assert_eq!(machine.read(FILE), text);
    }
}

#[test]
fn import_without_any_profile_suggests_aws_configure() {
    let machine = Machine::new();
    let ran = machine.run(&["import", "aws-profiles"]);
    assert!(
        ran.status == 2 && ran.stderr.contains("run 'aws configure' first"),
        "{ran:#?}"
    );
    assert!(!machine.path(FILE).exists());
}
