//! Container tools that run our Docker credential helper.

use std::path::Path;

use aws_standin::Standin;

use crate::support::{ECR_HOST, Engine, Machine, PLAIN_HOST, Registry, Run, connectors, image};

const PASSWORD: &str = "the-password-of-the-registry";

/// A machine with the account's registry and this Docker configuration.
fn wired(settings: &str) -> (Machine, Standin, Registry) {
    let machine = Machine::new();
    let aws = Standin::start();
    aws.set_ecr_password(Some(PASSWORD));
    connectors(&machine, &aws.url());
    machine.write("home/.docker/config.json", settings);
    let registry = Registry::of_ecr(&machine, PASSWORD);
    (machine, aws, registry)
}

fn helper_for(host: &str) -> String {
    format!(r#"{{"credHelpers": {{"{host}": "aws-connector"}}}}"#)
}

#[track_caller]
fn asked_aws_once(aws: &Standin) {
    assert_eq!(aws.count("sts", "AssumeRole"), 1);
    assert_eq!(aws.count("ecr", "GetAuthorizationToken"), 1);
}

#[test]
fn skopeo_inspects_and_copies_both_ways() {
    let (machine, aws, _registry) = wired(&helper_for(ECR_HOST));
    let skopeo = |arguments: &[&str]| Run::of(machine.client("SKOPEO").args(arguments)).succeeded();

    let told = skopeo(&["inspect", &format!("docker://{ECR_HOST}/team/app:1")]);
    assert!(told.contains("sha256:"), "{told}");
    skopeo(&[
        "copy",
        &image(&machine),
        &format!("docker://{ECR_HOST}/team/new:1"),
    ]);
    let copied = machine.path("copied");
    skopeo(&[
        "copy",
        &format!("docker://{ECR_HOST}/team/new:1"),
        &format!("dir:{}", copied.display()),
    ]);
    assert!(copied.join("manifest.json").exists());
    asked_aws_once(&aws);
}

#[test]
fn podman_pulls() {
    let (machine, aws, _registry) = wired(&helper_for(ECR_HOST));
    let podman = |arguments: &[&str]| {
        Run::of(
            machine
                .client("PODMAN")
                .args(["--storage-driver", "vfs"])
                .args(arguments),
        )
        .succeeded()
    };
    podman(&["pull", &format!("{ECR_HOST}/team/app:1")]);
    assert!(podman(&["images"]).contains(&format!("{ECR_HOST}/team/app")));
    asked_aws_once(&aws);
}

#[test]
fn buildah_pulls() {
    let (machine, aws, _registry) = wired(&helper_for(ECR_HOST));
    let buildah = |arguments: &[&str]| {
        Run::of(
            machine
                .client("BUILDAH")
                .args(["--storage-driver", "vfs"])
                .args(arguments),
        )
        .succeeded()
    };
    buildah(&["pull", &format!("{ECR_HOST}/team/app:1")]);
    assert!(buildah(&["images"]).contains(&format!("{ECR_HOST}/team/app")));
    asked_aws_once(&aws);
}

#[test]
fn docker_pulls_and_pushes() {
    let (machine, aws, _registry) = wired(&helper_for(ECR_HOST));
    let engine = Engine::start(&machine);
    for (number, command_line) in Engine::command_lines().iter().enumerate() {
        let docker = |arguments: &[&str]| {
            Run::of(engine.docker(&machine, command_line).args(arguments)).succeeded()
        };
        let (pulled, pushed) = (
            format!("{ECR_HOST}/team/app:1"),
            format!("{ECR_HOST}/team/app:new-{number}"),
        );
        docker(&["pull", &pulled]);
        docker(&["tag", &pulled, &pushed]);
        docker(&["push", &pushed]);
        docker(&["rmi", &pulled, &pushed]);
        docker(&["pull", &pushed]);
        docker(&["rmi", &pushed]);
    }
    asked_aws_once(&aws);
}

/// The legacy builder requests the credentials of all known registries, whether or not it uses them.
#[track_caller]
fn builds(machine: &Machine, engine: &Engine, command_line: &Path) {
    let recipe = format!("FROM {ECR_HOST}/team/app:1\nCOPY Dockerfile /\n");
    let recipe = machine.write("build/Dockerfile", &recipe);
    let mut docker = engine.docker(machine, command_line);
    docker
        .env("DOCKER_BUILDKIT", "0")
        .args(["build", "--pull", "--no-cache"])
        .args(recipe.parent());
    Run::of(&docker).succeeded();
}

#[test]
fn docker_builds_from_a_private_image() {
    let helpers = format!(
        r#"{{"credHelpers": {{"{ECR_HOST}": "aws-connector", "{PLAIN_HOST}": "aws-connector"}}}}"#
    );
    let (machine, aws, _registry) = wired(&helpers);
    let engine = Engine::start(&machine);
    for command_line in Engine::command_lines() {
        builds(&machine, &engine, &command_line);
    }
    asked_aws_once(&aws);
}

/// As `credsStore`, `list` contains only registries in the cache, so a pull must come first.
#[test]
fn docker_builds_after_a_pull_with_the_helper_as_creds_store() {
    let (machine, aws, _registry) = wired(r#"{"credsStore": "aws-connector"}"#);
    let engine = Engine::start(&machine);
    let name = format!("{ECR_HOST}/team/app:1");
    for command_line in Engine::command_lines() {
        Run::of(engine.docker(&machine, &command_line).args(["pull", &name])).succeeded();
        builds(&machine, &engine, &command_line);
    }
    asked_aws_once(&aws);
}

#[test]
fn docker_pulls_with_the_helper_as_creds_store() {
    let (machine, aws, _registry) = wired(r#"{"credsStore": "aws-connector"}"#);
    let engine = Engine::start(&machine);
    for command_line in Engine::command_lines() {
        let docker = |arguments: &[&str]| {
            Run::of(engine.docker(&machine, &command_line).args(arguments)).succeeded()
        };
        let name = format!("{ECR_HOST}/team/app:1");
        docker(&["pull", &name]);
        docker(&["rmi", &name]);
    }
    asked_aws_once(&aws);
}

#[test]
fn docker_login_and_logout_change_nothing() {
    let settings = helper_for(ECR_HOST);
    let (machine, aws, _registry) = wired(&settings);
    let engine = Engine::start(&machine);
    for command_line in Engine::command_lines() {
        let docker = |arguments: &[&str]| {
            Run::of(engine.docker(&machine, &command_line).args(arguments)).succeeded()
        };
        let told = docker(&[
            "login",
            "--username",
            "AWS",
            "--password",
            PASSWORD,
            ECR_HOST,
        ]);
        assert!(told.contains("Login Succeeded"), "{told}");
        // Without a user name, it sends the helper's credentials to the registry.
        let told = docker(&["login", ECR_HOST]);
        assert!(told.contains("Login Succeeded"), "{told}");
        docker(&["logout", ECR_HOST]);
        // Neither command removed anything: the next pull needs no new login.
        docker(&["pull", &format!("{ECR_HOST}/team/app:1")]);
        docker(&["rmi", &format!("{ECR_HOST}/team/app:1")]);
        let kept = std::fs::read_to_string(machine.home().join(".docker/config.json"))
            .expect("Docker's settings");
        assert!(
            kept.contains("aws-connector") && !kept.contains(PASSWORD),
            "{kept}"
        );
    }
    asked_aws_once(&aws);
}

#[test]
fn docker_login_to_a_foreign_registry_fails_instead_of_losing_the_password() {
    let (machine, aws, _registry) = wired(r#"{"credsStore": "aws-connector"}"#);
    let _plain = Registry::of_everybody(&machine);
    let engine = Engine::start(&machine);
    for command_line in Engine::command_lines() {
        let login = [
            "login",
            "--username",
            "somebody",
            "--password",
            "something",
            PLAIN_HOST,
        ];
        let told = Run::of(engine.docker(&machine, &command_line).args(login)).failed();
        assert!(told.contains(PLAIN_HOST), "{told}");
    }
    assert_eq!(aws.calls().len(), 0);
}

#[test]
fn images_of_a_foreign_registry_are_pulled_anonymously() {
    let (machine, aws, _registry) = wired(&helper_for(PLAIN_HOST));
    let _plain = Registry::of_everybody(&machine);
    let engine = Engine::start(&machine);
    let name = format!("{PLAIN_HOST}/team/app:1");
    for command_line in Engine::command_lines() {
        Run::of(engine.docker(&machine, &command_line).args(["pull", &name])).succeeded();
        Run::of(engine.docker(&machine, &command_line).args(["rmi", &name])).succeeded();
    }
    Run::of(
        machine
            .client("SKOPEO")
            .args(["inspect", &format!("docker://{name}")]),
    )
    .succeeded();
    Run::of(
        machine
            .client("PODMAN")
            .args(["--storage-driver", "vfs", "pull", &name]),
    )
    .succeeded();
    Run::of(
        machine
            .client("BUILDAH")
            .args(["--storage-driver", "vfs", "pull", &name]),
    )
    .succeeded();
    assert_eq!(aws.calls().len(), 0);
}

/// `docker pull` discards the helper's error and continues without credentials, in 20.10 and in 28.2.
#[test]
fn every_tool_except_docker_pull_shows_the_helpers_error() {
    let (machine, _aws, _registry) = wired(&helper_for(ECR_HOST));
    let broken =
        "default_connector = \"broken\"\n[connectors.broken]\nauth_method = \"secret-kee\"\n";
    machine.write("home/.config/aws-connector/connectors.toml", broken);
    let name = format!("{ECR_HOST}/team/app:1");
    let remote = format!("docker://{name}");
    let vfs = ["--storage-driver", "vfs", "pull", &name];
    for (tool, arguments) in [
        ("SKOPEO", &["inspect", remote.as_str()][..]),
        ("PODMAN", &vfs[..]),
        ("BUILDAH", &vfs[..]),
    ] {
        let told = Run::of(machine.client(tool).args(arguments)).failed();
        assert!(
            told.contains("secret-kee") && told.contains("connectors.toml"),
            "{told}"
        );
    }
    let engine = Engine::start(&machine);
    for command_line in Engine::command_lines() {
        let told = Run::of(engine.docker(&machine, &command_line).args(["pull", &name])).failed();
        assert!(told.contains("no basic auth credentials"), "{told}");
        let login = [
            "login",
            "--username",
            "AWS",
            "--password",
            PASSWORD,
            ECR_HOST,
        ];
        let told = Run::of(engine.docker(&machine, &command_line).args(login)).failed();
        assert!(
            told.contains("secret-kee") && told.contains("connectors.toml"),
            "{told}"
        );
    }
}
