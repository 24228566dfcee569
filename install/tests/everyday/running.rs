//! exec and export.

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
    let status = machine
        .command()
        .args(["exec", "dev", "--", "sh", "-c", "kill -TERM $$"])
        .status()
        .unwrap();
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(15)
    );
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let machine = Machine::with_connectors();
    let ran = machine.run(&["exec", "dev", "--", "no-such-program"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("\"no-such-program\" cannot be started"),
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

#[test]
fn credentials_are_printed_in_three_forms() {
    let machine = Machine::with_connectors();
    let env = machine.run(&["export", "base"]).ok().stdout;
    assert_eq!(
        env,
        "export AWS_ACCESS_KEY_ID='AKIAIOSFODNN7EXAMPLE'\nexport AWS_SECRET_ACCESS_KEY='wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'\nunset AWS_SESSION_TOKEN\nexport AWS_REGION='us-east-1'\n"
    );
    let json = machine
        .run(&["export", "dev", "--format", "json"])
        .ok()
        .json();
    assert_eq!(json["Version"], 1);
    assert!(json["Expiration"].as_str().unwrap().ends_with('Z'));
    let file = machine
        .run(&["export", "dev", "--format", "credentials-file"])
        .ok()
        .stdout;
    assert!(
        file.starts_with("[dev]\naws_access_key_id = ASIA"),
        "{file}"
    );
}
