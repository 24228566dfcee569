//! What the stand-in must refuse, over the wire.

use crate::support::*;
use aws_standin::{
    Fault, FaultKind, MFA_CODE, MFA_SERIAL, ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY, Role,
    Standin,
};
use std::time::{Duration, Instant};

fn refused(got: &Got, code: &str, told: &str) {
    assert_eq!(got.element("Code"), code, "{}", got.body);
    assert!(got.body.contains(told), "{told:?} is not in {}", got.body);
}

#[test]
fn a_valid_signature_is_accepted_and_invalid_ones_are_not() {
    let standin = Standin::start();
    let body = form("GetCallerIdentity", &[]);
    let ask = |spoil: &dyn Fn(String) -> String| {
        post(
            &standin,
            &user(),
            ("sts", "us-east-1"),
            &[FORM],
            &body,
            spoil,
        )
        .unwrap()
    };
    assert_eq!(
        ask(&|r| r).element("Arn"),
        "arn:aws:iam::123456789012:user/dev"
    );
    let flip = |r: String| {
        let at = r.find("Signature=").unwrap() + "Signature=".len();
        let digit = if &r[at..=at] == "0" { "1" } else { "0" };
        format!("{}{digit}{}", &r[..at], &r[at + 1..])
    };
    refused(
        &ask(&flip),
        "SignatureDoesNotMatch",
        "does not match the signature you provided",
    );
    refused(
        &ask(&|r| r.replace("2011-06-15", "2011-06-16")),
        "SignatureDoesNotMatch",
        "",
    );
    refused(
        &ask(&|r| r.replace("/us-east-1/", "/us-east-2/")),
        "SignatureDoesNotMatch",
        "",
    );
    refused(
        &ask(&|r| {
            r.replace(
                "SignedHeaders=content-type;host;",
                "SignedHeaders=content-type;",
            )
        }),
        "SignatureDoesNotMatch",
        "Host",
    );
    refused(
        &ask(&|r| r.replace("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF")),
        "InvalidClientTokenId",
        "",
    );
    refused(
        &ask(&|r| r.replace("Authorization: ", "X-Other: ")),
        "MissingAuthenticationToken",
        "",
    );
    let refusals = standin
        .calls()
        .iter()
        .filter(|c| c.error_code.is_some())
        .count();
    assert_eq!(
        (refusals, standin.count("sts", "GetCallerIdentity")),
        (6, 7)
    );
}

#[test]
fn a_request_with_a_skewed_clock_is_refused() {
    let standin = Standin::start();
    for (offset, told) in [
        (301, "Signature expired: "),
        (-310, "Signature not yet current: "),
    ] {
        standin.set_clock_offset(offset);
        refused(
            &sts(&standin, &user(), "GetCallerIdentity", &[]),
            "SignatureDoesNotMatch",
            told,
        );
        let got = ecr(&standin, &user());
        assert!(
            got.status == 400 && got.body.contains("InvalidSignatureException"),
            "{}",
            got.body
        );
    }
    standin.set_clock_offset(290);
    assert_eq!(sts(&standin, &user(), "GetCallerIdentity", &[]).status, 200);
}

#[test]
fn a_session_requires_its_own_token_and_expires() {
    let standin = Standin::start();
    let session = assume(&standin, &user(), "dev", &[]).keys();
    let other = assume(&standin, &user(), "dev", &[]).keys();
    assert!(session.id.starts_with("ASIA") && session.id.len() == 20 && session.id != other.id);
    let ask = |keys: &Keys| sts(&standin, keys, "GetCallerIdentity", &[]);
    assert_eq!(
        ask(&session).element("Arn"),
        "arn:aws:sts::123456789012:assumed-role/dev/test"
    );
    refused(
        &ask(&Keys {
            token: other.token.clone(),
            ..session.clone()
        }),
        "InvalidClientTokenId",
        "",
    );
    refused(
        &ask(&Keys {
            token: None,
            ..session.clone()
        }),
        "InvalidClientTokenId",
        "",
    );
    standin.expire(&session.id);
    refused(&ask(&session), "ExpiredToken", "");
    assert!(
        ecr(&standin, &session)
            .body
            .contains("ExpiredTokenException")
    );
    assert_eq!(ask(&other).status, 200);
}

