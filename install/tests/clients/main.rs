//! `--secret-store keyring` with the Secret Service of desktops: GNOME's keyring, on the test's own
//! session bus.
//!
//! `tests/clients/setup` installs it. Without a keyring the tests fail; `tests/run --quick` skips
//! them.

#![expect(clippy::disallowed_methods, reason = "tests open files directly")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected should stop there"
)]

#[path = "../everyday/proxy.rs"]
mod proxy;
#[expect(dead_code, reason = "written for the tests beside these")]
#[path = "../everyday/support.rs"]
mod support;

use std::fs;

use aws_standin::SECRET_ACCESS_KEY;

use support::{Machine, Ran, ran};

const FILE: &str = ".config/aws-connector/connectors.toml";

/// A machine with an AWS CLI profile, a keyring and no connectors.
fn fresh() -> Machine {
    let machine = Machine::at_aws();
    fs::remove_file(machine.path(FILE)).unwrap();
    let keys = format!(
        "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET_ACCESS_KEY}\n"
    );
    machine.write(".aws/credentials", &keys);
    machine.write(".aws/config", "[default]\nregion = us-east-1\n");
    machine.write("run/nothing", "");
    machine
}

/// Runs a script on a session bus with an unlocked keyring in the machine's home.
fn session(machine: &Machine, script: &str) -> Ran {
    let unlock = "printf 'p' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
    let like = machine.command();
    let mut bus = std::process::Command::new("dbus-run-session");
    let ran = ran(bus
        .args(["--", "sh", "-e", "-c", &format!("{unlock}; {script}")])
        .env_clear()
        .envs(
            like.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("XDG_RUNTIME_DIR", machine.path("run"))
        .current_dir(machine.home()));
    assert!(
        ran.status != 127,
        "D-Bus or keyring not found, run tests/clients/setup: {ran:#?}"
    );
    assert!(
        !ran.stdout.contains(SECRET_ACCESS_KEY) && !ran.stderr.contains(SECRET_ACCESS_KEY),
        "{ran:#?}"
    );
    ran
}

#[test]
fn an_aws_cli_profile_moves_into_the_keyring() {
    let machine = fresh();
    let ran = session(
        &machine,
        "aws-connector register dev --auto-configure --secret-store keyring
         rm -r .aws
         aws-connector verify dev --resource-type s3-bucket --no-wiring",
    )
    .ok();
    assert!(
        ran.stdout
            .contains("Its secrets are in the desktop keyring: aws-connector/dev."),
        "{ran:#?}"
    );
    assert!(
        ran.stdout
            .contains("✓ secrets              from desktop keyring entry \"aws-connector/dev\"")
            && ran.stdout.contains("✓ s3-bucket"),
        "{ran:#?}"
    );
    let text = machine.read(FILE);
    assert!(
        text.contains("auth_method = \"session-token\"")
            && text.contains("aws_secret_access_key = { keyring = \"aws-connector/dev\" }"),
        "{text}"
    );
    assert!(!text.contains(SECRET_ACCESS_KEY), "{text}");
}

#[test]
fn temporary_keys_moved_to_the_keyring_become_an_sts_token() {
    let machine = fresh();
    let text = machine.read(".aws/credentials");
    let token = "a-token-that-is-nobodys";
    machine.write(
        ".aws/credentials",
        &text.replace("AKIA", "ASIA").replacen(
            "\naws_secret",
            &format!("\naws_session_token = {token}\naws_secret"),
            1,
        ),
    );
    session(
        &machine,
        "aws-connector register dev --auto-configure --secret-store keyring --no-verify",
    )
    .ok();
    let text = machine.read(FILE);
    for part in [
        "auth_method = \"sts-token\"",
        "aws_access_key_id = \"ASIAIOSFODNN7EXAMPLE\"",
        "aws_secret_access_key = { keyring = \"aws-connector/dev\" }",
        "aws_session_token = { keyring = \"aws-connector/dev/session-token\" }",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains(token), "{text}");
}

#[test]
fn a_piped_secret_is_stored_in_the_keyring_and_an_update_replaces_it() {
    let machine = fresh();
    machine.write("secret", SECRET_ACCESS_KEY);
    machine.write("wrong", "a-secret-of-another-key");
    let ran = session(
        &machine,
        "aws-connector register base --auth-method secret-key --region us-east-1 \
             --access-key-id AKIAIOSFODNN7EXAMPLE --secret-from stdin --secret-store keyring < secret
         ! aws-connector update base --secret-from stdin --secret-store keyring < wrong
         aws-connector verify base --resource-type aws-generic --no-wiring
         aws-connector update base --secret-from stdin --secret-store keyring --no-verify < wrong
         ! aws-connector verify base --resource-type aws-generic --no-wiring",
    )
    .ok();
    assert_eq!(
        ran.stdout.matches("✓ identity").count(),
        1,
        "a failed update is undone, an update with --no-verify is not: {ran:#?}"
    );
    assert!(ran.stdout.contains("✗ identity"), "{ran:#?}");
}

#[test]
fn a_failed_register_leaves_nothing_in_the_keyring() {
    let machine = fresh();
    machine.standin.remove_key("AKIAIOSFODNN7EXAMPLE");
    let ran = session(
        &machine,
        "! aws-connector register dev --auto-configure --secret-store keyring
         aws-connector register dev --auth-method secret-key --region us-east-1 --no-verify \
             --access-key-id AKIAIOSFODNN7EXAMPLE --secret-from keyring:aws-connector/dev
         ! aws-connector describe dev --client",
    )
    .ok();
    assert!(
        ran.stderr
            .contains("keyring entry \"aws-connector/dev\" is not there"),
        "{ran:#?}"
    );
}
