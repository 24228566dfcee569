//! The auth methods: calls to AWS contain exactly the settings of the connector.

use std::collections::BTreeMap;

use aws_standin::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use chrono::{TimeDelta, Utc};

use crate::support::{BASE, REGISTRY, ROLE, SHARED, World, params};

const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

/// `name=value` for each parameter, with list members numbered as STS does.
#[track_caller]
fn assert_params(given: &BTreeMap<String, String>, wanted: &[(&str, &str)]) {
    let wanted: BTreeMap<String, String> = wanted
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(given, &wanted);
}

#[test]
fn a_secret_key_is_served_without_a_call() {
    let world = World::new(&[BASE]);
    let session = world.session("base");
    assert_eq!(session.id, ACCESS_KEY_ID);
    assert_eq!(session.secret, SECRET_ACCESS_KEY);
    assert_eq!((session.token, session.expires), (None, None));
    assert_eq!(world.calls(), 0);
    assert!(!world.cache_path().exists());
}

#[test]
fn an_sts_token_is_served_until_its_safety_margin() {
    let world = World::new(&[BASE, SHARED]);
    let live = world.session("dev");
    let token = live.token.as_deref().unwrap();
    let connector = |left: TimeDelta, more: &str| {
        let at = (Utc::now() + left).to_rfc3339();
        format!(
            "[connectors.handed]\nauth_method = \"sts-token\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n\
             aws_access_key_id = \"{}\"\naws_secret_access_key = \"{}\"\naws_session_token = \"{token}\"\n\
             expires_at = \"{at}\"\n{more}",
            live.id, live.secret
        )
    };
    world.profile(&[&connector(TimeDelta::minutes(6), "")]);
    world.standin.clear_calls();
    let session = world.session("handed");
    assert_eq!(
        (&session.id, session.token.as_deref()),
        (&live.id, Some(token))
    );
    assert!(session.expires.is_some());
    assert_eq!(world.calls(), 0);
    let docker = world.docker("get", REGISTRY).env("AWS_CONNECTOR", "handed");
    docker.answer().ok().password();
    assert_eq!(
        world.only_call("GetAuthorizationToken").access_key_id,
        Some(live.id.clone())
    );

    let refused = |more: &str, left: TimeDelta| {
        world.profile(&[&connector(left, more)]);
        let run = world
            .credential_process(&["--connector", "handed"])
            .answer();
        run.failure().to_owned()
    };
    assert!(refused("", TimeDelta::minutes(4)).contains("300 s safety margin"));
    let tolerance = "expires_skew_tolerance = \"10m\"\n";
    assert!(refused(tolerance, TimeDelta::minutes(9)).contains("600 s safety margin"));
    assert!(refused("", TimeDelta::minutes(-1)).contains("expired at"));
}

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
fn get_session_token_sends_only_the_duration() {
    let connector = |duration: &str| {
        format!(
            "[connectors.session]\nauth_method = \"session-token\"\nregion = \"us-east-1\"\n\
             endpoint_url = \"URL\"\nsource_connector = \"base\"\n{duration}"
        )
    };
    let world = World::new(&[BASE, &connector("")]);
    for (line, seconds) in [
        ("", "43200"),
        ("duration = \"36h\"\n", "129600"),
        ("duration = 900\n", "900"),
    ] {
        world.profile(&[BASE, &connector(line)]);
        world.standin.clear_calls();
        let session = world.session("session");
        assert!(session.token.is_some() && session.expires.is_some());
        assert_params(
            &params(&world.only_call("GetSessionToken")),
            &[("DurationSeconds", seconds)],
        );
        assert_eq!(world.calls(), 1);
    }
}

#[test]
fn get_federation_token_sends_name_policies_and_tags() {
    let world = World::new(&[
        BASE,
        &format!(
            r#"
[connectors.federated]
auth_method = "federation-token"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
federation_name = "guest"
policy = '{POLICY}'
policy_arns = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
tags = {{ team = "data" }}
duration = "2h"

[connectors.plain]
auth_method = "federation-token"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "{ACCESS_KEY_ID}"
aws_secret_access_key = "{SECRET_ACCESS_KEY}"
"#
        ),
    ]);
    world.session("federated");
    let call = world.only_call("GetFederationToken");
    let mut given = params(&call);
    assert!(given.remove("Policy").unwrap().contains("s3:*"));
    assert_params(
        &given,
        &[
            ("Name", "guest"),
            (
                "PolicyArns.member.1.arn",
                "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
            ),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "data"),
            ("DurationSeconds", "7200"),
        ],
    );
    world.standin.clear_calls();
    // Without a policy the session would have no permissions, so it is refused until a resource type supplies a
    // policy.
    let powerless = world.credential_process(&["--connector", "plain"]).answer();
    assert!(
        powerless
            .failure()
            .contains("a federation-token session without a policy has no permissions")
    );
    assert_eq!(world.calls(), 0);
    let args = [
        "--connector",
        "plain",
        "--resource-type",
        "s3-bucket",
        "--resource-id",
        "data",
    ];
    world.credential_process(&args).answer().ok().session();
    let mut given = params(&world.only_call("GetFederationToken"));
    assert!(
        given
            .remove("Policy")
            .unwrap()
            .contains("arn:aws:s3:::data/*")
    );
    assert_params(
        &given,
        &[
            ("Name", "aws-connector-tester"),
            ("DurationSeconds", "43200"),
        ],
    );
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

#[test]
fn a_disabled_connector_is_refused_even_if_its_session_is_cached() {
    let default = "default_connector = \"dev\"\n";
    let world = World::new(&[default, BASE, SHARED]);
    for run in world.all_three("dev") {
        run.answer().ok();
    }
    let disabled = [SHARED, "enabled = false\n"].concat();
    world.profile(&[default, BASE, &disabled]);
    let calls = world.calls();
    let [process, docker, plugin] = world.all_three("dev").map(|run| run.answer());
    for line in [process.failure(), docker.docker_failure(), plugin.failure()] {
        assert!(line.contains("this connector is disabled"), "{line}");
    }
    let refresh = world
        .credential_process(&["--connector", "dev"])
        .env("AWS_CONNECTOR_REFRESH", "1");
    assert!(
        refresh
            .answer()
            .failure()
            .contains("this connector is disabled")
    );
    assert_eq!(world.docker("list", "").answer().ok().stdout, "{}\n");
    assert_eq!(world.calls(), calls);
    world.profile(&[default, BASE, SHARED]);
    world.session("dev");
    assert_eq!(world.calls(), calls);
}

#[test]
fn a_disabled_source_is_refused_too() {
    let base = [BASE, "enabled = false\n"].concat();
    let world = World::new(&[&base, SHARED]);
    let answer = world.credential_process(&["--connector", "dev"]).answer();
    assert!(
        answer.failure().contains("'base' is disabled"),
        "{answer:?}"
    );
    assert_eq!(world.calls(), 0);
}
