//! Runs every command, and its failures, at the highest log level: no secret is printed.

use std::fs;

use serde_json::Value;

use crate::support::{Machine, Ran, ran};

const KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const EXTERNAL_ID: &str = "planted-external-id-7";
const IN_THE_ENVIRONMENT: &str = "plantedInTheEnvironment/ENG/bPxRfiCYEX";
const OF_LAVA: &str = "plantedInAConnectionOfLavas/ENG/bPxRfiCY";

/// The commands that were run, and their output.
struct Said<'a> {
    machine: &'a Machine,
    runs: Vec<(String, Ran)>,
}

impl Said<'_> {
    fn run(&mut self, args: &[&str]) -> i32 {
        let ran = ran(self
            .machine
            .command()
            .args(args)
            .env("AWS_CONNECTOR_LOG", "debug")
            .env("PLANTED", IN_THE_ENVIRONMENT));
        let status = ran.status;
        self.runs.push((args.join(" "), ran));
        status
    }

    fn holds_none_of(&self, secrets: &[String]) {
        for (what, ran) in &self.runs {
            for secret in secrets {
                assert!(!ran.stdout.contains(secret), "{what}: {secret}: {ran:#?}");
                assert!(!ran.stderr.contains(secret), "{what}: {secret}: {ran:#?}");
            }
        }
    }
}

/// All secrets in the cache.
fn issued(machine: &Machine) -> Vec<String> {
    let mut found = Vec::new();
    let entries = fs::read_dir(machine.path(".cache/aws-connector")).unwrap();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let entry: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            for place in ["secret_access_key", "session_token", "password"] {
                found.extend(entry["payload"][place].as_str().map(str::to_owned));
            }
        }
    }
    found
}

fn machine() -> Machine {
    let machine = Machine::with_connectors();
    let url = machine.standin.url();
    let text = machine.read(".config/aws-connector/connectors.toml");
    let role = "auth_method = \"iam-role\"\nregion = \"us-east-1\"\nrole_arn = \"arn:aws:iam::123456789012:role/dev\"\n";
    let more = format!(
        "external_id = \"{EXTERNAL_ID}\"\nregistries = [\"123456789012\"]\n\n\
         [connectors.environment]\nauth_method = \"secret-key\"\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\n\
         aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = {{ env = \"PLANTED\" }}\n\n\
         [connectors.wrong]\n{role}endpoint_url = \"{url}\"\nsource_connector = \"environment\"\n"
    );
    machine.write(".config/aws-connector/connectors.toml", &(text + &more));
    machine.write(
        "lava.json",
        &format!(
            r#"{{"conn_id": "lava", "type": "aws", "region": "us-east-1", "access_keys": "AKIAIOSFODNN7EXAMPLE,{OF_LAVA}"}}"#
        ),
    );
    machine.write(
        ".aws/credentials",
        &format!(
            "[work]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {KEY}\n"
        ),
    );
    machine
        .standin
        .add_cluster("prod", "us-east-1", "https://127.0.0.1:1", "Y2E=");
    machine
}

