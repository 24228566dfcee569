//! Ambient credentials: used only with consent.

use aws_standin::{ACCESS_KEY_ID, CONTAINER_TOKEN, SECRET_ACCESS_KEY};

use crate::support::{BASE, REGISTRY, Run, Token, World, params};

const IMPLICIT: &str = r#"
[connectors.here]
auth_method = "implicit"
region = "us-east-1"
endpoint_url = "URL"
"#;

fn with_keys(run: Run) -> Run {
    run.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
}

#[test]
fn without_consent_no_ambient_credentials_are_used() {
    let world = World::new(&[IMPLICIT]);
    let [process, docker, plugin] = world.all_three("here").map(|run| with_keys(run).answer());
    for line in [process.failure(), docker.docker_failure(), plugin.failure()] {
        assert!(
            line.contains("ambient credentials are not allowed"),
            "{line}"
        );
        assert!(
            line.contains("allow_implicit_auth_methods = true"),
            "{line}"
        );
    }
    assert_eq!(world.calls(), 0);
}

#[test]
fn consent_comes_from_the_connectors_file_or_the_environment() {
    let world = World::new(&[IMPLICIT]);
    for value in ["true", "1"] {
        let run = with_keys(world.credential_process(&["--connector", "here"]));
        let run = run.env("AWS_CONNECTOR_ENABLE_IMPLICIT_AUTH_METHODS", value);
        assert_eq!(run.answer().ok().session().id, ACCESS_KEY_ID);
    }
    for value in ["false", "0", "maybe"] {
        let run = with_keys(world.credential_process(&["--connector", "here"]));
        let run = run.env("AWS_CONNECTOR_ENABLE_IMPLICIT_AUTH_METHODS", value);
        run.answer().failure();
    }
    world.profile(&[IMPLICIT, "allow_implicit_auth_methods = true\n"]);
    let run = with_keys(world.credential_process(&["--connector", "here"]));
    assert_eq!(run.answer().ok().session().id, ACCESS_KEY_ID);
    world.profile(&[IMPLICIT, "allow_implicit_auth_methods = false\n"]);
    with_keys(world.credential_process(&["--connector", "here"]))
        .answer()
        .failure();
    assert_eq!(world.calls(), 0);
}

#[test]
fn naming_the_source_is_consent() {
    let world = World::new(&[
        IMPLICIT,
        "profile_name = \"work\"\n[connectors.pinned]\nauth_method = \"implicit\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\ncredential_source = \"Environment\"\n",
    ]);
    world.file(
        ".aws/credentials",
        "[work]\naws_access_key_id = AKIAWORKEXAMPLE00000\naws_secret_access_key = the-secret-of-work\n",
    );
    let session = world.session("here");
    assert_eq!(session.id, "AKIAWORKEXAMPLE00000");
    let run = with_keys(world.credential_process(&["--connector", "pinned"]));
    assert_eq!(run.answer().ok().session().id, ACCESS_KEY_ID);
}

#[test]
fn a_role_is_assumed_with_ambient_credentials_and_down_scoped() {
    let world = World::new(&[
        IMPLICIT,
        "allow_implicit_auth_methods = true\nrole_arn = \"arn:aws:iam::123456789012:role/dev\"\nduration = \"20m\"\n",
    ]);
    let answers = world
        .all_three("here")
        .map(|run| with_keys(run).answer().ok());
    answers[0].session();
    answers[1].password();
    Token::of(&answers[2], "aws")
        .caller(&world, "prod")
        .unwrap();
    let asked = world.assumed();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|call| call["DurationSeconds"] == "1200"));
    assert_eq!(
        asked
            .iter()
            .filter(|call| call.contains_key("Policy"))
            .count(),
        2
    );
    // Other keys get other sessions.
    world.standin.add_user(
        "123456789012",
        "eve",
        "AKIAEVEEXAMPLE000000",
        "the-secret-of-eve",
    );
    let run = world.credential_process(&["--connector", "here"]);
    let run = run.env("AWS_ACCESS_KEY_ID", "AKIAEVEEXAMPLE000000");
    run.env("AWS_SECRET_ACCESS_KEY", "the-secret-of-eve")
        .answer()
        .ok()
        .session();
    assert_eq!(world.standin.count("sts", "AssumeRole"), 4);
}

#[test]
fn a_container_provides_its_tasks_role() {
    let world = World::new(&[
        IMPLICIT,
        "credential_source = \"EcsContainer\"\nrole_arn = \"arn:aws:iam::123456789012:role/dev\"\ndown_scope = false\n",
    ]);
    let run = || {
        let uri = format!("{}/v1/credentials", world.standin.url());
        let run = world.credential_process(&["--connector", "here"]);
        run.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN)
    };
    run().answer().ok().session();
    let call = world.only_call("AssumeRole");
    assert!(call.principal_arn.unwrap().contains(":assumed-role/task/"));
    run().answer().ok().session();
    assert_eq!(world.calls(), 2);
}

#[test]
fn without_a_connectors_file_the_built_in_connector_requires_consent() {
    let world = World::empty();
    let url = world.standin.url();
    let around = |run: Run| {
        with_keys(run)
            .env("AWS_ENDPOINT_URL", &url)
            .env("AWS_REGION", "us-east-1")
    };
    let refused = around(world.docker("get", REGISTRY)).answer();
    assert!(
        refused
            .docker_failure()
            .contains("no connectors file yet at")
    );
    assert_eq!(world.calls(), 0);
    let leave = |run: Run| around(run).env("AWS_CONNECTOR_ENABLE_IMPLICIT_AUTH_METHODS", "true");
    leave(world.docker("get", REGISTRY))
        .answer()
        .ok()
        .password();
    assert_eq!(params(&world.only_call("GetAuthorizationToken")).len(), 0);
    leave(world.docker("get", REGISTRY))
        .answer()
        .ok()
        .password();
    assert_eq!(world.calls(), 1);
    let session = leave(world.credential_process(&[])).answer().ok().session();
    assert_eq!(session.id, ACCESS_KEY_ID);
    let token = leave(world.eks_token(&["--cluster", "prod"])).answer().ok();
    Token::of(&token, "aws").caller(&world, "prod").unwrap();
}

#[test]
fn ambient_credentials_are_not_used_if_the_connector_names_a_source() {
    let world = World::new(&[BASE, crate::support::SHARED]);
    let run = world.credential_process(&["--connector", "dev"]);
    let run = run.env("AWS_ACCESS_KEY_ID", "AKIAEVEEXAMPLE000000");
    let run = run
        .env("AWS_SECRET_ACCESS_KEY", "the-secret-of-eve")
        .env("AWS_SESSION_TOKEN", "x");
    run.env("AWS_PROFILE", "nowhere").answer().ok().session();
    assert_eq!(
        world.only_call("AssumeRole").access_key_id.as_deref(),
        Some(ACCESS_KEY_ID)
    );
}
