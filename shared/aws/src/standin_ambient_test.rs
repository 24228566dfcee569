//! Sources of credentials that are not signed AWS APIs.

use super::*;

#[test]
fn local_endpoints_return_the_credentials_of_their_role() {
    let aws = Standin::start();
    // These must bypass the proxy.
    let sdk = sdk([]);
    let ask = |how| sdk.session(&step(aws.url(), how), None, &StepSecrets::default(), call());
    let container = |path: &str, token: Option<&str>| {
        ask(How::Container(ContainerPlan {
            uri: format!("{}{path}", aws.url()),
            token: token.map(Secret::new),
            token_file: None,
        }))
    };
    let session = container("/v2/credentials/x", None).unwrap();
    lives(&session, 6 * 3600);
    assert_eq!(session.account_id.as_deref(), Some("123456789012"));
    container("/v1/credentials", Some(aws_standin::CONTAINER_TOKEN)).unwrap();
    let error = container("/v1/credentials", Some("wrong")).unwrap_err();
    assert_eq!(error.kind, Kind::NoCredentials);
    assert!(error.to_string().contains("HTTP 401"), "{error}");

    let metadata = |seconds: u64, tried: &str| {
        ask(How::InstanceMetadata(InstanceMetadataPlan {
            endpoint: aws.url(),
            patience: Duration::from_secs(seconds),
            tried: tried.to_owned(),
        }))
    };
    lives(&metadata(20, "").unwrap(), 6 * 3600);
    aws.set_instance_role(None);
    let error = metadata(20, "environment: nothing").unwrap_err();
    assert_eq!(error.kind, Kind::NoCredentials);
    let text = error.to_string();
    assert!(
        text.contains("environment: nothing") && text.contains("no role"),
        "{text}"
    );
    fault(&aws, "imds", FaultKind::Hang, None);
    let start = Instant::now();
    let error = metadata(1, "").unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_login_to_identity_center_is_used_and_renewed() {
    let aws = Standin::start();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".aws/sso/cache");
    fs::create_dir_all(&folder).unwrap();
    // The SHA-1 of "corp".
    let file = folder.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
    let sdk = sdk([("HOME", home.path().to_str().unwrap())]);
    let plan = SsoPlan {
        profile: "work".into(),
        session_name: Some("corp".into()),
        start_url: "https://example.awsapps.com/start".into(),
        region: "us-east-1".into(),
        account_id: "123456789012".into(),
        role_name: "Developer".into(),
        origin: String::new(),
    };
    let ask = || {
        let step = step(aws.url(), How::Sso(plan.clone()));
        sdk.session(&step, None, &StepSecrets::default(), call())
    };
    let write = |token: &str, minutes: i64, refresh: &str| {
        let time = |after: TimeDelta| (Utc::now() + after).format("%FT%TZ").to_string();
        let text = serde_json::json!({
            "accessToken": token, "expiresAt": time(TimeDelta::minutes(minutes)),
            "clientId": "c", "clientSecret": "s", "refreshToken": refresh,
            "registrationExpiresAt": time(TimeDelta::days(30)),
        });
        fs::write(&file, text.to_string()).unwrap();
    };
    assert_eq!(ask().unwrap_err().kind, Kind::Interaction);
    write(aws_standin::SSO_ACCESS_TOKEN, 60, "");
    let session = ask().unwrap();
    lives(&session, 3600);
    assert_eq!(session.account_id.as_deref(), Some("123456789012"));
    write("stale", -5, aws_standin::SSO_REFRESH_TOKEN);
    ask().unwrap();
    assert!(!fs::read_to_string(&file).unwrap().contains("stale"));
    assert_eq!(aws.count("sso-oidc", "CreateToken"), 1);
    for (token, minutes) in [("stale", -5), ("revoked", 60)] {
        write(token, minutes, "worthless");
        let text = ask().unwrap_err().to_string();
        assert!(text.contains("aws sso login --profile work"), "{text}");
    }
}
