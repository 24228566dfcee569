//! ECR Public: a separate API, always in us-east-1, and anonymous pulls if AWS denies the login.

use aws_standin::{Fault, FaultKind};

use crate::support::{BASE, ROLE, Transcript, World};

const PUBLIC: &str = "public.ecr.aws";
const NOT_FOUND: &str = "credentials not found in native keychain";

fn world() -> World {
    let connector = ROLE.replace("us-east-1", "eu-west-1");
    World::new(&["default_connector = \"dev\"\n", BASE, &connector])
}

#[test]
fn ecr_public_is_called_in_us_east_1_whatever_the_connectors_region() {
    let world = world();
    for host in [
        PUBLIC,
        "https://public.ecr.aws/docker/library/alpine",
        "ecr-public.aws.com",
    ] {
        let document = world.docker("get", host).answer().ok().json();
        assert_eq!(document["ServerURL"], host);
    }
    let call = world.only_call("GetAuthorizationToken");
    assert_eq!(
        (call.service.as_str(), call.region.as_str()),
        ("ecr-public", "us-east-1")
    );
    assert_eq!(world.calls(), 2);
    let policy = &world.assumed()[0]["Policy"];
    assert!(policy.contains("sts:GetServiceBearerToken"), "{policy}");
}

#[test]
fn if_aws_denies_the_login_docker_continues_anonymously_and_stderr_has_the_reason() {
    let world = world();
    world.standin.set_ecr_public_denied(true);
    let mut transcript = Transcript::new(&world);
    let answer = world.docker("get", PUBLIC).answer();
    assert_eq!(answer.stdout, format!("{NOT_FOUND}\n"));
    transcript.case("denied by ECR Public", &answer);
    world.standin.set_ecr_public_denied(false);
    let role = "arn:aws:iam::123456789012:role/dev";
    let only_private =
        r#"{"Statement":{"Effect":"Allow","Action":["ecr:*","sts:AssumeRole"],"Resource":"*"}}"#;
    world.standin.set_identity_policy(role, Some(only_private));
    let answer = world.docker("get", PUBLIC).answer();
    assert_eq!(answer.stdout, format!("{NOT_FOUND}\n"));
    transcript.case("denied by the role's own policy", &answer);
    world.standin.set_identity_policy(role, None);
    world.docker("get", PUBLIC).answer().ok().password();
    transcript.check("public_denied.txt");
}

#[test]
fn any_other_failure_is_an_error() {
    let world = world();
    for kind in [
        FaultKind::ServerError(500),
        FaultKind::Garbage,
        FaultKind::Drop,
    ] {
        world.standin.fault(Fault {
            service: "ecr-public".to_owned(),
            action: "*".to_owned(),
            kind: kind.clone(),
            times: None,
        });
        let answer = world.docker("get", PUBLIC).answer();
        assert_ne!(answer.docker_failure(), NOT_FOUND, "{kind:?}");
        world.standin.clear_faults();
    }
    let disabled = [ROLE, "enabled = false\n"].concat();
    world.profile(&["default_connector = \"dev\"\n", BASE, &disabled]);
    assert_ne!(
        world.docker("get", PUBLIC).answer().docker_failure(),
        NOT_FOUND
    );
}
