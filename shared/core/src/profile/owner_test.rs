//! Ownership of the connectors file, and what root accepts from another user's.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use super::Profile;
use crate::env::Env;
use crate::user::Runner;

const ROLE: &str = "[connectors.dev]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\n\
    role_arn = \"arn:aws:iam::123456789012:role/dev\"\n\
    aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\n";

/// Parses connector `dev` in a file owned by uid 1000, as `uid`.
fn read(lines: &str, uid: u32) -> Result<(), String> {
    let sudo = Env::fixed([("SUDO_UID", "1000"), ("SUDO_USER", "ann")]);
    let text = format!("{ROLE}{lines}\n");
    Profile::parse(Path::new("connectors.toml"), text, &sudo)
        .unwrap()
        .owned(1000, &Runner::new(uid, &sudo))
        .connector("dev")
        .map(drop)
        .map_err(|error| error.to_string())
}

#[test]
fn root_runs_no_command_from_a_file_of_another_user() {
    let secret = "aws_secret_access_key = \"s3cret\"\n";
    for (lines, field) in [
        (
            "aws_secret_access_key = { command = [\"give\"] }".to_owned(),
            "aws_secret_access_key",
        ),
        (
            format!("{secret}external_id = {{ command = [\"give\"] }}"),
            "external_id",
        ),
        (
            format!(
                "{secret}mfa_serial = \"arn:aws:iam::123456789012:mfa/ann\"\nmfa_process = [\"give\"]"
            ),
            "mfa_process",
        ),
    ] {
        let told = read(&lines, 0).unwrap_err();
        assert!(
            told.contains(&format!(
                "field '{field}': a command is not allowed to run as root: the file belongs to \
                 \"ann\" (uid 1000); fix: run it as that user (without sudo), or, if you trust \
                 the file, run 'chown root connectors.toml'"
            )),
            "{told}"
        );
        assert_eq!(read(&lines, 1000), Ok(()), "{field}");
    }
    assert_eq!(read(secret, 0), Ok(()));
}

#[test]
fn root_follows_no_reference_from_a_file_of_another_user() {
    let with = |secret: &str| format!("aws_secret_access_key = {secret}");
    for (lines, field, what) in [
        (
            with("{ env = \"S\" }"),
            "aws_secret_access_key",
            "an environment variable must not be read",
        ),
        (
            with("{ file = \"/root/secret\" }"),
            "aws_secret_access_key",
            "a secret file must not be read",
        ),
        (
            with("{ keyring = \"service/user\" }"),
            "aws_secret_access_key",
            "the desktop keyring must not be read",
        ),
        (
            with("\"s\"\nexternal_id = { file = \"/root/secret\" }"),
            "external_id",
            "a secret file must not be read",
        ),
        (
            with("{ ssm = \"p\" }\nendpoint_url = \"https://example.com\""),
            "endpoint_url",
            "ambient credentials are not sent to it",
        ),
    ] {
        let told = read(&lines, 0).unwrap_err();
        let what = format!(
            "field '{field}': {what} as root: the file belongs to \"ann\" (uid 1000); fix: "
        );
        assert!(told.contains(&what), "{told}");
        assert_eq!(read(&lines, 1000), Ok(()), "{field}");
    }
    assert_eq!(read(&with("{ ssm = \"p\" }"), 0), Ok(()));
}

#[test]
fn root_sends_no_token_where_a_file_of_another_user_says() {
    const ROLE: &str = "role_arn = \"arn:aws:iam::123456789012:role/dev\"\n";
    const ENDPOINT: &str = "endpoint_url = \"https://example.com\"\n";
    for (lines, refused) in [
        (
            format!("auth_method = \"iam-role\"\n{ROLE}web_identity_token_file = \"/t\"\n"),
            "field 'web_identity_token_file': a token file must not be read as root",
        ),
        (
            format!("auth_method = \"iam-role\"\n{ROLE}source_profile = \"p\"\n{ENDPOINT}"),
            "field 'endpoint_url': ambient credentials are not sent to it as root",
        ),
        (
            format!("auth_method = \"implicit\"\n{ENDPOINT}"),
            "field 'endpoint_url': ambient credentials are not sent to it as root",
        ),
    ] {
        let env = Env::fixed([("SUDO_UID", "1000")]);
        let read = |uid: u32| {
            let text = format!("[connectors.dev]\nregion = \"us-east-1\"\n{lines}");
            Profile::parse(Path::new("connectors.toml"), text, &env)
                .unwrap()
                .owned(1000, &Runner::new(uid, &env))
                .connector("dev")
                .map(drop)
                .map_err(|error| error.to_string())
        };
        let told = read(0).unwrap_err();
        assert!(told.contains(refused), "{told}");
        assert_eq!(read(1000), Ok(()), "{refused}");
    }
}

#[test]
fn a_connector_is_refused_for_the_command_of_its_source() {
    let text = format!(
        "{ROLE}aws_secret_access_key = {{ command = [\"give\"] }}\n[connectors.next]\nauth_method = \"iam-role\"\n\
         region = \"us-east-1\"\nsource_connector = \"dev\"\nrole_arn = \"arn:aws:iam::123456789012:role/next\"\n"
    );
    let env = Env::fixed([("SUDO_UID", "1000")]);
    let told = Profile::parse(Path::new("connectors.toml"), text, &env)
        .unwrap()
        .owned(1000, &Runner::new(0, &env))
        .connector("next")
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("connector 'dev'") && told.contains("not allowed to run as root"),
        "{told}"
    );
}
