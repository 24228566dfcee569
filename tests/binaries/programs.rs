//! The small programs and the full one: what each does alone, and how a small program finds the full one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{Answer, BASE, Binary, REGISTRY, SHARED, World, finish};

pub(crate) fn world() -> World {
    World::new(&["default_connector = \"dev\"\n", BASE, SHARED])
}

/// A folder with the small programs and nothing else.
fn small_ones() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for binary in [Binary::CredentialProcess, Binary::Docker, Binary::EksToken] {
        let path = Path::new(binary.path());
        fs::copy(path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

pub(crate) fn full_program() -> PathBuf {
    Path::new(Binary::Docker.path()).with_file_name("aws-connector")
}

/// The answer of each program in a folder.
fn answers(world: &World, folder: &Path) -> [Answer; 3] {
    world.all_three("dev").map(|run| run.from(folder).answer())
}

/// How each of the programs reports a failure.
fn failures(world: &World, folder: &Path) -> [String; 3] {
    answers(world, folder).map(|answer| {
        assert_eq!(answer.status, 1, "{answer:?}");
        let line = format!("{}{}", answer.stdout, answer.stderr);
        line.trim_start_matches("aws-connector: ").to_owned()
    })
}

#[test]
fn a_hit_does_not_need_the_full_program() {
    let world = world();
    for run in world.all_three("dev") {
        run.answer().ok();
    }
    let calls = world.calls();
    let folder = small_ones();
    for answer in answers(&world, folder.path()) {
        answer.ok();
    }
    let docker = |action, stdin: &str| {
        world
            .docker(action, stdin)
            .from(folder.path())
            .answer()
            .ok()
    };
    assert!(docker("list", "").stdout.contains(REGISTRY));
    let login = format!(r#"{{"ServerURL":"{REGISTRY}","Username":"AWS","Secret":"x"}}"#);
    docker("store", &login);
    docker("erase", REGISTRY);
    docker("version", "");
    assert_eq!(world.calls(), calls);
}

#[test]
fn a_token_is_signed_with_literal_keys_without_the_full_program() {
    let world = world();
    let folder = small_ones();
    let answer = world.eks_token(&["--cluster", "prod", "--connector", "base"]);
    answer.from(folder.path()).answer().ok();
    assert_eq!(world.calls(), 0);
}

#[test]
fn a_miss_without_the_full_program_is_an_error_that_says_what_to_install() {
    let world = world();
    let folder = small_ones();
    let place = folder.path().canonicalize().unwrap();
    let place = place.display();
    for failure in failures(&world, folder.path()) {
        assert_eq!(
            failure,
            format!(
                "\"{place}/aws-connector\", which calls AWS, is missing; fix: install \
                 aws-connector from the same release into \"{place}\"\n"
            )
        );
    }
}

#[test]
fn a_full_program_that_others_can_write_is_not_run() {
    let world = world();
    let folder = small_ones();
    let planted = folder.path().join("aws-connector");
    fs::write(&planted, "#!/bin/sh\necho planted\n").unwrap();
    for mode in [0o775, 0o757] {
        fs::set_permissions(&planted, fs::Permissions::from_mode(mode)).unwrap();
        for failure in failures(&world, folder.path()) {
            assert!(failure.contains("is writable by other users"), "{failure}");
            assert!(
                failure.contains("fix: install aws-connector again"),
                "{failure}"
            );
        }
    }
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(&planted, fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::chown(&planted, Some(61_234), None).unwrap();
        for failure in failures(&world, folder.path()) {
            assert!(failure.contains("has a different owner"), "{failure}");
        }
    }
    assert_eq!(world.calls(), 0);
}

#[test]
fn a_link_that_another_user_planted_is_not_followed() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let world = world();
    let folder = small_ones();
    let planted = folder.path().join("aws-connector");
    std::os::unix::fs::symlink("/bin/sh", &planted).unwrap();
    std::os::unix::fs::lchown(&planted, Some(61_234), None).unwrap();
    world.script("answer-for", "echo planted");
    for failure in failures(&world, folder.path()) {
        assert!(failure.contains("has a different owner"), "{failure}");
    }
}

#[test]
fn a_file_that_is_not_a_program_is_not_run_as_a_script() {
    let world = world();
    let folder = small_ones();
    let broken = folder.path().join("aws-connector");
    for text in ["", "echo run by a shell\n"] {
        fs::write(&broken, text).unwrap();
        fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).unwrap();
        for failure in failures(&world, folder.path()) {
            assert!(
                failure.contains("cannot be started: Exec format"),
                "{failure}"
            );
        }
    }
}

#[test]
fn a_file_size_limit_or_ignored_sigchld_does_not_stop_a_client() {
    let world = world();
    let limited = world.shell(&format!("ulimit -f 0; printf {REGISTRY} | \"$DOCKER\" get"));
    // It is not cached, and a warning says so.
    assert_eq!(limited.status, 0, "{limited:?}");
    let secret = format!("echo {}", aws_standin::SECRET_ACCESS_KEY);
    let command = world.script("secret", &secret);
    world.profile(&[&format!(
        "[connectors.dev]\nauth_method = \"secret-key\"\nregion = \"us-east-1\"\naws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = {{ command = [{:?}] }}\n",
        command.display().to_string()
    )]);
    let deaf = world.shell("python3 -c 'import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(os.environ[\"PROCESS\"], [\"x\", \"--connector\", \"dev\"])'");
    deaf.ok().session();
}

#[test]
fn the_full_program_is_found_through_links_and_never_on_path() {
    let world = world();
    let folder = small_ones();
    let links = tempfile::tempdir().unwrap();
    for binary in [Binary::CredentialProcess, Binary::Docker, Binary::EksToken] {
        let name = Path::new(binary.path()).file_name().unwrap().to_owned();
        std::os::unix::fs::symlink(folder.path().join(&name), links.path().join(&name)).unwrap();
    }
    // One full program on PATH, and one next to the links.
    let trap = world.script("path/aws-connector", "echo found on PATH");
    fs::copy(&trap, links.path().join("aws-connector")).unwrap();
    let path = trap.parent().unwrap().display().to_string();
    let run = world.credential_process(&[]).from(links.path());
    let answer = run.env("PATH", &path).answer();
    assert!(answer.stderr.contains("is missing"), "{answer:?}");
    fs::copy(full_program(), folder.path().join("aws-connector")).unwrap();
    for answer in answers(&world, links.path()) {
        answer.ok();
    }
    assert_eq!(world.sts(), 1);
}

#[test]
fn incompatible_versions_are_an_error_in_each_protocol() {
    for (client, name, on_stdout) in [
        (
            "credential-process",
            "aws-connector-credential-process",
            false,
        ),
        ("docker", "docker-credential-aws-connector", true),
        ("eks-token", "aws-connector-eks-token", false),
    ] {
        let output = Command::new(full_program())
            .args(["answer-for", "999", client, "whatever", "get"])
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let (told, silent) = match on_stdout {
            true => (output.stdout, output.stderr),
            false => (output.stderr, output.stdout),
        };
        let told = String::from_utf8(told).unwrap();
        assert!(
            told.contains(&format!("and {name} are incompatible versions")),
            "{told}"
        );
        assert!(
            told.ends_with("fix: install all programs from the same release\n"),
            "{told}"
        );
        assert!(silent.is_empty());
    }
}

#[test]
fn an_upgrade_while_commands_run_does_not_break_them() {
    let world = world();
    let folder = small_ones();
    let (place, next) = (
        folder.path().join("aws-connector"),
        folder.path().join("next"),
    );
    let releases = ["one", "two"].map(|name| folder.path().join(name));
    for release in &releases {
        fs::copy(full_program(), release).unwrap();
    }
    fs::copy(full_program(), &place).unwrap();
    let commands: Vec<_> = (0..24)
        .map(|_| {
            let run = world.credential_process(&[]).from(folder.path());
            run.env("AWS_CONNECTOR_CACHE", "off").start()
        })
        .collect();
    for release in releases.iter().cycle().take(40) {
        fs::hard_link(release, &next).unwrap();
        fs::rename(&next, &place).unwrap();
        // Renaming one of two links to the same file does nothing.
        let _ = fs::remove_file(&next);
    }
    for (binary, child) in commands {
        finish(binary, child).ok();
    }

    let commands: Vec<_> = (0..12)
        .map(|_| {
            let run = world.credential_process(&[]).from(folder.path());
            run.env("AWS_CONNECTOR_CACHE", "off").start()
        })
        .collect();
    fs::remove_file(&place).unwrap();
    for (binary, child) in commands {
        let answer = finish(binary, child);
        assert!(
            answer.status == 0 || answer.stderr.contains("is missing"),
            "{answer:?}"
        );
    }
}
