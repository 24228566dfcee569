//! What the stand-in must refuse, over the wire.

use crate::support::*;
use aws_standin::{MFA_CODE, MFA_SERIAL, ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY, Standin};

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
