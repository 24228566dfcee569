#![expect(clippy::unwrap_used, reason = "tests")]
use std::time::{Duration, Instant};

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::secret::Secret;
use aws_smithy_runtime_api::client::result::ConnectorError;
use chrono::Utc;

use super::*;
use crate::names::NoAddress;
use crate::network::Network;

fn ask<T>(operation: &'static str, what: &str, judge: impl FnOnce(&Question<'_>) -> T) -> T {
    ask_by("AKIAIOSFODNN7EXAMPLE", operation, what, judge)
}

fn ask_by<T>(
    access_key_id: &str,
    operation: &'static str,
    what: &str,
    judge: impl FnOnce(&Question<'_>) -> T,
) -> T {
    let call = Call {
        connector: "dev",
        serving: "dev",
        now: Utc::now(),
        deadline: Instant::now() + Duration::from_secs(20),
    };
    let session = Session {
        access_key_id: access_key_id.into(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        session_token: Some(Secret::new("FwoGZXIvYXdzEBYaEXAMPLE")),
        expires_at: None,
        account_id: None,
        principal_arn: None,
        obtained_at: None,
    };
    let network = Network::default();
    judge(
        &network
            .question(operation, format!("{operation}{what}"), call)
            .by(&session),
    )
}

fn code_of(error: &Error) -> &str {
    &error.refusal.as_ref().unwrap().code
}

fn denied(code: &str, message: &str) -> Error {
    ask(
        "sts:AssumeRole",
        " of arn:aws:iam::1:role/dev",
        |question| question.refused(403, code, Some(message)),
    )
}

#[test]
fn a_secret_in_place_of_the_access_key_id_is_never_shown() {
    let misplaced = "a_secret_in_the_wrong_place";
    let said = format!("no such key {misplaced}");
    let error = ask_by(misplaced, "sts:AssumeRole", "", |question| {
        question.refused(403, "InvalidClientTokenId", Some(&said))
    });
    let text = format!("{error} {error:?}");
    assert!(text.contains("[not an access key id]"), "{text}");
    assert!(!text.contains(misplaced), "{text}");
}

#[test]
fn a_denial_names_the_call_the_code_the_message_and_the_fix() {
    let error = denied("AccessDenied", "User: x is not\nauthorized");
    assert_eq!(error.kind, Kind::Denied);
    assert_eq!(code_of(&error), "AccessDenied");
    assert_eq!(
        error.summary(),
        "sts:AssumeRole of arn:aws:iam::1:role/dev was denied (AccessDenied): User: x is not \
         authorized"
    );
    let fix = error.fix.unwrap();
    assert!(
        fix.contains("trust policy") && fix.contains("AKIAIOSFODNN7EXAMPLE"),
        "{fix}"
    );
    assert!(fix.contains("external_id"), "{fix}");
}

#[test]
fn the_fix_names_the_arn_that_aws_denied_and_a_missing_role() {
    let arn = "arn:aws:iam::123456789012:user/dev";
    let said = format!("User: {arn} is not authorized to perform: sts:AssumeRole on resource: x.");
    let error = denied("AccessDenied", &said);
    assert!(error.summary().ends_with("on resource: x"), "{error}");
    let fix = error.fix.unwrap();
    assert!(
        fix.contains(&format!(
            "allow {arn} or its account in the role's trust policy"
        )),
        "{fix}"
    );
    assert!(
        fix.contains("the role exists") && !fix.contains("AKIA"),
        "{fix}"
    );
    for said in [
        "User: x is not authorized",
        "User: arn:a b is not authorized to",
    ] {
        let fix = denied("AccessDenied", said).fix.unwrap();
        assert!(
            fix.contains("; allow the identity of AKIAIOSFODNN7EXAMPLE or"),
            "{fix}"
        );
    }
}

#[test]
fn an_unknown_host_name_suggests_the_region() {
    let network = Network::default();
    let call = Call {
        connector: "dev",
        serving: "dev",
        now: Utc::now(),
        deadline: Instant::now() + Duration::from_secs(20),
    };
    let mut question = network.question(
        "sts:GetCallerIdentity",
        "sts:GetCallerIdentity".into(),
        call,
    );
    question.region = "us-nowhere-1".to_owned();
    for (host, is_unknown, fix) in [
        (
            "sts.us-nowhere-1.amazonaws.com",
            true,
            "check the region us-nowhere-1",
        ),
        (
            "sts.us-nowhere-1.amazonaws.com",
            false,
            "check the network and the name server",
        ),
        (
            "emulator.invalid",
            true,
            "check the host name in the endpoint",
        ),
    ] {
        question.connection.set_peer(&format!("{host}:443"));
        let error = ConnectorError::io(NoAddress::new(is_unknown, "request timed out").into());
        let error = question.not_reached(&error);
        assert!(error.fix.as_deref().unwrap().starts_with(fix), "{error}");
        let summary = error.summary();
        let cause = match is_unknown {
            true => "host name not found",
            false => "host name lookup failed: request timed out",
        };
        assert!(
            summary.ends_with(&format!("connect to {host}:443: {cause}")),
            "{summary}"
        );
    }
}

#[test]
fn every_known_denial_has_a_fix() {
    for code in [
        "AccessDeniedException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "ExpiredToken",
        "ExpiredTokenException",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "RegionDisabledException",
        "MalformedPolicyDocument",
        "PackedPolicyTooLarge",
        "ValidationError",
        "InvalidIdentityToken",
    ] {
        let error = denied(code, "");
        assert_eq!(error.kind, Kind::Denied, "{code}");
        assert!(error.fix.is_some(), "{code}");
    }
    assert_eq!(denied("SomethingNew", "").kind, Kind::Denied);
}

#[test]
fn a_busy_aws_is_not_a_denial() {
    for (status, code) in [
        (400, "Throttling"),
        (400, "ThrottlingException"),
        (429, "TooManyRequestsException"),
        (503, "ServiceUnavailable"),
        (500, "Whatever"),
        (400, "IDPCommunicationError"),
    ] {
        let error = ask("sts:GetSessionToken", "", |q| q.refused(status, code, None));
        assert_eq!(error.kind, Kind::Unavailable, "{code}");
        assert_eq!(error.reason(), Some(Reason::Busy));
        assert_eq!(code_of(&error), code);
        assert!(error.fix.is_some());
    }
}

#[test]
fn a_wrong_mfa_code_has_a_code_of_its_own() {
    let error = denied(
        "AccessDenied",
        "MultiFactorAuthentication failed with invalid MFA one time pass code.",
    );
    assert_eq!(error.reason(), Some(Reason::WrongMfaCode));
    assert!(error.fix.unwrap().contains("new code"));
}

#[test]
fn a_message_never_shows_a_secret() {
    let error = denied(
        "SignatureDoesNotMatch",
        "we got FwoGZXIvYXdzEBYaEXAMPLE and wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\u{1b}[2J",
    );
    let text = error.to_string();
    assert!(!text.contains("FwoG") && !text.contains("wJalr"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn an_invalid_code_is_truncated() {
    let error = denied("Bad\u{1b}[2J\nthing", "x");
    assert_eq!(code_of(&error), "Bad");
    assert_eq!(code_of(&denied("", "x")), "unknown");
}

#[test]
fn a_signature_of_the_wrong_time_names_the_clock() {
    let error = denied(
        "SignatureDoesNotMatch",
        "Signature expired: 20260301T120000Z is now earlier than 20260301T125500Z",
    );
    assert_eq!(code_of(&error), "SignatureDoesNotMatch");
    assert!(
        error.summary().contains("time in the signature is wrong"),
        "{}",
        error.summary()
    );
    assert!(error.fix.unwrap().contains("clock"));
    let plain = denied("SignatureDoesNotMatch", "it does not match");
    assert!(plain.fix.unwrap().contains("secret access key"));
}

#[test]
fn an_unreachable_endpoint_is_reported_with_its_cause() {
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let error = ConnectorError::io(refused.into());
    let error = ask("ecr:GetAuthorizationToken", "", |q| q.not_reached(&error));
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(
        error.summary().contains("connection refused"),
        "{}",
        error.summary()
    );
    assert!(error.fix.is_some());
}

#[test]
fn an_error_of_our_own_is_returned_unchanged() {
    let own = Error::local("AWS_CA_BUNDLE names nothing").fix("unset it");
    let wrapped = ConnectorError::user(own.clone().into());
    assert_eq!(ask("sts:AssumeRole", "", |q| q.not_reached(&wrapped)), own);
}

#[test]
fn lengths_of_time_are_short() {
    assert_eq!(shown_length(TimeDelta::seconds(3725)), "1h02m");
    assert_eq!(shown_length(TimeDelta::seconds(80)), "1m20s");
}
