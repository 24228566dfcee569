//! update, and what every change of the connectors file preserves.

use crate::support::Machine;

const FILE: &str = ".config/aws-connector/connectors.toml";

#[test]
fn comments_and_order_survive_every_change() {
    let machine = Machine::with_connectors();
    let before = machine.read(FILE).replace(
        "region = \"us-east-1\"",
        "region   = \"us-east-1\"   # Virginia",
    ) + "# the end\n";
    machine.write(FILE, &before);
    machine
        .run(&["update", "dev", "--duration", "2h", "--no-verify"])
        .ok();
    let changed = machine.read(FILE);
    let line = "description = \"the team's role\"\n";
    assert_eq!(
        changed,
        before.replace(line, &format!("{line}duration = \"2h\"\n"))
    );
    machine.run(&["update", "dev", "--unset", "duration"]).ok();
    assert_eq!(machine.read(FILE), before);
    let args = ["register", "new", "--auth-method", "anonymous"];
    machine.run(&args).ok();
    machine.run(&["delete", "new", "--yes"]).ok();
    assert_eq!(machine.read(FILE), before);
}

#[test]
fn an_update_without_changes_or_with_invalid_ones_is_refused() {
    let machine = Machine::with_connectors();
    let before = machine.read(FILE);
    for (args, part) in [
        (&["update", "dev"][..], "no changes given"),
        (&["update", "dve", "--region", "x"], "did you mean 'dev'"),
        (
            &["update", "dev", "--unset", "color"],
            "--unset color: the field is not set",
        ),
        (
            &["update", "dev", "--duration", "13h"],
            "900 to 43200 seconds",
        ),
        (
            &["register", "dev", "--auth-method", "anonymous"],
            "already",
        ),
        (
            &["register", "a b", "--auth-method", "anonymous"],
            "not a valid connector name",
        ),
    ] {
        let ran = machine.run(args);
        assert!(ran.status != 0 && ran.stderr.contains(part), "{ran:#?}");
        assert_eq!(machine.read(FILE), before);
    }
}

#[test]
fn set_writes_a_field_without_a_flag() {
    let machine = Machine::with_connectors();
    let url = machine.standin.url();
    let args = [
        "register",
        "lava",
        "--auth-method",
        "secret-key",
        "--region",
        "us-east-1",
        "--endpoint-url",
        &url,
        "--set",
        "access_keys={ssm = \"/teams/dev/keys\", connector = \"base\"}",
    ];
    machine.run(&args).ok();
    let reference = "access_keys = {ssm = \"/teams/dev/keys\", connector = \"base\"}\n";
    assert!(machine.read(FILE).ends_with(reference));
    machine
        .run(&["update", "dev", "--set", "duration=30m", "--no-verify"])
        .ok();
    assert!(machine.read(FILE).contains("duration = \"30m\"\n"));
}

#[test]
fn process_variables_can_be_registered_and_appended() {
    let machine = Machine::with_connectors();
    let register = [
        "register",
        "corporate",
        "--auth-method",
        "implicit",
        "--region",
        "us-east-1",
        "--profile-name",
        "corporate",
        "--process-env",
        "WHO",
        "--no-verify",
    ];
    machine.run(&register).ok();
    let more = [
        "update",
        "corporate",
        "--process-env",
        "STAGE",
        "--no-verify",
    ];
    machine.run(&more).ok();
    let text = machine.read(FILE);
    assert!(
        text.contains("process_environment = [\"WHO\", \"STAGE\"]"),
        "{text}"
    );
    let described = machine.run(&["describe", "corporate", "--output", "json"]);
    assert_eq!(
        described.ok().json()["process_environment"],
        serde_json::json!(["STAGE", "WHO"])
    );
}

#[test]
fn an_update_with_sudo_runs_no_command_from_the_users_file() {
    const ANN: u32 = 61_235;
    let machine = Machine::new();
    let ran = machine.path("ran");
    let helper = machine.write("helper", &format!("#!/bin/sh\n: >'{}'\n", ran.display()));
    let text = format!(
        "[connectors.x]\nauth_method = \"secret-key\"\nregion = \"us-east-1\"\n\
         aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\n\
         aws_secret_access_key = {{ command = [\"sh\", \"{}\"] }}\n",
        helper.display()
    );
    let file = machine.write(FILE, &text);
    if std::os::unix::fs::chown(&file, Some(ANN), None).is_err() {
        // Only root can change the owner of a file, and only root is at risk.
        return;
    }
    let mut command = machine.command();
    command
        .args(["update", "x", "--description", "mine"])
        .env("SUDO_UID", ANN.to_string());
    let told = crate::support::ran(&mut command);
    assert!(
        told.status != 0
            && told
                .stderr
                .contains("a command is not allowed to run as root"),
        "{told:#?}"
    );
    assert!(!ran.exists());
    assert_eq!(machine.read(FILE), text);
}
