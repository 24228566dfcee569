//! Unusual arguments, files and streams.

use std::fs;
use std::time::Duration;

use aws_standin::{Fault, FaultKind};

use crate::support::{BASE, Binary, REGISTRY, SHARED, World};

fn world() -> World {
    World::new(&["default_connector = \"dev\"\n", BASE, SHARED])
}

#[test]
fn arguments_that_are_not_utf8_are_a_usage_error() {
    let world = world();
    for bytes in [&b"--connector=\xff"[..], b"--connec\xfftor", b"\xff\xfe"] {
        world.credential_process(&[]).arg(bytes).answer().failure();
        let run = world.eks_token(&["--cluster", "prod"]).arg(bytes);
        run.answer().failure();
    }
    let answer = world.run(Binary::Docker, &[]).arg(b"g\xffet").answer();
    answer.docker_failure();
    assert_eq!(world.calls(), 0);
}

#[test]
fn a_connectors_file_from_any_editor_is_read() {
    let world = world();
    let text = fs::read_to_string(world.profile_path()).unwrap();
    for written in [
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
        text.trim_end().to_owned(),
        format!("\n\n# ü\n{text}\n\n"),
    ] {
        world.file(".config/aws-connector/connectors.toml", &written);
        world.session("dev");
    }
    assert_eq!(world.sts(), 1);
}

#[test]
fn the_connectors_file_can_be_a_symbolic_link() {
    let world = world();
    let kept = world.home().join("dotfiles.toml");
    fs::rename(world.profile_path(), &kept).unwrap();
    std::os::unix::fs::symlink(&kept, world.profile_path()).unwrap();
    world.session("dev");
}

#[test]
fn invalid_utf8_in_the_connectors_file_is_an_error_with_its_line() {
    let world = world();
    let mut bytes = fs::read(world.profile_path()).unwrap();
    bytes.extend_from_slice(b"# \xff\n");
    fs::write(world.profile_path(), &bytes).unwrap();
    let answer = world.credential_process(&[]).answer();
    assert!(answer.failure().contains(": not UTF-8 text"), "{answer:?}");
}

#[test]
fn names_can_have_dots_dashes_and_64_characters() {
    let long = "n".repeat(64);
    let world = World::empty();
    for name in ["my.dev_1-x", &long] {
        let connector = BASE.replace("connectors.base", &format!("connectors.\"{name}\""));
        world.profile(&[&connector]);
        world.session(name);
    }
    for name in ["a b", "ä", &format!("{long}n")] {
        let connector = BASE.replace("connectors.base", &format!("connectors.\"{name}\""));
        world.profile(&[&connector]);
        let answer = world.credential_process(&["--connector", name]).answer();
        answer.failure();
    }
}

#[test]
fn closed_streams_do_no_harm() {
    let world = world();
    let session = world.shell("\"$PROCESS\" <&- 2>&-").ok().session();
    assert_eq!(world.session("dev"), session);
    let nobody = world.shell("\"$DOCKER\" get <&-");
    assert_eq!(nobody.docker_failure(), "no credentials server URL");
    world
        .shell("\"$PLUGIN\" --cluster prod <&- 2>&-")
        .ok()
        .json();
}

#[test]
fn a_closed_standard_output_is_an_error_and_costs_no_call() {
    for program in [
        "\"$PROCESS\"",
        "printf x | \"$DOCKER\" get",
        "\"$PLUGIN\" --cluster prod",
    ] {
        let world = world();
        let answer = world.shell(&format!("{program} >&-"));
        assert_eq!(answer.status, 1);
        assert_eq!(answer.stderr, "aws-connector: standard output is closed\n");
        assert_eq!(world.sts(), 0);
    }
}

