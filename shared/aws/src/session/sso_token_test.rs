#![expect(clippy::unwrap_used, reason = "tests")]
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use chrono::TimeDelta;

use super::*;

fn plan(session_name: Option<&str>) -> SsoPlan {
    SsoPlan {
        profile: "dev".into(),
        session_name: session_name.map(str::to_owned),
        start_url: "https://d-92671207e4.awsapps.com/start".into(),
        region: "us-east-1".into(),
        account_id: "123456789012".into(),
        role_name: "Developer".into(),
        origin: String::new(),
    }
}

fn home(name: &str, text: &str) -> (tempfile::TempDir, Env) {
    let home = tempfile::tempdir().unwrap();
    let path = file(home.path(), name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    let env = Env::fixed([("HOME", home.path().to_str().unwrap())]);
    (home, env)
}

#[test]
fn the_file_is_named_as_the_aws_cli_names_it() {
    // The example from botocore's own tests.
    assert_eq!(
        file(Path::new("/h"), "https://d-92671207e4.awsapps.com/start"),
        Path::new("/h/.aws/sso/cache/13f9d35043871d073ab260e020f0ffde092cb14b.json")
    );
}

#[test]
fn a_renewed_token_replaces_the_old_one_and_keeps_the_rest() {
    let (home, env) = home(
        "corp",
        r#"{"accessToken":"old","expiresAt":"2026-03-01T12:00:00Z","clientId":"c","other":1,
            "clientSecret":"s","refreshToken":"r","registrationExpiresAt":"2026-05-01T00:00:00UTC"}"#,
    );
    let mut token = Token::load(&plan(Some("corp")), &env).unwrap();
    let now = token.expires_at;
    assert_eq!(token.refresh(now).unwrap().token.expose(), "r");
    assert!(token.refresh(now + TimeDelta::days(100)).is_none());
    token.replace("new".into(), None, now + TimeDelta::hours(1));
    let again = Token::load(&plan(Some("corp")), &env).unwrap();
    assert_eq!(again.access_token.expose(), "new");
    assert_eq!(again.expires_at, now + TimeDelta::hours(1));
    assert_eq!(again.refresh(now).unwrap().token.expose(), "r");
    assert_eq!(again.document.get("other"), Some(&Value::from(1)));
    let mode = fs::metadata(file(home.path(), "corp"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_older_kind_of_login_is_not_renewed() {
    let (_home, env) = home(
        &plan(None).start_url,
        r#"{"accessToken":"t","expiresAt":"2026-03-01T12:00:00Z","clientId":"c",
            "clientSecret":"s","refreshToken":"r","registrationExpiresAt":"2026-05-01T00:00:00Z"}"#,
    );
    let token = Token::load(&plan(None), &env).unwrap();
    assert!(token.refresh(token.expires_at).is_none());
}

#[test]
fn a_missing_login_and_a_missing_token_are_different_errors() {
    let (_home, env) = home("corp", "{}");
    let refusal = |name| Token::load(&plan(Some(name)), &env).err().unwrap();
    assert_eq!(refusal("other").kind, Kind::Interaction);
    assert_eq!(refusal("corp").kind, Kind::NoCredentials);
}
