//! Prompts on a terminal.

use std::time::Duration;

use aws_standin::{Fault, FaultKind, MFA_CODE, MFA_SERIAL, SECRET_ACCESS_KEY};

use crate::support::Machine;
use crate::terminal::Terminal;

const FILE: &str = ".config/aws-connector/connectors.toml";

/// A machine with an AWS CLI profile and no connectors.
fn fresh() -> Machine {
    let machine = Machine::at_aws();
    std::fs::remove_file(machine.path(FILE)).unwrap();
    let keys = format!(
        "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET_ACCESS_KEY}\n"
    );
    machine.write(".aws/credentials", &keys);
    machine
}

#[test]
fn a_role_can_be_registered_with_prompts_only() {
    let machine = fresh();
    let terminal = Terminal::new(120);
    let child = terminal.start(machine.command().args(["register", "dev"]));
    terminal.answer("Number (1-7)", "9\r");
    terminal.answer("not one of the choices", "iam-role\r");
    terminal.answer("Region: ", "us-east-1\r");
    terminal.answer("ARN of the role: ", "arn:aws:iam::123456789012:role/dev\r");
    terminal.answer("Number (1-3)", "1\r");
    terminal.answer("AWS CLI profile: ", "default\r");
    let ran = terminal.end(child);
    assert_eq!(ran.status, 0, "{ran:#?}");
    assert!(
        ran.stdout
            .contains("Registered connector 'dev' (iam-role) as arn:aws:sts::"),
        "{ran:#?}"
    );
    assert_eq!(
        machine.read(FILE),
        "default_connector = \"dev\"\n\n[connectors.dev]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nsource_profile = \"default\"\nrole_arn = \"arn:aws:iam::123456789012:role/dev\"\n"
    );
}

#[test]
fn a_prompted_secret_is_hidden_and_register_asks_where_to_store_it() {
    let machine = fresh();
    let terminal = Terminal::new(120);
    let args = [
        "register",
        "base",
        "--auth-method",
        "secret-key",
        "--region",
        "us-east-1",
    ];
    let child = terminal.start(machine.command().args(args));
    terminal.answer("Access key id: ", "AKIAIOSFODNN7EXAMPLE\r");
    terminal.answer("Secret access key: ", &format!("{SECRET_ACCESS_KEY}\r"));
    terminal.answer("Number (1-2)", "2\r");
    let ran = terminal.end(child);
    assert_eq!(ran.status, 0, "{ran:#?}");
    assert!(!ran.stdout.contains(SECRET_ACCESS_KEY), "{ran:#?}");
    let line = format!("aws_secret_access_key = \"{SECRET_ACCESS_KEY}\"\n");
    assert!(machine.read(FILE).contains(&line));
}

#[test]
fn sts_token_asks_for_an_mfa_code_and_where_to_store_the_keys_that_it_obtains() {
    let machine = fresh();
    let terminal = Terminal::new(120);
    let child = terminal.start(machine.command().args([
        "register",
        "tmp",
        "--auto-configure",
        "--auth-method",
        "sts-token",
        "--region",
        "us-east-1",
        "--mfa-serial",
        MFA_SERIAL,
    ]));
    let question = format!("MFA code from {MFA_SERIAL} for connector 'tmp': ");
    terminal.answer(&question, &format!("{MFA_CODE}\r"));
    terminal.answer("Number (1-2)", "2\r");
    let ran = terminal.end(child);
    assert_eq!(ran.status, 0, "{ran:#?}");
    let text = machine.read(FILE);
    assert!(
        text.contains("auth_method = \"sts-token\"\n") && text.contains("\nexpires_at = 20"),
        "{text}"
    );
    assert!(
        !text.contains("mfa") && !text.contains(SECRET_ACCESS_KEY),
        "{text}"
    );
}

#[test]
fn register_prompts_once_for_an_mfa_code_even_without_a_cache() {
    let machine = fresh();
    let terminal = Terminal::new(120);
    let child = terminal.start(machine.command().args([
        "register",
        "dev",
        "--auto-configure",
        "--region",
        "us-east-1",
        "--mfa-serial",
        MFA_SERIAL,
        "--set",
        "cache=off",
    ]));
    let question = format!("MFA code from {MFA_SERIAL} for connector 'dev': ");
    terminal.answer(&question, &format!("{MFA_CODE}\r"));
    let ran = terminal.end(child);
    assert_eq!(ran.status, 0, "{ran:#?}");
    assert_eq!(ran.stdout.matches("MFA code").count(), 1, "{ran:#?}");
}

