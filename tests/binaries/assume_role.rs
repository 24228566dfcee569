//! The parameters of AssumeRole and AssumeRoleWithWebIdentity.

use aws_standin::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use chrono::{TimeDelta, Utc};

use crate::methods::{POLICY, assert_params};
use crate::support::{BASE, ROLE, SHARED, World, params};

#[test]
fn assume_role_sends_every_field_of_the_connector() {
    let everything = format!(
        r#"
[connectors.all]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::210987654321:role/cross"
role_session_name = "{{connector}}.{{client}}@{{user}}"
external_id = "ext-1234"
policy = '{POLICY}'
policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
tags = {{ team = "data", stage = "prod" }}
transitive_tag_keys = ["team"]
source_identity = "ann"
duration = "30m"
"#
    );
    let world = World::new(&[BASE, &everything]);
    let session = world.session("all");
    let call = world.only_call("AssumeRole");
    let mut given = params(&call);
    let policy = given.remove("Policy").unwrap();
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&policy), read(POLICY));
    assert_params(
        &given,
        &[
            ("RoleArn", "arn:aws:iam::210987654321:role/cross"),
            ("RoleSessionName", "all.credential-process@tester"),
            ("ExternalId", "ext-1234"),
            (
                "PolicyArns.member.1.arn",
                "arn:aws:iam::aws:policy/ReadOnlyAccess",
            ),
            (
                "PolicyArns.member.2.arn",
                "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
            ),
            ("Tags.member.1.Key", "stage"),
            ("Tags.member.1.Value", "prod"),
            ("Tags.member.2.Key", "team"),
            ("Tags.member.2.Value", "data"),
            ("TransitiveTagKeys.member.1", "team"),
            ("SourceIdentity", "ann"),
            ("DurationSeconds", "1800"),
        ],
    );
    assert_eq!(call.region, "us-east-1");
    assert_eq!(
        call.principal_arn.as_deref(),
        Some("arn:aws:iam::123456789012:user/dev")
    );
    let left = session.expires.unwrap() - Utc::now();
    assert!(
        left > TimeDelta::minutes(28) && left <= TimeDelta::minutes(30),
        "{left}"
    );
}

#[test]
fn assume_role_sends_the_defaults() {
    let world = World::new(&[BASE, ROLE]);
    world.session("dev");
    assert_params(
        &params(&world.only_call("AssumeRole")),
        &[
            ("RoleArn", "arn:aws:iam::123456789012:role/dev"),
            ("RoleSessionName", "aws-connector-tester"),
            ("DurationSeconds", "3600"),
        ],
    );
}

#[test]
fn a_role_can_be_assumed_with_literal_keys_and_with_a_token() {
    let world = World::new(&[BASE, SHARED]);
    let live = world.session("dev");
    let token = live.token.as_deref().unwrap();
    let own = format!(
        "[connectors.keys]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n\
         aws_access_key_id = \"{ACCESS_KEY_ID}\"\naws_secret_access_key = {{ file = \"~/secret\" }}\n\
         role_arn = \"arn:aws:iam::123456789012:role/ops\"\nduration = 3600\n\
         [connectors.joined]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n\
         access_keys = {{ command = [\"cat\", \"pair\"] }}\n\
         role_arn = \"arn:aws:iam::123456789012:role/long\"\nduration = \"12h\"\n\
         [connectors.token]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n\
         aws_access_key_id = {{ env = \"THE_ID\" }}\naws_secret_access_key = {{ env = \"THE_SECRET\" }}\n\
         aws_session_token = {{ env = \"THE_TOKEN\" }}\nrole_arn = \"arn:aws:iam::123456789012:role/task\"\n"
    );
    world.profile(&[&own]);
    world.file("secret", &format!("{SECRET_ACCESS_KEY}\n"));
    world.file("pair", &format!("{ACCESS_KEY_ID},{SECRET_ACCESS_KEY}\n"));
    world.standin.clear_calls();
    world.session("keys");
    world.session("joined");
    let run = world
        .credential_process(&["--connector", "token"])
        .env("THE_ID", &live.id);
    let run = run.env("THE_SECRET", &live.secret).env("THE_TOKEN", token);
    run.answer().ok().session();
    let calls = world.standin.calls();
    let by: Vec<_> = calls
        .iter()
        .map(|call| call.access_key_id.as_deref().unwrap())
        .collect();
    assert_eq!(by, [ACCESS_KEY_ID, ACCESS_KEY_ID, &live.id]);
    let asked = world.assumed();
    let seconds: Vec<_> = asked
        .iter()
        .map(|call| call["DurationSeconds"].as_str())
        .collect();
    assert_eq!(seconds, ["3600", "43200", "3600"]);
}

#[test]
fn a_role_can_be_assumed_with_a_web_identity() {
    let world = World::new(&[r#"
[connectors.web]
auth_method = "iam-role"
region = "eu-west-1"
endpoint_url = "URL"
web_identity_token_file = "${HOME}/token"
role_arn = "arn:aws:iam::123456789012:role/dev"
role_session_name = "pod"
duration = "15m"
down_scope = false
"#]);
    let token = jwt(&serde_json::json!({
        "iss": "https://oidc.example", "sub": "system:serviceaccount:x:y", "aud": "sts.amazonaws.com",
        "exp": Utc::now().timestamp() + 600, "iat": Utc::now().timestamp(),
    }));
    world.file("token", &token);
    world.session("web");
    let call = world.only_call("AssumeRoleWithWebIdentity");
    assert_params(
        &params(&call),
        &[
            ("RoleArn", "arn:aws:iam::123456789012:role/dev"),
            ("RoleSessionName", "pod"),
            ("WebIdentityToken", &token),
            ("DurationSeconds", "900"),
        ],
    );
    assert_eq!(call.access_key_id, None);
    // A rotated token with the same identity keeps the session.
    let next = jwt(&serde_json::json!({
        "iss": "https://oidc.example", "sub": "system:serviceaccount:x:y", "aud": "sts.amazonaws.com",
        "exp": Utc::now().timestamp() + 900, "iat": Utc::now().timestamp() + 1,
    }));
    world.file("token", &next);
    world.session("web");
    assert_eq!(world.calls(), 1);
    let other = jwt(&serde_json::json!({
        "iss": "https://oidc.example", "sub": "system:serviceaccount:x:z", "aud": "sts.amazonaws.com",
        "exp": Utc::now().timestamp() + 900, "iat": Utc::now().timestamp() + 1,
    }));
    world.file("token", &other);
    world.session("web");
    assert_eq!(world.calls(), 2);
}

fn jwt(claims: &serde_json::Value) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"RS256","typ":"JWT"}"#),
        part(&claims.to_string()),
        part("signature")
    )
}

#[test]
fn session_names_are_cleaned_and_truncated_for_sts() {
    let world = World::new(&[BASE, ROLE]);
    let name = |user: &str| {
        world.standin.clear_calls();
        let run = world
            .credential_process(&["--connector", "dev"])
            .env("USER", user);
        run.answer().ok().session();
        params(&world.only_call("AssumeRole"))["RoleSessionName"].clone()
    };
    assert_eq!(name("Ann Ü/x"), "aws-connector-Ann---x");
    let long = "n".repeat(100);
    let (one, two) = (name(&long), name(&format!("{long}m")));
    assert_eq!((one.len(), two.len()), (64, 64));
    assert_ne!(one, two);
}
