//! Cluster tokens: accepted by the cluster, and never valid after the session.

use chrono::{TimeDelta, Utc};
use serde_json::json;

use crate::support::{BASE, ROLE, Token, Transcript, World, now};

const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/dev/aws-connector-tester";

#[test]
fn a_token_passes_the_verifier_and_names_the_role() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    let answer = world.eks_token(&["--cluster", "prod"]).answer().ok();
    let token = Token::of(&answer, "aws");
    assert_eq!(token.url.host, "sts.us-east-1.amazonaws.com");
    assert_eq!(token.parameter("X-Amz-Expires"), "60");
    assert_eq!(
        token.parameter("X-Amz-SignedHeaders"),
        "host%3Bx-k8s-aws-id"
    );
    assert_eq!(token.caller(&world, "prod").unwrap(), SESSION);
    // Another cluster refuses it.
    assert_eq!(token.caller(&world, "stage"), Err(403));
    assert_eq!(token.caller(&world, "pro"), Err(403));
}

#[test]
fn custom_endpoints_do_not_reach_the_token() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    let url = world.standin.url();
    let address = url.replace("http://", "");
    let run = world.eks_token(&["--cluster", "prod"]);
    let answer = run
        .env("AWS_ENDPOINT_URL", &url)
        .env("AWS_ENDPOINT_URL_STS", &url)
        .env("AWS_USE_FIPS_ENDPOINT", "false")
        .answer()
        .ok();
    let token = Token::of(&answer, "aws");
    assert!(
        !token.text.contains(&address) && !token.text.contains("127.0.0.1"),
        "{}",
        token.text
    );
    assert!(token.text.starts_with(
        "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&"
    ));
    let names: Vec<&str> = token
        .url
        .query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "Action",
            "Version",
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "X-Amz-SignedHeaders"
        ]
    );
    token.caller(&world, "prod").unwrap();
}

#[test]
fn fips_and_dual_stack_do_not_change_the_tokens_host() {
    for line in [
        "use_fips_endpoint = true\n",
        "use_dualstack_endpoint = true\n",
    ] {
        let world = World::new(&[
            "default_connector = \"dev\"\n",
            BASE,
            &[ROLE, line].concat(),
        ]);
        let answer = world.eks_token(&["--cluster", "prod"]).answer().ok();
        let token = Token::of(&answer, "aws");
        assert_eq!(token.caller(&world, "prod").unwrap(), SESSION, "{line}");
    }
}

#[test]
fn the_token_is_signed_for_the_clusters_region() {
    let allowed = [ROLE, "allowed_regions = [\"eu-west-1\"]\n"].concat();
    let world = World::new(&["default_connector = \"dev\"\n", BASE, &allowed]);
    let arn = "arn:aws:eks:eu-west-1:123456789012:cluster/stage";
    for args in [
        &["--cluster", arn][..],
        &["--cluster", "stage", "--region", "eu-west-1"],
    ] {
        let answer = world.eks_token(args).answer().ok();
        let token = Token::of(&answer, "aws");
        assert_eq!(token.url.host, "sts.eu-west-1.amazonaws.com");
        assert!(
            token
                .parameter("X-Amz-Credential")
                .contains("%2Feu-west-1%2Fsts%2F")
        );
        assert_eq!(token.caller(&world, "stage").unwrap(), SESSION);
    }
    // Neither `--region` nor an ARN allows another region.
    world.profile(&["default_connector = \"dev\"\n", BASE, ROLE]);
    for args in [
        &["--cluster", "stage", "--region", "eu-west-1"][..],
        &["--cluster", arn],
    ] {
        let refused = world.eks_token(args).answer();
        assert!(
            refused
                .failure()
                .contains("is in eu-west-1, but the connector is for us-east-1")
        );
    }
}

#[test]
fn a_token_expires_14_minutes_after_its_date() {
    let world = World::new(&["default_connector = \"base\"\n", BASE]);
    let before = now();
    let answer = world.eks_token(&["--cluster", "prod"]).answer().ok();
    let token = Token::of(&answer, "aws");
    // The date is the start of a window of four minutes.
    let date = token.expires.timestamp() - 840;
    assert!(
        (before - before % 240..=now()).contains(&date) && date % 240 == 0,
        "{date} is not the start of the window of {before}"
    );
    // Long-lived keys: signing makes no call and caches nothing.
    assert_eq!(world.calls(), 0);
    assert!(!world.cache_path().exists());
    assert_eq!(
        token.caller(&world, "prod").unwrap(),
        "arn:aws:iam::123456789012:user/dev"
    );
}

