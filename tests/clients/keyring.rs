//! Real keyrings: gnome-keyring's Secret Service for secrets, the kernel's keyring for the cache.

use aws_standin::Standin;

use crate::support::{CREDENTIAL_PROCESS, Machine, Run};

pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const DEV: &str = "arn:aws:sts::123456789012:assumed-role/dev/";

/// A machine with connector `base`, whose secret is in the keyring, and `dev`, which assumes a role from it.
fn with_a_secret_in_the_keyring() -> (Machine, Standin) {
    let (machine, aws) = (Machine::new(), Standin::start());
    machine.write(
        "home/.config/aws-connector/connectors.toml",
        &format!(
            r#"[connectors.base]
auth_method = "secret-key"
region = "us-east-1"
endpoint_url = "{url}"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = {{ keyring = "aws-connector/base" }}

[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "{url}"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"
"#,
            url = aws.url()
        ),
    );
    machine.write(
        "home/.aws/config",
        &format!(
            "[profile base]\nregion = us-east-1\ncredential_process = {CREDENTIAL_PROCESS} --connector base\n\
             [profile dev]\nregion = us-east-1\ncredential_process = {CREDENTIAL_PROCESS} --connector dev\n"
        ),
    );
    (machine, aws)
}

/// A shell in a new D-Bus session with an unlocked keyring. It runs `script` after the daemon has started.
fn in_a_session(machine: &Machine, aws: &Standin, script: &str) -> Run {
    let mut session = machine.client("AWS_V1");
    let aws_cli = session.get_program().to_owned();
    session = machine.command("dbus-run-session");
    let unlock =
        "printf login | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
    session
        .args(["--", "sh", "-ec", &format!("{unlock}\n{script}")])
        .env("AWS", aws_cli)
        .env("PROCESS", CREDENTIAL_PROCESS)
        .env("SECRET", SECRET)
        .env("AWS_ENDPOINT_URL", aws.url());
    Run::of(&session)
}

const STORE: &str =
    "printf %s \"$SECRET\" | secret-tool store --label=base service aws-connector username base\n";

#[test]
fn a_secret_in_the_secret_service_serves_the_aws_cli() {
    let (machine, aws) = with_a_secret_in_the_keyring();
    let who = "\"$AWS\" sts get-caller-identity --query Arn --output text --profile";
    let script = format!("{STORE}{who} base\n{who} dev\n{who} dev");
    let said = in_a_session(&machine, &aws, &script).succeeded();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "arn:aws:iam::123456789012:user/dev");
    assert!(
        lines[1..].iter().all(|line| line.starts_with(DEV)),
        "{said}"
    );
    assert_eq!((lines.len(), aws.count("sts", "AssumeRole")), (3, 1));
}

#[test]
fn a_secret_missing_from_the_keyring_is_an_error_with_the_command_that_stores_it() {
    let (machine, aws) = with_a_secret_in_the_keyring();
    let told = in_a_session(&machine, &aws, "\"$PROCESS\" --connector base").failed();
    assert!(
        told.contains("keyring entry \"aws-connector/base\" is not there")
            && told.contains("secret-tool store --label=base service aws-connector username base"),
        "{told}"
    );
}

#[test]
fn a_keyring_that_cannot_be_unlocked_is_an_error() {
    let (machine, aws) = with_a_secret_in_the_keyring();
    in_a_session(&machine, &aws, STORE).succeeded();
    // Another session with a locked keyring, and no display to prompt for its password.
    let mut session = machine.command("dbus-run-session");
    let locked = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1; exec \"$0\" --connector base";
    session.args(["--", "sh", "-c", locked, CREDENTIAL_PROCESS]);
    let told = Run::of(&session).failed();
    assert!(
        told.contains("keyring entry \"aws-connector/base\"")
            && told.contains("unlock the desktop keyring"),
        "{told}"
    );
}

#[test]
fn without_a_keyring_the_command_fails_at_once() {
    let (machine, aws) = with_a_secret_in_the_keyring();
    for bus in [None, Some("unix:path=/nonexistent")] {
        let mut process = machine.command(CREDENTIAL_PROCESS);
        process.args(["--connector", "dev"]);
        if let Some(bus) = bus {
            process.env("DBUS_SESSION_BUS_ADDRESS", bus);
        }
        let began = std::time::Instant::now();
        let told = Run::of(&process).failed();
        assert!(
            told.contains(
                "connector 'base': desktop keyring entry \"aws-connector/base\" is unavailable"
            ) && told.contains("start and unlock the desktop keyring"),
            "{told}"
        );
        assert!(began.elapsed().as_secs() < 19, "{:?}", began.elapsed());
    }
    assert_eq!(aws.calls().len(), 0);
}
