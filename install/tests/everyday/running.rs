//! exec: a command with the credentials of a connector.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::support::{Machine, ran};

#[test]
fn a_command_gets_a_configuration_that_asks_again() {
    let machine = Machine::with_connectors();
    let ran = ran(machine.command().env("AWS_PROFILE", "work").args([
        "exec",
        "dev",
        "--",
        "sh",
        "-c",
        "cat $AWS_CONFIG_FILE; env; exit 7",
    ]));
    assert_eq!(ran.status, 7, "{ran:#?}");
    let process = "bin/aws-connector-credential-process --connector dev\nregion = us-east-1\n";
    assert!(ran.stdout.contains(process), "{ran:#?}");
    assert!(
        ran.stdout.contains("AWS_PROFILE=work "),
        "the process sees its own: {ran:#?}"
    );
    assert!(
        !ran.stdout.contains("\nAWS_PROFILE="),
        "the command does not: {ran:#?}"
    );
    assert!(
        ran.stdout.contains("AWS_SHARED_CREDENTIALS_FILE=/dev/null"),
        "{ran:#?}"
    );
    assert!(
        !ran.stdout.contains("ASIA") && !ran.stdout.contains("wJalr"),
        "{ran:#?}"
    );
}

#[test]
fn plain_variables_come_on_request() {
    let machine = Machine::with_connectors();
    let args = [
        "exec",
        "dev",
        "--env",
        "--",
        "sh",
        "-c",
        "echo $AWS_ACCESS_KEY_ID $AWS_SESSION_TOKEN",
    ];
    let ran = machine.run(&args).ok();
    assert!(
        ran.stdout.starts_with("ASIA") && ran.stdout.len() > 40,
        "{ran:#?}"
    );
}

#[test]
fn a_signal_ends_the_command_itself() {
    let machine = Machine::with_connectors();
    // A pipe without a reader must end it as well, as anywhere else, and a limit on files, which
    // the first run, while it fills the cache, ignores.
    for (name, number) in [
        ("XFSZ", 25),
        ("TERM", 15),
        ("INT", 2),
        ("PIPE", 13),
        ("KILL", 9),
    ] {
        let line = format!("kill -{name} $$");
        let status = machine
            .command()
            .args(["exec", "dev", "--", "sh", "-c", &line])
            .status()
            .unwrap();
        assert_eq!(status.signal(), Some(number), "{name}");
    }
}

#[test]
fn signals_reach_the_command_and_its_answer_is_the_exit_status() {
    let machine = Machine::with_connectors();
    for (name, number) in [("TERM", 41), ("INT", 42), ("HUP", 43), ("USR1", 44)] {
        // The line says when there is somebody to send a signal to.
        let line = format!("trap 'exit {number}' {name}; echo ready; while :; do sleep 0.02; done");
        let mut child = machine
            .command()
            .args(["exec", "dev", "--", "sh", "-c", &line])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", child.id())])
            .status()
            .unwrap();
        assert!(sent.success());
        assert_eq!(child.wait().unwrap().code(), Some(number), "{name}");
    }
}

#[test]
fn arguments_input_folder_and_exit_status_are_the_commands_own() {
    let machine = Machine::with_connectors();
    for status in [0, 1, 2, 77, 255] {
        let line = format!("exit {status}");
        let ran = machine.run(&["exec", "dev", "--", "sh", "-c", &line]);
        assert_eq!(ran.status, status);
        assert_eq!(ran.stdout + &ran.stderr, "");
    }
    let input = machine.write("input", "what is typed\n");
    let ran = ran(machine
        .command()
        .stdin(File::open(input).unwrap())
        .args([
            "exec",
            "dev",
            "--",
            "sh",
            "-c",
            "pwd; cat; printf '<%s>' \"$@\"",
        ])
        .args(["sh", "--", "--env", "two words", "", "-x"]));
    let told = format!(
        "{}\nwhat is typed\n<--><--env><two words><><-x>",
        machine.home().display()
    );
    assert_eq!(ran.ok().stdout, told);
}

#[test]
fn a_command_goes_on_with_the_configuration_that_it_began_with() {
    let machine = Machine::with_connectors();
    let file = |profile: &str| {
        let mut command = machine.command();
        command.env("AWS_PROFILE", profile);
        command.args(["exec", "dev", "--", "sh", "-c", "echo $AWS_CONFIG_FILE"]);
        ran(&mut command).ok().stdout.trim_end().to_owned()
    };
    let (one, other) = (file("one"), file("other"));
    assert_ne!(one, other);
    assert!(
        fs::read_to_string(&one)
            .unwrap()
            .contains("AWS_PROFILE=one ")
    );
    assert!(
        fs::read_to_string(&other)
            .unwrap()
            .contains("AWS_PROFILE=other ")
    );
    // However often it runs and however it ends, there is one file for one environment.
    for signal in ["TERM", "INT", "KILL"] {
        let line = format!("kill -{signal} $$");
        let mut command = machine.command();
        let args = ["exec", "dev", "--", "sh", "-c", &line];
        command
            .env("AWS_PROFILE", "one")
            .args(args)
            .status()
            .unwrap();
    }
    let names = || {
        let all = fs::read_dir(machine.path(".cache/aws-connector/exec")).unwrap();
        all.map(|entry| entry.unwrap().path().display().to_string())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(names(), BTreeSet::from([one.clone(), other.clone()]));
    let mode = fs::metadata(&one).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // What nobody began to use for months goes, and all of it with the connector.
    let long_ago = SystemTime::now() - Duration::from_hours(91 * 24);
    File::open(&other).unwrap().set_modified(long_ago).unwrap();
    File::open(&one).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(file("one"), one);
    assert_eq!(names(), BTreeSet::from([one]));
    machine.run(&["delete", "dev", "--yes"]).ok();
    assert_eq!(names(), BTreeSet::new());
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let machine = Machine::with_connectors();
    let ran = machine.run(&["exec", "dev", "--", "no-such-program"]);
    assert_eq!(ran.status, 127);
    assert!(
        ran.stderr.contains("cannot run \"no-such-program\""),
        "{ran:#?}"
    );
}

#[test]
fn a_circle_of_commands_is_refused() {
    let machine = Machine::with_connectors();
    let ran = ran(machine
        .command()
        .env("AWS_CONNECTOR_CHAIN", "dev")
        .args(["exec", "dev", "--", "true"]));
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("dev -> dev"), "{ran:#?}");
}

#[test]
fn keys_of_the_environment_are_handed_over_by_env_only() {
    let machine = Machine::with_connectors();
    let path = ".config/aws-connector/connectors.toml";
    let text = format!(
        "[connectors.amb]\nauth_method = \"implicit\"\ncredential_source = \"Environment\"\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n",
        machine.standin.url()
    );
    machine.write(path, &text);
    let run = |args: &[&str]| {
        ran(machine
            .command()
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env(
                "AWS_SECRET_ACCESS_KEY",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            )
            .args(args))
    };
    let refused = run(&["exec", "amb", "--", "true"]);
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("--env"), "{refused:#?}");
    run(&["exec", "amb", "--env", "--", "true"]).ok();
}
