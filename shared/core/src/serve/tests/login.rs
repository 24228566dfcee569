//! Registry logins that AWS denies.
use super::support::*;
use crate::error::{Error, Kind, Reason, Refusal};

fn refusal(kind: Kind, reason: Reason) -> Error {
    Error::new(kind, "no").refusal(Refusal::of("", reason))
}

#[test]
fn only_a_cached_session_that_aws_has_ended_is_renewed_for_a_login() {
    for (is_cached, reason, sessions) in [
        (true, Reason::Expired, 2),
        (true, Reason::AccessDenied, 1),
        (false, Reason::Expired, 1),
    ] {
        let (home, aws) = (
            Home::new(&format!("{ROLE}down_scope = false")),
            Granting::default(),
        );
        if is_cached {
            home.serve(session(), &aws).unwrap();
        }
        aws.refuse(refusal(Kind::Denied, reason));
        let answer = home.serve(registry_login(), &aws);
        assert_eq!(answer.is_ok(), sessions == 2, "{is_cached} {reason:?}");
        assert_eq!(aws.asked().0, sessions, "{is_cached} {reason:?}");
    }
}

#[test]
fn keys_that_aws_refuses_are_not_fetched_again() {
    let home = Home::new(
        r#"auth_method = "secret-key"
region = "us-east-1"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = { command = ["print-the-secret"] }
"#,
    );
    let aws = Granting::default();
    aws.refuse(refusal(Kind::Denied, Reason::UnknownKey));
    home.serve(registry_login(), &aws).unwrap_err();
    assert_eq!(aws.asked(), (0, 1));
}

#[test]
fn a_denial_that_the_policy_in_the_file_causes_is_fixed_there() {
    const OTHER: &str =
        r#"policy = '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'"#;
    const OWN: &str =
        r#"policy = '{"Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}'"#;
    let federation = ROLE
        .replace("iam-role", "federation-token")
        .replace("role_arn", "# role_arn");
    for settings in [ROLE, &federation] {
        for (policy, kind, is_blamed) in [
            (OTHER, Kind::Denied, true),
            (OTHER, Kind::Unavailable, false),
            (OWN, Kind::Denied, false),
        ] {
            let (home, aws) = (
                Home::new(&format!("{settings}{policy}")),
                Granting::default(),
            );
            aws.refuse(refusal(kind, Reason::AccessDenied));
            let error = home.serve(registry_login(), &aws).unwrap_err().to_string();
            let fix = "allow ecr:GetAuthorizationToken in its policy in the connectors file";
            assert_eq!(
                error.contains(fix),
                is_blamed,
                "{settings}{policy}: {error}"
            );
        }
    }
}
