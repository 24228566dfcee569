//! delete and update: delete removes everything of a connector, and nothing else.

use crate::support::Machine;
use crate::wiring::{KINDS, login};

const FILE: &str = ".config/aws-connector/connectors.toml";

#[test]
fn delete_removes_the_wiring_and_the_sessions() {
    let machine = Machine::with_connectors();
    let profile = machine.read(FILE);
    let other = profile.split("[connectors.dev]").nth(1).unwrap();
    machine.write(
        FILE,
        &format!("{profile}registries = [\"123456789012\"]\n\n# the other team's\n[connectors.other]{other}duration = \"30m\"\n"),
    );
    for (_, _, kind, _) in KINDS {
        machine.run(&login(kind)).ok();
    }
    machine.run(&["login", "other", "--yes"]).ok();
    machine.run(&["exec", "dev", "--", "true"]).ok();
    let cached = |name: &str| {
        let status = machine.run(&["status", "--output", "json"]).ok().json();
        let entries = status["entries"].as_array().unwrap().clone();
        entries
            .iter()
            .filter(|entry| entry["connector"] == name)
            .count()
    };
    assert!(cached("dev") > 1 && cached("other") == 1);

    let ran = machine
        .run(&["delete", "dev", "--yes", "--output", "json"])
        .ok();
    let document = ran.json();
    assert_eq!(document["connector"], "dev");
    assert_eq!(
        document["unwired"].as_array().unwrap().len(),
        3,
        "{document}"
    );
    assert!(document["cleared"].as_u64().unwrap() > 1, "{document}");
    assert_eq!((cached("dev"), cached("other")), (0, 1));
    assert!(!machine.path(".docker").exists() && !machine.path(".kube").exists());
    let config = machine.read(".aws/config");
    assert!(
        config.starts_with("[profile aws-connector-other]\n"),
        "{config}"
    );
    // `default_connector` is removed too: nothing refers to the connector.
    let rest = machine.read(FILE);
    assert!(
        rest.starts_with("[connectors.base]") && !rest.contains("[connectors.dev]"),
        "{rest}"
    );
    assert!(
        rest.contains("# the other team's\n[connectors.other]"),
        "{rest}"
    );
    machine.run(&["list"]).ok();
}

#[test]
fn delete_keeps_a_connector_that_cannot_be_unwired() {
    let machine = Machine::with_connectors();
    machine.run(&["login", "dev", "--yes"]).ok();
    let before = machine.read(FILE);
    let wired = machine.read(".aws/config") + "output = json\n";
    machine.write(".aws/config", &wired);
    let ran = machine.run(&["delete", "dev", "--yes"]);
    assert!(
        ran.status == 1
            && ran
                .stderr
                .contains("contains 'output', which aws-connector did not write"),
        "{ran:#?}"
    );
    assert_eq!(machine.read(".aws/config"), wired);
    assert_eq!(machine.read(FILE), before);
    machine.run(&["delete", "dev", "--yes", "--force"]).ok();
    assert!(!machine.path(".aws").exists());
    assert!(!machine.read(FILE).contains("[connectors.dev]"));
}

#[test]
fn logout_removes_the_wiring_of_a_deleted_connector() {
    let machine = Machine::with_connectors();
    for (_, _, kind, _) in KINDS {
        machine.run(&login(kind)).ok();
    }
    machine.write(FILE, "");
    machine.run(&["logout", "dev", "--yes"]).ok();
    for (_, file, _, _) in KINDS {
        assert!(!machine.path(file).parent().unwrap().exists(), "{file}");
    }
    // This also works with an invalid connectors file.
    machine.write(FILE, "this is no TOML");
    let ran = machine.run(&["logout", "dev", "--yes"]).ok();
    assert!(ran.stdout.contains("Nothing is wired"), "{ran:#?}");
}

#[test]
fn a_failed_update_changes_nothing_and_login_after_an_update_rewires() {
    let machine = Machine::with_connectors();
    machine.run(&["login", "dev", "--yes"]).ok();
    let before = machine.read(FILE);
    let role = "arn:aws:iam::123456789012:role/nobody";
    let ran = machine.run(&["update", "dev", "--role-arn", role]);
    assert!(
        ran.status != 0 && ran.stderr.contains("nothing was written"),
        "{ran:#?}"
    );
    assert_eq!(machine.read(FILE), before);
    machine
        .run(&[
            "update",
            "dev",
            "--region",
            "eu-west-1",
            "--unset",
            "description",
        ])
        .ok();
    let expected = before.replace("description = \"the team's role\"\n", "");
    let (head, tail) = expected.rsplit_once("us-east-1").unwrap();
    let expected = format!("{head}eu-west-1{tail}");
    assert_eq!(machine.read(FILE), expected);
    let ran = machine.run(&["login", "dev", "--yes"]).ok();
    assert!(
        ran.stdout
            .contains("-region = us-east-1\n+region = eu-west-1"),
        "{ran:#?}"
    );
    machine.run(&["logout", "dev", "--yes"]).ok();
    assert!(!machine.path(".aws").exists());
}
