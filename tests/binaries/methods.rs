//! The auth methods: calls to AWS contain exactly the settings of the connector.

use std::collections::BTreeMap;

use aws_standin::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use chrono::{TimeDelta, Utc};

use crate::support::{BASE, REGISTRY, SHARED, World, params};

pub(crate) const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

/// `name=value` for each parameter, with list members numbered as STS does.
#[track_caller]
pub(crate) fn assert_params(given: &BTreeMap<String, String>, wanted: &[(&str, &str)]) {
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
