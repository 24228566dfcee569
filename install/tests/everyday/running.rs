//! exec: runs a command with the credentials of a connector.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::support::{Machine, ran};

#[test]
fn the_command_gets_a_config_that_renews_credentials() {
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
fn environment_variables_are_passed_on_request() {
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
    // A closed pipe and a file size limit must end it too. The first run also fills the cache, and
    // ignores SIGXFSZ meanwhile.
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
fn signals_and_the_exit_status_pass_through() {
    let machine = Machine::with_connectors();
    for (name, number) in [("TERM", 41), ("INT", 42), ("HUP", 43), ("USR1", 44)] {
        // The line shows that the command is running and can receive a signal.
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
fn arguments_input_folder_and_exit_status_are_unchanged() {
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
fn a_running_command_keeps_its_configuration() {
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
    // There is one file for each environment, no matter how often the command runs and how it ends.
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
    // Files unused for months are removed, and all of them are removed with the connector.
    let long_ago = SystemTime::now() - Duration::from_hours(91 * 24);
    File::open(&other).unwrap().set_modified(long_ago).unwrap();
    File::open(&one).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(file("one"), one);
    assert_eq!(names(), BTreeSet::from([one]));
    machine.run(&["delete", "dev", "--yes"]).ok();
    assert_eq!(names(), BTreeSet::new());
}

#[test]
fn a_missing_command_is_reported() {
    let machine = Machine::with_connectors();
    let ran = machine.run(&["exec", "dev", "--", "no-such-program"]);
    assert_eq!(ran.status, 127);
    assert!(
        ran.stderr.contains("cannot run \"no-such-program\""),
        "{ran:#?}"
    );
}

#[test]
fn a_credential_loop_is_refused() {
    let machine = Machine::with_connectors();
    let ran = ran(machine
        .command()
        .env("AWS_CONNECTOR_CHAIN", "dev")
        .args(["exec", "dev", "--", "true"]));
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("dev -> dev"), "{ran:#?}");
}

#[test]
fn a_command_gets_the_session_of_keys_in_the_environment() {
    let machine = Machine::new();
    let run = |args: &[&str]| {
        ran(machine
            .command()
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", machine.standin.url())
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env(
                "AWS_SECRET_ACCESS_KEY",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            )
            .args(args))
    };
    let role = "arn:aws:iam::123456789012:role/dev";
    run(&["register", "ci", "--auto-configure", "--role-arn", role]).ok();
    let command = ["--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID $AWS_CONFIG_FILE"];
    let plain = run(&[&["exec", "ci"][..], &command].concat()).ok();
    assert!(plain.stdout.starts_with("ASIA"), "{plain:#?}");
    assert_eq!(
        plain.stderr,
        "aws-connector: warning: connector 'ci': its keys come from AWS_… variables, so the command gets credentials that are not renewed, as with --env\n"
    );
    let asked = run(&[&["exec", "ci", "--env"][..], &command].concat()).ok();
    assert_eq!((asked.stdout, asked.stderr.as_str()), (plain.stdout, ""));
    // Other connectors get a configuration that renews credentials.
    let text = machine.read(".config/aws-connector/connectors.toml");
    let text = text.replace(
        "{ env = \"AWS_ACCESS_KEY_ID\" }",
        "\"AKIAIOSFODNN7EXAMPLE\"",
    );
    let secret = "\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"";
    let text = text.replace("{ env = \"AWS_SECRET_ACCESS_KEY\" }", secret);
    machine.write(".config/aws-connector/connectors.toml", &text);
    let other = run(&[&["exec", "ci"][..], &command].concat()).ok();
    assert!(
        other.stdout.contains(".cache/aws-connector/exec/ci."),
        "{other:#?}"
    );
    assert_eq!(other.stderr, "");
}

#[test]
fn login_reports_that_the_built_in_connector_cannot_be_wired() {
    let machine = Machine::new();
    let refused = machine.run(&["login", "implicit", "--yes"]);
    assert_eq!(refused.status, 1);
    assert!(
        refused.stderr.contains("the built-in connector 'implicit' cannot be wired; fix: run 'aws-connector register NAME --auto-configure' first"),
        "{refused:#?}"
    );
}
