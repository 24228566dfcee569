//! Every call, against the AWS stand-in over its own connections.
#![expect(clippy::unwrap_used, reason = "a failed test should stop")]

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use aws_connector_core::clock::Origin;
use aws_connector_core::credential::RegistryLogin;
use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Kind, Reason};
use aws_connector_core::plan::{
    ContainerPlan, How, InstanceMetadataPlan, KeysPlan, PlannedKeys, RoleCall, Site, SsoPlan,
};
use aws_connector_core::profile::{Endpoints, KeyPair, Mfa, Policies, SecretRef};
use aws_standin::{Fault, FaultKind, Standin};
use chrono::{TimeDelta, Utc};

use super::*;

const DEV: &str = "arn:aws:iam::123456789012:role/dev";
const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const CROSS: &str = "arn:aws:iam::210987654321:role/cross";

fn sdk<const N: usize>(vars: [(&str, &str); N]) -> Sdk {
    Sdk {
        network: Network::new(Env::fixed(vars)),
    }
}

fn call() -> Call<'static> {
    Call {
        connector: "test",
        serving: "test",
        now: Utc::now(),
        deadline: Instant::now() + Duration::from_secs(20),
    }
}

fn site(url: String) -> Site {
    let endpoints = Endpoints {
        all: Some(url),
        by_service: BTreeMap::new(),
        use_fips: None,
        use_dual_stack: None,
        allow_insecure: false,
    };
    Site::new("us-east-1", &endpoints, &Env::fixed([])).unwrap()
}

fn user() -> Session {
    Session {
        access_key_id: aws_standin::ACCESS_KEY_ID.into(),
        secret_access_key: Secret::new(aws_standin::SECRET_ACCESS_KEY),
        session_token: None,
        expires_at: None,
        account_id: None,
        principal_arn: None,
        obtained_at: None,
    }
}

fn keys() -> Box<Step> {
    let literal = |text: &str| SecretRef::Literal(Secret::new(text));
    let pair = KeyPair::Joined(literal("not,used"));
    let how = How::Keys(KeysPlan {
        keys: PlannedKeys::local(pair),
        token: None,
        expires_at: None,
        tolerance: Duration::ZERO,
        origin: None,
    });
    Box::new(Step::new("base", &site("http://127.0.0.1:1".into()), how))
}

fn role(arn: &str) -> RoleCall {
    RoleCall {
        arn: arn.into(),
        session_name: "tester".into(),
        external_id: None,
        policies: Policies::default(),
        tags: BTreeMap::from([("team".to_owned(), "data".to_owned())]),
        transitive_tag_keys: vec!["team".into()],
        source_identity: None,
        duration: Duration::from_secs(900),
        mfa: None,
    }
}

fn step(url: String, how: How) -> Step {
    Step::new("dev", &site(url), how)
}

fn assume(url: String, call: RoleCall) -> Step {
    let source = keys();
    step(url, How::AssumeRole { source, call })
}

fn secrets(external_id: Option<&str>, mfa_code: Option<&str>) -> StepSecrets {
    StepSecrets {
        external_id: external_id.map(Secret::new),
        mfa_code: mfa_code.map(Secret::new),
    }
}

fn lives(session: &Session, seconds: i64) {
    let left = session.expires_at.unwrap() - Utc::now();
    let off = (left - TimeDelta::seconds(seconds)).abs();
    assert!(off < TimeDelta::seconds(30), "{left}");
    assert!(session.session_token.is_some());
}

#[test]
fn a_chain_of_roles_ends_in_a_registry_login() {
    let aws = Standin::start();
    let sdk = sdk([]);
    let none = StepSecrets::default();
    let first = sdk.session(&assume(aws.url(), role(DEV)), Some(&user()), &none, call());
    let first = first.unwrap();
    lives(&first, 900);
    assert_eq!(first.account_id.as_deref(), Some("123456789012"));
    let arn = first.principal_arn.as_deref().unwrap();
    assert_eq!(arn, "arn:aws:sts::123456789012:assumed-role/dev/tester");

    let mut cross = role(CROSS);
    // Transitive tags of the first role persist; they may not be sent again.
    cross.tags.clear();
    cross.transitive_tag_keys.clear();
    let cross = assume(aws.url(), cross);
    let second = sdk
        .session(
            &cross,
            Some(&first),
            &secrets(Some("ext-1234"), None),
            call(),
        )
        .unwrap();
    assert_eq!(second.account_id.as_deref(), Some("210987654321"));
    let wrong = secrets(Some("wrong-id-of-20-chars"), None);
    let error = sdk
        .session(&cross, Some(&first), &wrong, call())
        .unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert_eq!(error.reason(), Some(Reason::AccessDenied));
    let text = error.to_string();
    assert!(
        text.contains("connector 'dev'") && text.contains(CROSS),
        "{text}"
    );
    assert!(text.contains(arn) && text.contains("external_id"), "{text}");

    let date = sdk.server_date().unwrap();
    assert_eq!(date.origin, Origin::Endpoint);
    assert!((date.said - Utc::now()).abs() < TimeDelta::seconds(5));
}