#[test]
fn output_to_a_closed_stream_does_not_end_up_in_a_file() {
    // The next file or connection that the program opens gets the number of the closed stream.
    for closed in ["<&-", "2>&-", "<&- 2>&-"] {
        let world = world();
        let profile = fs::read(world.profile_path()).unwrap();
        for _ in 0..2 {
            for program in [
                "\"$PROCESS\"".to_owned(),
                format!("printf {REGISTRY} | \"$DOCKER\" get"),
                "\"$PLUGIN\" --cluster prod".to_owned(),
            ] {
                let program = program.replace(" get", &format!(" get {closed}"));
                world.shell(&format!(
                    "export AWS_CONNECTOR_LOG=debug; {program} {closed}"
                ));
            }
        }
        assert_eq!(fs::read(world.profile_path()).unwrap(), profile, "{closed}");
        for path in fs::read_dir(world.cache_path()).unwrap() {
            let path = path.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let whole = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            assert!(
                text.is_empty() || whole,
                "{closed}: {}: {text}",
                path.display()
            );
            let document = ["AccessKeyId", "ServerURL", "k8s-aws-v1", "debug: "];
            for mark in document {
                assert!(!text.contains(mark), "{closed}: {}: {text}", path.display());
            }
        }
        assert_eq!(
            (world.sts(), world.standin.count("unknown", "*")),
            (1, 0),
            "{closed}"
        );
    }
}

#[test]
fn the_log_of_a_program_without_standard_error_is_not_written_into_the_lock() {
    let world = world();
    world.standin.fault(Fault {
        service: "sts".to_owned(),
        action: "*".to_owned(),
        kind: FaultKind::Delay(Duration::from_secs(1)),
        times: None,
    });
    std::thread::scope(|scope| {
        let script = "AWS_CONNECTOR_LOG=debug \"$PROCESS\" 2>&-";
        let asking = scope.spawn(|| world.shell(script).ok().session());
        while !asking.is_finished() {
            let folder = fs::read_dir(world.cache_path()).into_iter().flatten();
            for path in folder.map(|item| item.unwrap().path()) {
                let text = fs::read_to_string(path).unwrap_or_default();
                assert!(!text.contains("debug: "), "{text}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let world = world();
    for script in [
        "\"$PROCESS\" >/dev/full",
        "\"$PLUGIN\" --cluster prod >/dev/full",
        &format!("printf {REGISTRY} | \"$DOCKER\" get >/dev/full"),
    ] {
        let answer = world.shell(script);
        let line = answer.failure();
        assert_eq!(answer.status, 1, "{script}");
        assert!(line.contains("cannot write the response"), "{line}");
    }
    // If the client has closed the pipe, no error is printed.
    let gone = world.shell("{ sleep 0.2; \"$PROCESS\"; } | true");
    assert_eq!(gone.stderr, "");
}

#[test]
fn a_reader_that_closes_the_pipe_causes_no_error() {
    let world = world();
    let answer = world.shell("\"$PROCESS\" --help | true; \"$DOCKER\" help | true");
    assert_eq!((answer.status, answer.stdout.as_str()), (0, ""));
    assert!(
        !answer.stderr.contains("panic") && !answer.stderr.contains("internal error"),
        "{answer:?}"
    );
}

#[test]
fn nothing_is_left_running_and_nothing_but_the_cache_is_written() {
    let world = world();
    for run in world.all_three("dev") {
        run.answer().ok();
    }
    let mut names: Vec<String> = Vec::new();
    let mut folders = vec![world.home().to_owned()];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            let name = path.strip_prefix(world.home()).unwrap();
            names.push(name.to_str().unwrap().to_owned());
        }
    }
    names.sort();
    let mine = |name: &String| {
        name.starts_with(".cache/aws-connector/")
            || [
                ".cache",
                ".cache/aws-connector",
                ".config",
                ".config/aws-connector",
            ]
            .contains(&name.as_str())
            || name == ".config/aws-connector/connectors.toml"
    };
    assert!(names.iter().all(mine), "{names:#?}");
    assert_eq!(
        names.iter().filter(|name| name.ends_with(".json")).count(),
        2
    );
}
