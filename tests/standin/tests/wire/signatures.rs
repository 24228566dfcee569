//! Signatures: which requests the stand-in accepts.

use crate::support::*;
use aws_standin::{Role, Standin};

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