#[test]
fn no_command_prints_a_secret_whether_it_works_or_fails() {
    let machine = machine();
    let url = machine.standin.url();
    let mut said = Said {
        machine: &machine,
        runs: Vec::new(),
    };
    let works: [&[&str]; 24] = [
        &["list-types"],
        &["list"],
        &["list", "--output", "json"],
        &["describe", "base"],
        &["describe", "dev", "--output", "json"],
        &["describe", "dev", "--client"],
        &[
            "describe",
            "dev",
            "--client",
            "--resource-type",
            "docker-registry",
            "--resource-id",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com",
        ],
        &[
            "describe",
            "dev",
            "--client",
            "--resource-type",
            "kubernetes-cluster",
            "--resource-id",
            "prod",
        ],
        &["list-resources", "dev"],
        &["list-resources", "dev", "--output", "json"],
        &[
            "register",
            "new",
            "--auto-configure",
            "--source-profile",
            "work",
            "--region",
            "us-east-1",
            "--endpoint-url",
            &url,
        ],
        &["update", "new", "--description", "changed"],
        &["import", "aws-profiles", "work"],
        &["login", "dev", "--yes", "--resource-type", "aws-generic"],
        &[
            "login",
            "dev",
            "--yes",
            "--resource-type",
            "docker-registry",
        ],
        &[
            "login",
            "dev",
            "--yes",
            "--resource-type",
            "kubernetes-cluster",
            "--resource-id",
            "prod",
        ],
        &["status"],
        &["status", "--output", "json"],
        &["verify", "dev"],
        &["verify", "dev", "--output", "json"],
        &["exec", "dev", "--", "true"],
        &["logout", "dev", "--yes"],
        &["completions", "bash"],
        &["delete", "new", "--yes"],
    ];
    let mut worked = 0;
    for args in works {
        worked += usize::from(said.run(args) == 0);
    }
    // Some of them fail on a machine without Docker and a cluster; most succeed.
    assert!(worked >= 18, "{:#?}", said.runs);
    let sessions = issued(&machine);
    let fails: [&[&str]; 11] = [
        &["describe", "nobody"],
        &["describe", "wrong", "--client"],
        &["verify", "wrong"],
        &["verify", "environment"],
        &["list-resources", "wrong"],
        &["login", "wrong", "--yes"],
        &["export", "wrong"],
        &["exec", "wrong", "--env", "--", "true"],
        &["register", "base", "--auto-configure"],
        &[
            "register",
            "again",
            "--auth-method",
            "secret-key",
            "--region",
            "us-east-1",
            "--secret-from",
            "env:PLANTED",
            "--access-key-id",
            "AKIAIOSFODNN7EXAMPLE",
            "--endpoint-url",
            &url,
        ],
        &["import", "lava", "lava.json"],
    ];
    for args in fails {
        assert_ne!(said.run(args), 0, "{args:?}: {:#?}", said.runs.last());
    }
    machine.write(
        ".config/aws-connector/connectors.toml",
        &format!(
            "[connectors.base]\nauth_method = \"secret-key\"\naws_secret_acess_key = \"{KEY}\"\n"
        ),
    );
    for args in [
        &["list"][..],
        &["describe", "base"],
        &["verify", "base"],
        &["status"],
    ] {
        said.run(args);
    }
    assert!(sessions.len() >= 4, "{sessions:?}");
    let mut secrets: Vec<String> = [KEY, EXTERNAL_ID, IN_THE_ENVIRONMENT, OF_LAVA]
        .map(str::to_owned)
        .into();
    secrets.extend(sessions);
    said.holds_none_of(&secrets);
}

#[test]
fn a_secret_used_as_key_id_is_not_shown() {
    let machine = Machine::with_connectors();
    // It matches the format that AWS documents for access key ids.
    let secret = "wJalrXUtnFEMIaK7MDENGabPxRfiCYEXAMPLEKEY";
    let swapped = format!(
        "\n[connectors.swapped]\nauth_method = \"secret-key\"\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n\
         aws_access_key_id = \"{secret}\"\naws_secret_access_key = \"AKIAIOSFODNN7EXAMPLE\"\n",
        machine.standin.url()
    );
    let file = ".config/aws-connector/connectors.toml";
    machine.write(file, &(machine.read(file) + &swapped));
    let mut said = Said {
        machine: &machine,
        runs: Vec::new(),
    };
    for args in [
        &["list"][..],
        &["describe", "swapped"],
        &["describe", "swapped", "--client"],
        &["describe", "swapped", "--client", "--output", "json"],
        &["status"],
        &[
            "register",
            "new",
            "--auth-method",
            "secret-key",
            "--region",
            "us-east-1",
            "--access-key-id",
            secret,
            "--secret-from",
            "env:PLANTED",
            "--no-verify",
        ],
    ] {
        said.run(args);
    }
    said.holds_none_of(&[secret.to_owned()]);
}