#[test]
fn a_token_never_expires_after_its_session() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    for seconds in [60, 600, 869, 871] {
        world.standin.set_max_session_seconds(Some(seconds));
        let run = world
            .eks_token(&["--cluster", "prod"])
            .env("AWS_CONNECTOR_CACHE", "off");
        let answer = run.answer().ok();
        let token = Token::of(&answer, "aws");
        let left = token.expires.timestamp() - now();
        let most = (seconds - 30).min(840);
        assert!(left <= most && left >= most - 10, "{seconds}: {left}");
    }
}

#[test]
fn a_token_from_a_cached_session_expires_with_it() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    world.standin.set_max_session_seconds(Some(900));
    world.eks_token(&["--cluster", "prod"]).answer().ok();
    let entry = world.entry("session");
    entry.age(TimeDelta::seconds(600));
    let run = world
        .eks_token(&["--cluster", "prod"])
        .env("AWS_CONNECTOR_REFRESH_AHEAD", "off");
    let answer = run.answer().ok();
    let token = Token::of(&answer, "aws");
    let end = entry.time("/expires_at") - TimeDelta::seconds(30);
    assert_eq!(token.expires.timestamp(), end.timestamp());
    assert_eq!(world.standin.count("sts", "AssumeRole"), 1);
}

#[test]
fn a_token_is_signed_for_each_request_and_dated_by_its_window() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    let token = || {
        let answer = world.eks_token(&["--cluster", "prod"]).answer().ok();
        Token::of(&answer, "aws")
    };
    let one = token();
    let obtained_at = world
        .entry("session")
        .time("/payload/obtained_at")
        .timestamp();
    let date = one.date().timestamp();
    assert_eq!(
        date, obtained_at,
        "the first token is as old as its session"
    );
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let two = token();
    // The same, unless a new window has begun.
    if now() / 240 == obtained_at / 240 {
        assert_eq!(one.date(), two.date());
        assert_eq!(
            one.parameter("X-Amz-Signature"),
            two.parameter("X-Amz-Signature")
        );
    }
    assert_eq!(one.access_key_id(), two.access_key_id());
    assert_eq!(world.standin.count("sts", "AssumeRole"), 1);
    // Tokens are not cached.
    for entry in world.entries() {
        assert!(
            !String::from_utf8(entry.bytes())
                .unwrap()
                .contains("k8s-aws-v1")
        );
    }
}

#[test]
fn a_session_token_that_is_too_long_for_a_cluster_is_an_error() {
    let connector = |length: usize| {
        format!(
            "default_connector = \"long\"\n[connectors.long]\nauth_method = \"sts-token\"\nregion = \"us-east-1\"\n\
             aws_access_key_id = \"ASIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = \"x\"\naws_session_token = \"{}\"\n",
            "t".repeat(length)
        )
    };
    let world = World::new(&[&connector(2550)]);
    let answer = world.eks_token(&["--cluster", "prod"]).answer().ok();
    Token::of(&answer, "aws");
    world.profile(&[&connector(2750)]);
    let answer = world.eks_token(&["--cluster", "prod"]).answer();
    let mut transcript = Transcript::new(&world);
    answer.failure();
    transcript.case("a session token of 2750 characters", &answer);
    transcript.check("token_too_long.txt");
}

#[test]
fn the_document_contains_only_the_token_and_its_expiration() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    let document = world
        .eks_token(&["--cluster", "prod"])
        .exec_info("v1")
        .answer()
        .ok()
        .json();
    let status = document["status"].as_object().unwrap();
    let names: Vec<&str> = status.keys().map(String::as_str).collect();
    assert_eq!(names, ["expirationTimestamp", "token"]);
    assert_eq!(document["kind"], json!("ExecCredential"));
    let end: chrono::DateTime<Utc> = status["expirationTimestamp"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        end > Utc::now()
            && status["expirationTimestamp"]
                .as_str()
                .unwrap()
                .ends_with('Z')
    );
}