#[test]
fn every_limit_of_assume_role_is_enforced() {
    let standin = Standin::start();
    let long = |c: &str, n| c.repeat(n);
    let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
    let names: Vec<String> = (1..=51)
        .map(|i| format!("PolicyArns.member.{i}.arn"))
        .collect();
    let tags: Vec<String> = (1..=51).map(|i| format!("Tags.member.{i}.Key")).collect();
    let many_arns = |n: usize| {
        names[..n]
            .iter()
            .map(|s| (s.as_str(), arn))
            .collect::<Vec<_>>()
    };
    let many_tags = |n: usize| {
        tags[..n]
            .iter()
            .map(|s| (s.as_str(), s.as_str()))
            .collect::<Vec<_>>()
    };
    let check = |params: &[(&str, &str)], code: Option<&str>| {
        let got = assume(&standin, &user(), "dev", params);
        assert_eq!(
            Some(got.element("Code"))
                .filter(|c| !c.is_empty())
                .as_deref(),
            code,
            "{params:?}: {}",
            got.body
        );
    };
    let bad = Some("ValidationError");
    for (seconds, code) in [
        ("899", bad),
        ("900", None),
        ("43200", None),
        ("43201", bad),
        ("x", bad),
    ] {
        check(&[("DurationSeconds", seconds)], code);
    }
    for name in ["RoleSessionName", "SourceIdentity"] {
        for (value, code) in [
            ("a", bad),
            ("ab", None),
            (&long("a", 64), None),
            (&long("a", 65), bad),
            ("a b", bad),
        ] {
            check(&[(name, value)], code);
        }
    }
    for (value, code) in [
        ("a", bad),
        ("a/:b", None),
        (&long("e", 1224), None),
        (&long("e", 1225), bad),
        ("a b", bad),
    ] {
        check(&[("ExternalId", value)], code);
    }
    check(&many_arns(10), None);
    check(&many_arns(11), bad);
    check(&many_tags(50), None);
    check(&many_tags(51), bad);
    check(
        &[("Tags.member.1.Key", "a"), ("Tags.member.2.Key", "A")],
        Some("InvalidParameterValue"),
    );
    check(&[("TransitiveTagKeys.member.1", "a")], bad);
    check(&[("Policy", &long("{", 2049))], bad);
    check(&[("Policy", "{nonsense")], Some("MalformedPolicyDocument"));
    check(
        &[("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/None")],
        Some("MalformedPolicyDocument"),
    );
    check(&[("SerialNumber", MFA_SERIAL), ("TokenCode", "12345")], bad);
    check(&[("SerialNumber", MFA_SERIAL)], Some("AccessDenied"));
    check(&[("RoleArn", "arn:aws:iam::123456789012:user/dev")], bad);
    check(
        &[("RoleArn", "arn:aws:iam::123456789012:role/none")],
        Some("AccessDenied"),
    );
    let ops = assume(&standin, &user(), "ops", &[("DurationSeconds", "3601")]);
    refused(
        &ops,
        "ValidationError",
        "exceeds the MaxSessionDuration set for this role",
    );
}

#[test]
fn permissions_are_those_of_sts() {
    let standin = Standin::start();
    let root = Keys {
        id: ROOT_ACCESS_KEY_ID.into(),
        secret: ROOT_SECRET_ACCESS_KEY.into(),
        token: None,
    };
    refused(
        &assume(&standin, &root, "dev", &[]),
        "AccessDenied",
        "root accounts",
    );
    let role = assume(&standin, &user(), "dev", &[]).keys();
    let session = sts(&standin, &user(), "GetSessionToken", &[]).keys();
    let federated = sts(&standin, &user(), "GetFederationToken", &[("Name", "fed")]).keys();
    for keys in [&role, &session, &federated] {
        for (action, name) in [("GetSessionToken", "x"), ("GetFederationToken", "Name")] {
            let got = sts(&standin, keys, action, &[(name, "fed")]);
            refused(
                &got,
                "AccessDenied",
                &format!("Cannot call {action} with session credentials"),
            );
        }
    }
    for keys in [&role, &session] {
        assert_eq!(
            assume(&standin, keys, "long", &[("DurationSeconds", "3600")]).status,
            200
        );
        let got = assume(&standin, keys, "long", &[("DurationSeconds", "3601")]);
        refused(
            &got,
            "ValidationError",
            "1 hour session limit for roles assumed by role chaining",
        );
    }
    refused(
        &assume(&standin, &federated, "dev", &[]),
        "AccessDenied",
        "",
    );
    assert_eq!(
        sts(&standin, &federated, "GetCallerIdentity", &[]).status,
        200
    );
    for seconds in ["899", "129601"] {
        refused(
            &sts(
                &standin,
                &user(),
                "GetSessionToken",
                &[("DurationSeconds", seconds)],
            ),
            "ValidationError",
            "",
        );
    }
    let name = "n".repeat(33);
    refused(
        &sts(&standin, &user(), "GetFederationToken", &[("Name", &name)]),
        "ValidationError",
        "",
    );
}

