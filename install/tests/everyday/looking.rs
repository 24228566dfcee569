//! Commands that change nothing.

use snapbox::{assert_data_eq, str};

use crate::support::{Machine, ran};

#[test]
fn connectors_are_listed_as_a_table() {
    let machine = Machine::with_connectors();
    assert_data_eq!(
        machine.run(&["list"]).ok().stdout,
        str![[r#"
NAME           AUTH METHOD  RESOURCES  REGION     EXPIRES IN  STATE    DESCRIPTION
base           secret-key   any        us-east-1  N/A         enabled
dev (default)  iam-role     any        us-east-1  N/A         enabled  the team's role

"#]]
    );
}

#[test]
fn connectors_are_listed_as_json() {
    let machine = Machine::with_connectors();
    let list = machine.run(&["list", "--output", "json"]).ok().json();
    assert_data_eq!(
        serde_json::to_string_pretty(&list[1]).unwrap(),
        str![[r#"
{
  "auth_method": "iam-role",
  "default": true,
  "description": "the team's role",
  "enabled": true,
  "error": null,
  "expires_at": null,
  "expires_in": null,
  "labels": {},
  "name": "dev",
  "region": "us-east-1",
  "resource_id": null,
  "resource_type": null
}
"#]]
    );
}

#[test]
fn an_invalid_connector_does_not_hide_the_others() {
    let machine = Machine::new();
    machine.write(
        ".config/aws-connector/connectors.toml",
        "[connectors.bad]\nauth_method = \"iam-rol\"\n[connectors.none]\nauth_method = \"anonymous\"\n",
    );
    let ran = machine.run(&["list"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout.contains("invalid") && ran.stdout.contains("anonymous"),
        "{ran:#?}"
    );
    assert!(ran.stderr.contains("did you mean 'iam-role'"), "{ran:#?}");
}

#[test]
fn describe_shows_no_secret() {
    let machine = Machine::with_connectors();
    for args in [
        &["describe", "base"][..],
        &["describe", "base", "--output", "json"],
    ] {
        let ran = machine.run(args).ok();
        assert!(!ran.stdout.contains("wJalr"), "{ran:#?}");
        assert!(ran.stdout.contains("the connectors file"), "{ran:#?}");
    }
    let ran = machine.run(&["describe", "nosuch"]);
    assert_data_eq!(
        ran.stderr,
        str![[r#"
aws-connector: connector "nosuch" not found in [..]/.config/aws-connector/connectors.toml; fix: use one of base, dev

"#]]
    );
}

#[test]
fn describe_client_shows_credentials_without_secrets() {
    let machine = Machine::with_connectors();
    let args = ["describe", "dev", "--client", "--output", "json"];
    let ran = machine.run(&args).ok();
    assert_eq!(machine.standin.count("sts", "AssumeRole"), 1);
    let client = &ran.json()["client"];
    assert_eq!(client["temporary"], true);
    assert!(
        client["access_key_id"]
            .as_str()
            .unwrap()
            .starts_with("ASIA")
    );
    assert_eq!(client.as_object().unwrap().len(), 9, "{client}");
}

#[test]
fn the_cache_is_shown_and_cleared() {
    let machine = Machine::with_connectors();
    assert_eq!(
        machine.run(&["status"]).ok().stderr,
        "The cache is empty.\n"
    );
    machine.run(&["describe", "dev", "--client"]).ok();
    let status = machine.run(&["status"]).ok();
    assert!(
        status
            .stdout
            .contains("assumed-role/dev/aws-connector-alice")
            && !status.stdout.contains("ASIA"),
        "{status:#?}"
    );
    let entry = &machine.run(&["status", "--output", "json"]).ok().json()["entries"][0];
    assert_eq!(
        (&entry["connector"], &entry["kind"]),
        (&"dev".into(), &"session".into())
    );
    assert_eq!(
        machine.run(&["cache", "clear", "base"]).ok().stdout,
        "Removed 0 entries.\n"
    );
    assert_eq!(
        machine.run(&["cache", "clear", "dev"]).ok().stdout,
        "Removed 1 entry.\n"
    );
    assert_eq!(
        machine.run(&["status"]).ok().stderr,
        "The cache is empty.\n"
    );
}

#[test]
fn completions_and_man_pages_are_generated() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = machine.run(&["completions", shell]).ok().stdout;
        assert!(script.contains("list-types"), "{shell}");
    }
    assert!(
        machine
            .run(&["man"])
            .ok()
            .stdout
            .contains(".TH aws-connector 1")
    );
    machine.run(&["man", "--folder", "man1"]).ok();
    let page = machine.read("man1/aws-connector-list-types.1");
    assert!(page.contains("resource types"), "{page}");
}

#[test]
fn types_are_listed() {
    let machine = Machine::new();
    let document = machine.run(&["list-types", "--output", "json"]).ok().json();
    assert_eq!(
        document["resource_types"][3]["resource_type"],
        "docker-registry"
    );
    assert_eq!(document["auth_methods"].as_array().unwrap().len(), 7);
    assert!(
        machine
            .run(&["list-types"])
            .ok()
            .stdout
            .contains("900 / 3600 / 43200")
    );
}

#[test]
fn commands_do_not_renew_in_the_background() {
    let machine = Machine::with_connectors();
    let args = ["describe", "dev", "--client"];
    machine.run(&args).ok();
    let folder = ".cache/aws-connector";
    for entry in std::fs::read_dir(machine.path(folder)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".json") {
            let path = format!("{folder}/{name}");
            let mut entry: serde_json::Value = serde_json::from_str(&machine.read(&path)).unwrap();
            entry["refresh_at"] = entry["obtained_at"].clone();
            machine.write(&path, &entry.to_string());
        }
    }
    // The forked child of a process with threads can hang on a lock that another thread held.
    let mut command = machine.command();
    ran(command.args(args).env_remove("AWS_CONNECTOR_REFRESH_AHEAD")).ok();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(machine.standin.count("sts", "AssumeRole"), 1);
}