#[test]
fn without_a_keyring_nothing_is_written() {
    let machine = fresh();
    let terminal = Terminal::new(120);
    let args = [
        "register",
        "base",
        "--auto-configure",
        "--region",
        "us-east-1",
    ];
    let command = &mut machine.command();
    let ran = terminal.run(
        command
            .args(args)
            .args(["--secret-store", "keyring"])
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"),
    );
    assert_eq!(ran.status, 1, "{ran:#?}");
    assert!(
        ran.stdout
            .contains("keyring entry \"aws-connector/base\" is unavailable")
            && ran.stdout.contains("start and unlock the desktop keyring"),
        "{ran:#?}"
    );
    assert!(!machine.path(FILE).exists());
}

#[test]
fn login_prompts_once_for_the_mfa_code_and_for_consent() {
    let machine = Machine::at_aws();
    machine.standin.set_mfa_single_use(true);
    let text = machine.read(FILE);
    let dev = "role_arn = \"arn:aws:iam::123456789012:role/dev\"";
    let mfa =
        format!("role_arn = \"arn:aws:iam::123456789012:role/mfa\"\nmfa_serial = \"{MFA_SERIAL}\"");
    machine.write(FILE, &text.replace(dev, &mfa));
    let terminal = Terminal::new(120);
    let child = terminal.start(machine.command().args(["login", "dev"]));
    let question = format!("MFA code from {MFA_SERIAL} for connector 'dev': ");
    terminal.answer(&question, &format!("{MFA_CODE}\r"));
    terminal.answer("Write this change?", "y\r");
    let ran = terminal.end(child);
    assert_eq!(ran.status, 0, "{ran:#?}");
    assert!(
        ran.stdout.contains("+[profile aws-connector-dev]"),
        "{ran:#?}"
    );
    assert!(machine.path(".aws/config").exists());
    // All further requests use the MFA session.
    let again = machine.run(&["list-resources", "dev"]).ok();
    assert!(again.stdout.contains("s3://data"), "{again:#?}");
    assert_eq!(machine.standin.count("sts", "GetSessionToken"), 1);
}

#[test]
fn no_progress_is_shown_during_prompts() {
    let machine = Machine::at_aws();
    for action in ["AssumeRole", "GetSessionToken"] {
        machine.standin.fault(Fault {
            service: "sts".to_owned(),
            action: action.to_owned(),
            kind: FaultKind::Delay(Duration::from_millis(1500)),
            times: None,
        });
    }
    let args = ["describe", "dev", "--client"];
    let slow = Terminal::new(120).run(machine.command().args(args));
    assert!(slow.stdout.contains("⠋ calling AWS …"), "{slow:#?}");
    let text = machine.read(FILE);
    let region = "[connectors.dev]\n";
    machine.write(
        FILE,
        &text.replace(region, &format!("{region}mfa_serial = \"{MFA_SERIAL}\"\n")),
    );
    let terminal = Terminal::new(120);
    let child = terminal.start(machine.command().args(args));
    terminal.answer("for connector 'dev': ", &format!("{MFA_CODE}\r"));
    let asked = terminal.end(child);
    assert_eq!(asked.status, 0, "{asked:#?}");
    let answered = asked.stdout.find(&format!("'dev': {MFA_CODE}\r\n"));
    let calls = asked.stdout.find("calling AWS");
    assert!(answered.is_some() && answered < calls, "{asked:#?}");
}

#[test]
fn answering_no_changes_nothing() {
    let machine = Machine::at_aws();
    let terminal = Terminal::new(120);
    let child = terminal.start(machine.command().args(["login", "dev"]));
    terminal.answer("Write this change?", "n\r");
    let ran = terminal.end(child);
    assert_eq!(ran.status, 1, "{ran:#?}");
    assert!(ran.stdout.contains("nothing was changed"), "{ran:#?}");
    assert!(!machine.path(".aws/config").exists());
    let child = terminal.start(machine.command().args(["delete", "dev"]));
    terminal.answer("Delete connector 'dev'?", "n\r");
    assert_eq!(terminal.end(child).status, 1);
    assert!(machine.read(FILE).contains("[connectors.dev]"));
}