#[test]
fn a_session_policy_is_enforced_and_cannot_be_swapped() {
    let standin = Standin::start();
    let policy = |action: &str| {
        format!(r#"{{"Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}"#)
    };
    let allowed = assume(&standin, &user(), "dev", &[("Policy", &policy("ecr:Get*"))]).keys();
    let denied = assume(&standin, &user(), "dev", &[("Policy", &policy("eks:*"))]).keys();
    assert_eq!(ecr(&standin, &allowed).status, 200);
    let got = ecr(&standin, &denied);
    assert!(
        got.body.contains("AccessDeniedException")
            && got
                .body
                .contains("no session policy allows the ecr:GetAuthorizationToken action"),
        "{}",
        got.body
    );
    let powerless = sts(&standin, &user(), "GetFederationToken", &[("Name", "fed")]).keys();
    assert!(ecr(&standin, &powerless).body.contains("no session policy"));
    let by_arn = (
        "PolicyArns.member.1.arn",
        "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
    );
    assert_eq!(
        ecr(
            &standin,
            &assume(&standin, &user(), "dev", &[by_arn]).keys()
        )
        .status,
        200
    );
}

#[test]
fn external_id_and_mfa_are_required() {
    let standin = Standin::start();
    let cross = ("RoleArn", "arn:aws:iam::210987654321:role/cross");
    refused(
        &assume(&standin, &user(), "", &[cross]),
        "AccessDenied",
        "not authorized to perform: sts:AssumeRole",
    );
    refused(
        &assume(&standin, &user(), "", &[cross, ("ExternalId", "ext-123")]),
        "AccessDenied",
        "",
    );
    assert_eq!(
        assume(&standin, &user(), "", &[cross, ("ExternalId", "ext-1234")]).status,
        200
    );

    let code = |code| [("SerialNumber", MFA_SERIAL), ("TokenCode", code)];
    refused(&assume(&standin, &user(), "mfa", &[]), "AccessDenied", "");
    refused(
        &assume(&standin, &user(), "mfa", &code("000000")),
        "AccessDenied",
        "invalid MFA one time pass code",
    );
    assert_eq!(
        assume(&standin, &user(), "mfa", &code(MFA_CODE)).status,
        200
    );
    let session = sts(&standin, &user(), "GetSessionToken", &code(MFA_CODE)).keys();
    assert_eq!(assume(&standin, &session, "mfa", &[]).status, 200);
    let plain = sts(&standin, &user(), "GetSessionToken", &[]).keys();
    refused(&assume(&standin, &plain, "mfa", &[]), "AccessDenied", "");
    standin.set_mfa_single_use(true);
    assert_eq!(
        assume(&standin, &user(), "mfa", &code(MFA_CODE)).status,
        200
    );
    refused(
        &assume(&standin, &user(), "mfa", &code(MFA_CODE)),
        "AccessDenied",
        "invalid MFA",
    );
}

#[test]
fn a_key_is_unknown_in_another_partition() {
    let standin = Standin::start();
    let body = form("GetCallerIdentity", &[]);
    let ask =
        |keys: &Keys| post(&standin, keys, ("sts", "cn-north-1"), &[FORM], &body, |r| r).unwrap();
    refused(&ask(&user()), "InvalidClientTokenId", "");
    standin.add_user_in("aws-cn", "111122223333", "li", "AKIACHINA", "geheim");
    standin.add_role("arn:aws-cn:iam::111122223333:role/dev", Role::default());
    let li = Keys {
        id: "AKIACHINA".into(),
        secret: "geheim".into(),
        token: None,
    };
    assert_eq!(
        ask(&li).element("Arn"),
        "arn:aws-cn:iam::111122223333:user/li"
    );
}

#[test]
fn faults_occur_as_configured() {
    let standin = Standin::start();
    let body = form("GetCallerIdentity", &[]);
    let ask = || {
        post(
            &standin,
            &user(),
            ("sts", "us-east-1"),
            &[FORM],
            &body,
            |r| r,
        )
    };
    let once = |kind| {
        standin.fault(Fault {
            service: "sts".into(),
            action: "*".into(),
            kind,
            times: Some(1),
        })
    };
    once(FaultKind::Drop);
    assert!(ask().is_none());
    once(FaultKind::HalfAnswer);
    let half = ask().unwrap();
    let length = half
        .head
        .to_lowercase()
        .split("content-length: ")
        .nth(1)
        .map(|v| v.lines().next().unwrap().to_owned());
    assert!(half.body.len() < length.unwrap().parse().unwrap() && !half.body.is_empty());
    once(FaultKind::Throttle);
    refused(&ask().unwrap(), "Throttling", "Rate exceeded");
    once(FaultKind::ServerError(503));
    assert_eq!(ask().unwrap().status, 503);
    once(FaultKind::Garbage);
    assert!(ask().unwrap().body.starts_with("<html>"));
    once(FaultKind::WrongDate(-86_400));
    let yesterday = (chrono::Utc::now() - chrono::Duration::days(1))
        .format("%a, %d %b %Y")
        .to_string();
    assert!(ask().unwrap().head.contains(&yesterday));
    once(FaultKind::Delay(Duration::from_millis(300)));
    let from = Instant::now();
    assert_eq!(ask().unwrap().status, 200);
    assert!(from.elapsed() >= Duration::from_millis(300));
    assert_eq!(ask().unwrap().status, 200);
    assert_eq!(standin.count("sts", "*"), 8);
}

#[test]
fn sessions_can_be_shorter_than_requested() {
    let standin = Standin::start();
    standin.set_max_session_seconds(Some(60));
    let got = assume(&standin, &user(), "dev", &[("DurationSeconds", "3600")]);
    let ends = chrono::DateTime::parse_from_rfc3339(&got.element("Expiration")).unwrap();
    assert!((ends.timestamp() - chrono::Utc::now().timestamp()).abs() <= 61);
    let session = got.keys();
    standin.set_clock_offset(62);
    refused(
        &sts(&standin, &session, "GetCallerIdentity", &[]),
        "ExpiredToken",
        "",
    );
}
