//! A connector without credentials, for endpoints that require none.

use crate::support::Machine;

fn machine() -> Machine {
    let machine = Machine::new();
    let text = format!(
        "[connectors.open]\nauth_method = \"anonymous\"\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n",
        machine.standin.url()
    );
    machine.write(".config/aws-connector/connectors.toml", &text);
    machine
}

#[test]
fn verify_obtains_no_session() {
    let machine = machine();
    let ran = machine.run(&["verify", "open"]).ok();
    assert!(
        ran.stdout.contains("not needed: requests are not signed"),
        "{ran:#?}"
    );
    assert_eq!(machine.standin.count("sts", "*"), 0);
}

#[test]
fn exec_passes_region_and_endpoint_but_no_keys() {
    let machine = machine();
    let mut command = machine.command();
    // Credentials in the environment are removed too: the command must not sign with them.
    command
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "a-secret")
        .env("AWS_PROFILE", "work")
        .args(["exec", "open", "--", "env"]);
    let ran = crate::support::ran(&mut command).ok();
    for line in [
        "AWS_REGION=us-east-1".to_owned(),
        format!("AWS_ENDPOINT_URL={}", machine.standin.url()),
        "AWS_CONNECTOR=open".to_owned(),
    ] {
        assert!(
            ran.stdout.lines().any(|said| said == line),
            "{line}: {ran:#?}"
        );
    }
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"] {
        assert!(!ran.stdout.contains(&format!("\n{name}=")), "{ran:#?}");
    }
    assert_eq!(machine.standin.calls().len(), 0);
}
