//! Malicious names: refused in one line, with control characters escaped.

use std::fs::File;
use std::process::Command;

use crate::support::{Client, House, Run};

/// Attacks in place of a name.
fn hostile() -> Vec<String> {
    vec![
        "dev\nsecond line".to_owned(),
        "\u{1b}[2Jdev".to_owned(),
        "dev\"; rm -rf ~; \"".to_owned(),
        "../../etc/passwd".to_owned(),
        "dev\u{202e}ved".to_owned(),
        "${HOME}".to_owned(),
        // Close to the maximum length of an argument.
        "x".repeat(100_000),
        String::new(),
    ]
}

/// Asserts one short line of output, no call and no new file.
fn is_refused(house: &House, command: &mut Command, on_stdout: bool) {
    let run = Run::of(command);
    let said = if on_stdout { &run.stdout } else { &run.stderr };
    let line = said.strip_suffix('\n').unwrap_or(said);
    assert!(
        !run.status.success() && !line.is_empty() && line.len() < 2000,
        "{run:#?}"
    );
    assert!(
        !line.chars().any(|c| c.is_control() || c == '\u{202e}'),
        "{line:?}"
    );
    assert_eq!(house.aws.count("*", "*"), 0);
    assert_eq!(house.shelf().names(), Vec::<String>::new());
}

#[test]
fn a_hostile_name_is_refused_in_one_line() {
    let house = House::new();
    for name in hostile() {
        let ask = |client: Client| house.command(client.path());
        is_refused(
            &house,
            ask(Client::CredentialProcess).args(["--connector", &name]),
            false,
        );
        is_refused(
            &house,
            ask(Client::CredentialProcess).args(["--resource-type", &name]),
            false,
        );
        let bucket = ["--resource-type", "s3-bucket", "--resource-id", &name];
        is_refused(&house, ask(Client::CredentialProcess).args(bucket), false);
        is_refused(
            &house,
            ask(Client::EksToken).args(["--cluster", &name]),
            false,
        );
        is_refused(
            &house,
            ask(Client::EksToken).args(["--cluster", "prod", "--region", &name]),
            false,
        );
        is_refused(&house, ask(Client::Docker).arg(&name), true);
        if !name.is_empty() {
            is_refused(
                &house,
                ask(Client::CredentialProcess).env("AWS_CONNECTOR", &name),
                false,
            );
            is_refused(
                &house,
                ask(Client::EksToken)
                    .env("KUBERNETES_EXEC_INFO", &name)
                    .args(["--cluster", "p"]),
                false,
            );
        }
        let stdin = || File::open(house.write("stdin", &name)).unwrap();
        is_refused(&house, ask(Client::Docker).arg("get").stdin(stdin()), true);
        is_refused(
            &house,
            ask(Client::Docker).arg("store").stdin(stdin()),
            true,
        );
    }
}

/// Hosts that resemble an ECR registry: Docker gets `credentials not found`.
#[test]
fn a_host_that_resembles_ecr_never_gets_a_credential() {
    let house = House::new();
    for host in [
        "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example",
        "evil.example/123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com@evil.example",
        "evil.example#123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "evil.example\\.123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "x123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com.cn",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com%2eevil.example",
        "123456789012.dkr.ecr.us\u{2024}east-1.amazonaws.com",
        "12345678901.dkr.ecr.us-east-1.amazonaws.com",
    ] {
        let stdin = File::open(house.write("stdin", host)).unwrap();
        let run = Run::of(house.command(Client::Docker.path()).arg("get").stdin(stdin));
        assert_eq!(run.status.code(), Some(1), "{host}: {run:#?}");
        assert_eq!(
            run.stdout, "credentials not found in native keychain\n",
            "{host}: {run:#?}"
        );
    }
    assert_eq!(house.aws.count("*", "*"), 0);
}

#[test]
fn a_path_with_escape_sequences_is_shown_escaped_in_one_line() {
    let house = House::new();
    let mut command = house.credential_process();
    command.env("AWS_CONNECTOR_FILE", "/no/\u{1b}[2J\nsuch\u{202e}file");
    is_refused(&house, &mut command, false);
}

#[test]
fn a_variable_that_is_not_utf8_is_an_error_and_not_unset() {
    use std::os::unix::ffi::OsStrExt as _;
    let house = House::new();
    let garbled = std::ffi::OsStr::from_bytes(b"d\xffv");
    for client in [Client::CredentialProcess, Client::EksToken] {
        let mut command = house.command(client.path());
        if client == Client::EksToken {
            command.args(["--cluster", "prod"]);
        }
        is_refused(&house, command.env("AWS_CONNECTOR", garbled), false);
    }
}

#[test]
fn a_password_in_an_endpoint_is_not_shown() {
    let house = House::new();
    let profile = house
        .base()
        .replace("default_connector = \"dev\"", "")
        .replace(
            "endpoint_url = \"http://",
            "endpoint_url = \"http://ann:s3cretpassw0rd@",
        );
    house.write_connectors(&profile);
    let run = Run::of(
        house
            .command(Client::CredentialProcess.path())
            .args(["--connector", "base"]),
    );
    assert!(!run.failure().contains("s3cretpassw0rd"), "{run:#?}");
    assert!(run.failure().contains("endpoint_url"), "{run:#?}");
}
