//! The Docker credential helper: its actions, its documents, and the messages that Docker recognizes.

use serde_json::json;

use crate::support::{BASE, Binary, REGISTRY, SHARED, Transcript, World};

const NOT_FOUND: &str = "credentials not found in native keychain";
const TWO_ACCOUNTS: &str = "registries = [\"123456789012\", \"210987654321\"]\n";

fn world() -> World {
    let connector = [SHARED, TWO_ACCOUNTS].concat();
    let world = World::new(&["default_connector = \"dev\"\n", BASE, &connector]);
    world
        .standin
        .set_ecr_password(Some("pass:word/with+signs=="));
    world
}

fn stored(server: &str, user: &str) -> String {
    json!({"ServerURL": server, "Username": user, "Secret": "planted-password"}).to_string()
}

#[test]
fn the_answers_of_all_actions() {
    let world = world();
    let mut transcript = Transcript::new(&world);
    transcript.mask(env!("CARGO_PKG_VERSION"), "VERSION");
    let mut case = |title: &str, args: &[&str], stdin: &str| {
        let answer = world.run(Binary::Docker, args).stdin(stdin).answer();
        transcript.case(title, &answer);
    };
    case("list with a cold cache", &["list"], "");
    case("get", &["get"], REGISTRY);
    case("get as URL", &["get"], &format!("https://{REGISTRY}/app\n"));
    case("list: one login serves both accounts", &["list"], "");
    case(
        "store for a registry of ours",
        &["store"],
        &stored(REGISTRY, "AWS"),
    );
    for form in ["HOST", "http://HOST", "https://HOST", "docker.io", ""] {
        case(
            &format!("erase {form:?}"),
            &["erase"],
            &form.replace("HOST", REGISTRY),
        );
    }
    for word in ["version", "--version", "-v", "-V", "help", "--help", "-h"] {
        case(word, &[word], "");
    }
    transcript.check("docker.txt");
}

#[test]
fn the_failures_of_all_actions() {
    let world = world();
    let mut transcript = Transcript::new(&world);
    let elsewhere = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
    let stranger = "333333333333.dkr.ecr.us-east-1.amazonaws.com";
    let cases: [(&[&str], String); 18] = [
        (&["get"], String::new()),
        (&["get"], " \r\n\t".into()),
        (&["get"], "docker.io".into()),
        (&["get"], stranger.into()),
        (&["get"], elsewhere.replace("12345678901", "33333333333")),
        (
            &["get"],
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn".into(),
        ),
        (&["store"], String::new()),
        (&["store"], "planted-password".into()),
        (&["store"], "{}".into()),
        (&["store"], format!("[\"{REGISTRY}\",\"AWS\"]")),
        (&["store"], stored("", "AWS")),
        (&["store"], stored(REGISTRY, " ")),
        (&["store"], stored("https://index.docker.io/v1/", "me")),
        (&["store"], stored(stranger, "AWS")),
        (&[], String::new()),
        (&["get", "get"], String::new()),
        (&["gte"], String::new()),
        (&["--verbose\u{7}\n"], String::new()),
    ];
    for (args, stdin) in cases {
        let answer = world.run(Binary::Docker, args).stdin(&stdin).answer();
        answer.docker_failure();
        assert!(!answer.stdout.contains("planted-password"), "{answer:?}");
        transcript.case(&format!("{args:?} <<< {stdin:?}"), &answer);
    }
    transcript.check("docker_failures.txt");
    assert_eq!(world.calls(), 0);
}

#[test]
fn the_three_messages_that_docker_recognizes_are_on_their_own_line() {
    let world = world();
    for (action, stdin, line) in [
        ("get", "registry.example.com".to_owned(), NOT_FOUND),
        ("get", String::new(), "no credentials server URL"),
        ("store", stored("", "AWS"), "no credentials server URL"),
        ("store", stored(REGISTRY, ""), "no credentials username"),
    ] {
        let answer = world.docker(action, &stdin).answer();
        assert_eq!(answer.docker_failure(), line);
    }
}

#[test]
fn only_hosts_outside_ecr_are_not_found() {
    // Docker then pulls anonymously, so for an ECR host this message would hide the cause.
    let world = World::new(&[BASE]);
    let ours = world.docker("get", REGISTRY).answer();
    assert!(!ours.stdout.contains(NOT_FOUND), "{ours:?}");
    let broken = World::new(&["not toml at all"]);
    let ours = broken.docker("get", REGISTRY).answer();
    assert!(!ours.stdout.contains(NOT_FOUND), "{ours:?}");
    // For a foreign host the connectors file is not read.
    assert_eq!(
        broken.docker("get", "docker.io").answer().docker_failure(),
        NOT_FOUND
    );
}

#[test]
fn list_contains_only_registries_with_a_cached_login() {
    let world = world();
    let list = |world: &World| world.docker("list", "").answer().ok().json();
    assert_eq!(list(&world), json!({}));
    assert_eq!(world.calls(), 0);
    world.docker("get", REGISTRY).answer().ok().password();
    assert_eq!(list(&world).as_object().unwrap().len(), 2);
    let calls = world.calls();
    world
        .entry("registry-login")
        .age(chrono::TimeDelta::minutes(50));
    assert_eq!(list(&world), json!({}));
    assert_eq!(world.calls(), calls);
}

#[test]
fn erase_changes_nothing() {
    let world = world();
    let before = world.docker("get", REGISTRY).answer().ok();
    world
        .docker("erase", &format!("https://{REGISTRY}"))
        .answer()
        .ok();
    world.standin.set_ecr_password(Some("another"));
    assert_eq!(world.docker("get", REGISTRY).answer().ok(), before);
}

#[test]
fn store_works_without_network_and_changes_nothing() {
    let world = world();
    let answer = world
        .docker("store", &stored(REGISTRY, "AWS"))
        .answer()
        .ok();
    assert_eq!(answer.stdout, "");
    assert_eq!(world.calls(), 0);
    assert!(!world.cache_path().exists());
}

#[test]
fn a_registry_without_a_connector_does_not_stall_a_build() {
    // Old versions of docker build request every credHelpers entry before they start.
    let world = World::new(&[
        "default_connector = \"none\"\n[connectors.none]\nauth_method = \"implicit\"\nregion = \"us-east-1\"\nallow_implicit_auth_methods = true\n",
    ]);
    let began = std::time::Instant::now();
    let answer = world
        .docker("get", REGISTRY)
        .env("AWS_EC2_METADATA_DISABLED", "false")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
        .answer();
    answer.docker_failure();
    assert!(
        began.elapsed().as_secs() < 5,
        "{:?}: {answer:?}",
        began.elapsed()
    );
}