fn login(sdk: &Sdk, aws: &Standin, public: bool, session: &Session) -> Result<RegistryLogin> {
    let site = site(aws.url()).in_region("eu-west-1");
    sdk.registry_login(&LoginPlan { public, site }, session, call())
}

#[test]
fn registry_logins_are_fetched_and_a_denial_is_reported() {
    let aws = Standin::start();
    aws.set_ecr_password(Some("pass:word"));
    let sdk = sdk([]);
    for public in [false, true] {
        let found = login(&sdk, &aws, public, &user()).unwrap();
        assert_eq!(found.username, "AWS");
        assert_eq!(found.password.expose(), "pass:word");
        let off = found.expires_at - Utc::now() - TimeDelta::hours(12);
        assert!(off.abs() < TimeDelta::seconds(30), "{off}");
    }
    let regions: Vec<_> = aws.calls().iter().map(|call| call.region.clone()).collect();
    assert_eq!(regions, ["eu-west-1", "us-east-1"]);
    aws.set_ecr_public_denied(true);
    let error = login(&sdk, &aws, true, &user()).unwrap_err();
    assert_eq!(error.kind, Kind::Denied, "{error}");
    let none = StepSecrets::default();
    let session = sdk
        .session(&assume(aws.url(), role(DEV)), Some(&user()), &none, call())
        .unwrap();
    let found = login(&sdk, &aws, false, &session).unwrap();
    assert_eq!(Some(found.expires_at), session.expires_at);
}

#[test]
fn user_keys_make_session_and_federation_tokens() {
    let aws = Standin::start();
    let sdk = sdk([]);
    let mfa = Some(Mfa {
        serial: aws_standin::MFA_SERIAL.into(),
        process: None,
        duration: Duration::from_secs(3600),
    });
    let session_token = |mfa| {
        let (source, duration) = (keys(), Duration::from_secs(3600));
        step(
            aws.url(),
            How::SessionToken {
                source,
                duration,
                mfa,
            },
        )
    };
    let plain = sdk.session(
        &session_token(None),
        Some(&user()),
        &StepSecrets::default(),
        call(),
    );
    lives(&plain.unwrap(), 3600);
    let with = session_token(mfa);
    let code = secrets(None, Some(aws_standin::MFA_CODE));
    lives(
        &sdk.session(&with, Some(&user()), &code, call()).unwrap(),
        3600,
    );
    let wrong = secrets(None, Some("000000"));
    let error = sdk
        .session(&with, Some(&user()), &wrong, call())
        .unwrap_err();
    assert_eq!(error.reason(), Some(Reason::WrongMfaCode), "{error}");

    let federation = step(
        aws.url(),
        How::FederationToken {
            source: keys(),
            name: "feddy".into(),
            duration: Duration::from_secs(900),
            policies: Policies {
                inline: Some(POLICY.into()),
                arns: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".into()],
            },
            tags: BTreeMap::new(),
        },
    );
    let session = sdk.session(&federation, Some(&user()), &StepSecrets::default(), call());
    let session = session.unwrap();
    lives(&session, 900);
    assert!(
        session
            .principal_arn
            .unwrap()
            .ends_with(":federated-user/feddy")
    );
}

#[cfg(feature = "inventory")]
#[test]
fn all_pages_of_a_list_of_buckets_are_fetched() {
    let aws = Standin::start();
    for number in 0..2500 {
        aws.add_bucket(&format!("b-{number:04}"), "us-east-1");
    }
    let found = sdk([]).buckets(&site(aws.url()), &user(), call()).unwrap();
    let names: Vec<_> = found.iter().map(|bucket| bucket.name.as_str()).collect();
    assert!(names.starts_with(&["b-0000", "b-0001"]), "{names:?}");
    assert!(names.ends_with(&["b-2499", "data", "logs"]), "{names:?}");
    assert_eq!((names.len(), aws.calls().len()), (2502, 3));
}

fn fault(aws: &Standin, service: &str, kind: FaultKind, times: Option<u32>) {
    let (service, action) = (service.to_owned(), "*".to_owned());
    aws.fault(Fault {
        service,
        action,
        kind,
        times,
    });
}

#[path = "standin_ambient_test.rs"]
mod ambient;
#[path = "standin_fault_test.rs"]
mod faults;
