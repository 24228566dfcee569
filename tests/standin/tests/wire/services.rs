//! The JSON services over the wire.

use crate::support::{Got, assume, post, user};
use aws_standin::{Role, Standin};
use serde_json::Value;

fn call(standin: &Standin, scope: (&str, &str), target: &str, body: &str) -> Got {
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target),
    ];
    post(standin, &user(), scope, &headers, body, |r| r).expect("an answer")
}

#[test]
fn a_secure_string_is_returned_only_with_decryption() {
    let standin = Standin::start();
    let get = |body: &str| {
        call(
            &standin,
            ("ssm", "us-east-1"),
            "AmazonSSM.GetParameter",
            body,
        )
    };
    let value = |body: &str| {
        let got: Value = serde_json::from_str(&get(body).body).unwrap();
        got["Parameter"]["Value"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        value(r#"{"Name":"/teams/dev/external-id","WithDecryption":true}"#),
        "ext-1234"
    );
    assert_ne!(value(r#"{"Name":"/teams/dev/external-id"}"#), "ext-1234");
    standin.add_parameter("plain", "p", false);
    let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/plain";
    assert_eq!(value(&format!(r#"{{"Name":"{arn}"}}"#)), "p");
    assert!(
        get(r#"{"Name":"/none"}"#)
            .body
            .contains("ParameterNotFound")
    );
}

#[test]
fn ecr_public_exists_in_one_region_and_can_be_denied() {
    let standin = Standin::start();
    let get = |region: &str| {
        call(
            &standin,
            ("ecr-public", region),
            "SpencerFrontendService.GetAuthorizationToken",
            "{}",
        )
    };
    assert_eq!(get("us-east-1").status, 200);
    assert!(
        get("eu-west-1")
            .body
            .contains("UnsupportedCommandException")
    );
    standin.set_ecr_public_denied(true);
    assert!(get("us-east-1").body.contains("AccessDeniedException"));
}

#[test]
fn a_registry_password_is_new_each_time_unless_it_was_set() {
    let standin = Standin::start();
    let target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
    let token = || call(&standin, ("ecr", "us-east-1"), target, "{}").body;
    assert_ne!(token(), token());
    standin.set_ecr_password(Some("known"));
    // base64 of "AWS:known"
    assert!(token().contains("QVdTOmtub3du"));
    let other = "AmazonEC2ContainerRegistry_V20150921.DeleteRepository";
    assert!(
        call(&standin, ("ecr", "us-east-1"), other, "{}")
            .body
            .contains("UnknownOperationException")
    );
}

#[test]
fn a_role_is_limited_by_its_own_policy_too() {
    let standin = Standin::start();
    let arn = "arn:aws:iam::123456789012:role/narrow";
    let policy = r#"{"Statement":{"Effect":"Allow","Action":"eks:*","Resource":"*"}}"#;
    standin.add_role(
        arn,
        Role {
            policy: Some(policy.into()),
            ..Role::default()
        },
    );
    let keys = assume(&standin, &user(), "narrow", &[]).keys();
    let got = crate::support::ecr(&standin, &keys);
    assert!(
        got.body.contains("no identity-based policy allows"),
        "{}",
        got.body
    );
}
