//! MFA: one code for any number of sessions.

use std::fs;

use crate::support::{BASE, REGISTRY, Token, World, params};

const SERIAL: &str = "arn:aws:iam::123456789012:mfa/dev";

/// A connector whose code comes from a script that counts its calls.
fn connector(world: &World, more: &str) -> String {
    let script = world.script("code", "echo asked >>\"$HOME/asked\"; printf 123456");
    format!(
        "[connectors.dev]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n\
         source_connector = \"base\"\nrole_arn = \"arn:aws:iam::123456789012:role/mfa\"\n\
         mfa_serial = \"{SERIAL}\"\nmfa_process = [\"{}\"]\n{more}",
        script.display()
    )
}

fn world(more: &str) -> World {
    let world = World::empty();
    world.profile(&[BASE, &connector(&world, more)]);
    world.standin.set_mfa_single_use(true);
    world
}

fn asked(world: &World) -> usize {
    let text = fs::read_to_string(world.home().join("asked"));
    text.map_or(0, |text| text.lines().count())
}

#[test]
fn one_code_serves_every_scope() {
    let world = world("");
    let answers = world.all_three("dev").map(|run| run.answer().ok());
    answers[0].session();
    answers[1].password();
    Token::of(&answers[2], "aws")
        .caller(&world, "prod")
        .unwrap();
    let bucket = ["--connector", "dev", "--resource-type", "s3-bucket"];
    world.credential_process(&bucket).answer().ok().session();
    assert_eq!(asked(&world), 1);
    let call = world.only_call("GetSessionToken");
    let mut given = params(&call);
    assert_eq!(given.remove("SerialNumber").as_deref(), Some(SERIAL));
    assert_eq!(given.remove("TokenCode").as_deref(), Some("123456"));
    assert_eq!(given.remove("DurationSeconds").as_deref(), Some("43200"));
    assert!(given.is_empty(), "{given:?}");
    let roles = world.assumed();
    assert_eq!(roles.len(), 4);
    assert!(roles.iter().all(|call| !call.contains_key("TokenCode")));
}

#[test]
fn a_code_serves_other_roles_regions_and_connectors_with_the_same_keys() {
    let world = world("mfa_duration = \"1h\"\n");
    world.session("dev");
    let other = connector(&world, "mfa_duration = \"1h\"\n")
        .replace("[connectors.dev]", "[connectors.other]")
        .replace("123456789012:role/mfa", "210987654321:role/mfa")
        .replace("region = \"us-east-1\"", "region = \"eu-west-1\"");
    world.profile(&[BASE, &connector(&world, "mfa_duration = \"1h\"\n"), &other]);
    world.session("other");
    assert_eq!(asked(&world), 1);
    assert_eq!(
        params(&world.only_call("GetSessionToken"))["DurationSeconds"],
        "3600"
    );
}

#[test]
fn a_forced_refresh_does_not_prompt_for_a_second_code() {
    let world = world("");
    let first = world.session("dev");
    let run = world
        .credential_process(&["--connector", "dev"])
        .env("AWS_CONNECTOR_REFRESH", "1");
    assert_ne!(run.answer().ok().session(), first);
    assert_eq!(asked(&world), 1);
}

#[test]
fn above_an_hour_the_roles_own_call_carries_the_code() {
    let world = world("duration = \"2h\"\ndown_scope = false\n");
    for run in world.all_three("dev") {
        run.answer().ok();
    }
    assert_eq!(asked(&world), 1);
    let given = params(&world.only_call("AssumeRole"));
    assert_eq!(given["SerialNumber"], SERIAL);
    assert_eq!(given["TokenCode"], "123456");
    assert_eq!(given["DurationSeconds"], "7200");
    assert_eq!(world.standin.count("sts", "GetSessionToken"), 0);
}

#[test]
fn a_wrong_code_is_an_error_and_not_retried() {
    let world = world("");
    world.standin.set_mfa_code("654321");
    let answer = world.credential_process(&["--connector", "dev"]).answer();
    let line = answer.failure();
    assert!(line.contains("AWS rejected the MFA code"), "{line}");
    assert!(!line.contains("123456 "), "{line}");
    assert_eq!((world.sts(), asked(&world)), (1, 1));
}

#[test]
fn an_invalid_code_is_not_sent_to_aws() {
    let world = world("");
    for (body, said) in [
        ("echo 12345", "is not six digits"),
        ("echo 1234567", "is not six digits"),
        ("echo abcdef", "is not six digits"),
        ("true", "is not six digits"),
        (
            "echo planted-in-output; echo 'no device' >&2; exit 7",
            "no device",
        ),
    ] {
        world.script("code", body);
        let answer = world.credential_process(&["--connector", "dev"]).answer();
        let line = answer.failure();
        assert!(
            line.contains(said) && !line.contains("planted-in-output"),
            "{line}"
        );
    }
    assert_eq!(world.calls(), 0);
}

#[test]
fn there_is_no_prompt_without_a_terminal() {
    let world = World::empty();
    let plain = connector(&world, "");
    let plain: String = plain
        .lines()
        .filter(|line| !line.starts_with("mfa_process"))
        .fold(String::new(), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        });
    world.profile(&[BASE, &plain]);
    let docker = world
        .docker("get", REGISTRY)
        .env("AWS_CONNECTOR", "dev")
        .answer();
    assert!(
        docker.docker_failure().contains("aws-connector login dev"),
        "{docker:?}"
    );
    let plugin = world
        .eks_token(&["--cluster", "prod", "--connector", "dev"])
        .exec_info("v1")
        .answer();
    assert!(
        plugin.failure().contains("aws-connector login dev"),
        "{plugin:?}"
    );
    assert_eq!(world.calls(), 0);
}
