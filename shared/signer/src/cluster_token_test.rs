#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

fn plan() -> TokenPlan {
    TokenPlan {
        cluster: "prod-1".into(),
        region: "eu-central-1".into(),
        sts_host: "sts.eu-central-1.amazonaws.com".into(),
    }
}

fn session(token: &str) -> Session {
    Session {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        session_token: (!token.is_empty()).then(|| Secret::new(token)),
        expires_at: Some(now() + TimeDelta::hours(1)),
        account_id: None,
        principal_arn: None,
        obtained_at: None,
    }
}

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z")
        .unwrap()
        .to_utc()
}

fn url(token: &ClusterToken) -> String {
    let text = token.token.expose().strip_prefix(PREFIX).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

// Both signatures were made by botocore's SigV4QueryAuth for the same request.
const WITH_SESSION_TOKEN: &str = "d7f5e3f39007bdb299cbac967951d9081e53e4b2e04c290d9fb405889cd312b7";
const WITHOUT: &str = "983dccf7be97a5d6eb2fd706cf24d32ce160ed3697b1383c3b1767d0e7512141";

#[test]
fn the_signature_matches_botocore() {
    for (session_token, signature) in [
        ("FwoGZXIvYXdzEBYaD/+=EXAMPLE==", WITH_SESSION_TOKEN),
        ("", WITHOUT),
    ] {
        let token = cluster_token(&plan(), &session(session_token), now()).unwrap();
        let url = url(&token);
        assert!(
            url.contains(&format!("&X-Amz-Signature={signature}")),
            "{url}"
        );
    }
}

#[test]
fn the_url_contains_only_what_the_verifier_allows() {
    let token = cluster_token(&plan(), &session("a/b+c="), now()).unwrap();
    let url = url(&token);
    let (place, query) = url.split_once('?').unwrap();
    assert_eq!(place, "https://sts.eu-central-1.amazonaws.com/");
    let mut pairs: Vec<_> = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .collect();
    pairs.retain(|(name, _)| *name != "X-Amz-Signature");
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        [
            ("Action", "GetCallerIdentity"),
            ("Version", "2011-06-15"),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            (
                "X-Amz-Credential",
                "ASIAIOSFODNN7EXAMPLE%2F20260301%2Feu-central-1%2Fsts%2Faws4_request"
            ),
            ("X-Amz-Date", "20260301T120000Z"),
            ("X-Amz-Expires", "60"),
            ("X-Amz-Security-Token", "a%2Fb%2Bc%3D"),
            ("X-Amz-SignedHeaders", "host%3Bx-k8s-aws-id"),
        ]
    );
}

#[test]
fn the_token_expires_before_its_session() {
    let mut session = session("t");
    assert_eq!(
        cluster_token(&plan(), &session, now()).unwrap().expires_at,
        now() + TimeDelta::minutes(14)
    );
    session.expires_at = Some(now() + TimeDelta::minutes(5));
    assert_eq!(
        cluster_token(&plan(), &session, now()).unwrap().expires_at,
        now() + TimeDelta::seconds(270)
    );
    session.expires_at = None;
    assert_eq!(
        cluster_token(&plan(), &session, now()).unwrap().expires_at,
        now() + TimeDelta::minutes(14)
    );
}

#[test]
fn a_token_longer_than_clusters_accept_is_an_error() {
    let longest = (2000..3000)
        .take_while(|length| cluster_token(&plan(), &session(&"x".repeat(*length)), now()).is_ok())
        .last()
        .unwrap();
    assert!((2500..2700).contains(&longest), "{longest}");
    let fits = cluster_token(&plan(), &session(&"x".repeat(longest)), now()).unwrap();
    assert!((4094..=4096).contains(&fits.token.expose().len()));
    let error = cluster_token(&plan(), &session(&"x".repeat(3000)), now())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("3000") && error.contains("4096") && error.contains("policy"),
        "{error}"
    );
    assert!(!error.contains("xxx"), "{error}");
}

fn dated(session: &Session, at: DateTime<Utc>) -> String {
    let token = cluster_token(&plan(), session, at).unwrap();
    let url = url(&token);
    let (_, rest) = url.split_once("X-Amz-Date=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

#[test]
fn tokens_of_a_session_within_four_minutes_are_identical() {
    let mut session = session("t");
    session.obtained_at = Some(now() - TimeDelta::hours(1));
    let token = |seconds| cluster_token(&plan(), &session, now() + TimeDelta::seconds(seconds));
    let first = token(0).unwrap();
    assert_eq!(token(239).unwrap(), first);
    assert_ne!(token(240).unwrap(), first);
    // At least ten minutes of lifetime remain.
    assert_eq!(first.expires_at, now() + TimeDelta::minutes(14));
}

#[test]
fn no_token_is_dated_before_its_session_or_in_the_future() {
    let at = |seconds| now() + TimeDelta::seconds(seconds);
    let mut temporary = session("t");
    temporary.obtained_at = Some(at(100));
    assert_eq!(dated(&temporary, at(100)), "20260301T120140Z");
    assert_eq!(dated(&temporary, at(200)), "20260301T120140Z");
    assert_eq!(dated(&temporary, at(300)), "20260301T120400Z");
    assert_eq!(dated(&temporary, at(50)), "20260301T120050Z");
    // The issue time is unknown.
    temporary.obtained_at = None;
    assert_eq!(dated(&temporary, at(100)), "20260301T120140Z");
    assert_eq!(dated(&session(""), at(100)), "20260301T120000Z");
}
