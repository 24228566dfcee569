//! Secrets do not leak: the tests run everything, and make it fail, at the highest log level. Then they search all output,
//! arguments, environments of children, and the cache for every secret that was planted.

use std::fs;
use std::path::PathBuf;

use aws_standin::{FaultKind, MFA_SERIAL, SECRET_ACCESS_KEY};

use crate::support::{Client, House, Run, Terminal, until};

const EXTERNAL_ID: &str = "planted-external-id-1";
const FROM_FILE: &str = "plantedFromAFile/K7MDENG/bPxRfiCYEXAMPLE";
const FROM_ENVIRONMENT: &str = "plantedFromTheEnvironment/ENG/bPxRfiCYEX";
const WRONG: &str = "plantedByACommand/K7MDENG/bPxRfiCYEXAMPL";

/// The correct code. It must not be part of an account number.
const MFA_CODE: &str = "870413";
/// A wrong code, printed by a program.
const WRONG_CODE: &str = "650917";

/// Secrets that must never be cached.
const LONG_LIVED: [&str; 7] = [
    SECRET_ACCESS_KEY,
    EXTERNAL_ID,
    FROM_FILE,
    FROM_ENVIRONMENT,
    WRONG,
    MFA_CODE,
    WRONG_CODE,
];

/// Output that must not contain secrets.
struct Said(Vec<(String, String)>);

impl Said {
    fn keep(&mut self, place: &str, text: impl Into<String>) {
        self.0.push((place.to_owned(), text.into()));
    }

    fn run(&mut self, place: &str, command: &mut std::process::Command) -> Run {
        let run = Run::of(
            command
                .env("AWS_CONNECTOR_LOG", "debug")
                .env("PLANTED", FROM_ENVIRONMENT),
        );
        self.keep(&format!("{place}: stderr"), run.stderr.clone());
        if !run.status.success() {
            self.keep(&format!("{place}: stdout"), run.stdout.clone());
        }
        run
    }

    fn holds_none_of(&self, secrets: &[String]) {
        for (place, text) in &self.0 {
            for secret in secrets {
                assert!(
                    !text.contains(secret.as_str()),
                    "{place}: {secret} in {text}"
                );
            }
        }
    }
}

/// A program that records its own and its parent's command line and environment.
fn spy(house: &House, print: &str) -> PathBuf {
    let seen = house.path("seen").display().to_string();
    house.script(
        "spy",
        &format!(
            "tr '\\0' ' ' </proc/$$/cmdline >>{seen}.argv\ntr '\\0' ' ' </proc/$PPID/cmdline >>{seen}.argv\n\
             tr '\\0' '\\n' </proc/$$/environ >>{seen}.environ\n{print}"
        ),
    )
}

fn profile(house: &House) -> String {
    let url = house.aws.url();
    let file = house.write("secret", FROM_FILE);
    let spy = spy(house, &format!("echo {WRONG}"));
    let connector = |name: &str, lines: &str| {
        format!(
            "[connectors.{name}]\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\n{lines}\n\n"
        )
    };
    let role = |source: &str| {
        format!(
            "auth_method = \"iam-role\"\nsource_connector = \"{source}\"\nrole_arn = \"arn:aws:iam::123456789012:role/dev\""
        )
    };
    let keys = |secret: &str| {
        format!(
            "auth_method = \"secret-key\"\naws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = {secret}"
        )
    };
    [
        house.base(),
        "\n".to_owned(),
        connector(
            "dev",
            &format!(
                "{}\nexternal_id = \"{EXTERNAL_ID}\"\nregistries = [\"123456789012\"]",
                role("base")
            ),
        ),
        connector(
            "file",
            &keys(&format!("{{ file = \"{}\" }}", file.display())),
        ),
        connector("by-file", &role("file")),
        connector("environment", &keys("{ env = \"PLANTED\" }")),
        connector("by-environment", &role("environment")),
        connector(
            "command",
            &keys(&format!("{{ command = [\"{}\"] }}", spy.display())),
        ),
        connector("by-command", &role("command")),
        connector(
            "mfa",
            &format!("{}\nmfa_serial = \"{MFA_SERIAL}\"", role("base")),
        ),
        connector(
            "program",
            &format!(
                "{}\nmfa_serial = \"{MFA_SERIAL}\"\nmfa_process = [\"echo\", \"{WRONG_CODE}\"]",
                role("base")
            ),
        ),
    ]
    .concat()
}

#[test]
fn no_secret_appears_in_output_arguments_environments_or_files() {
    let house = House::new();
    house.write_connectors(&profile(&house));
    house.aws.set_mfa_code(MFA_CODE);
    let mut said = Said(Vec::new());
    let mut issued: Vec<String> = Vec::new();

    // Success with an empty cache, with a hit, and with a renewal.
    for turn in ["cold", "warm", "due"] {
        for kind in Client::ALL {
            let run = said.run(&format!("{kind:?} {turn}"), &mut house.client(kind));
            assert!(kind.is_document(&run.stdout), "{run:#?}");
            let document = run.document();
            for place in [
                "/SecretAccessKey",
                "/SessionToken",
                "/Secret",
                "/status/token",
            ] {
                issued.extend(
                    document
                        .pointer(place)
                        .and_then(|v| v.as_str())
                        .map(str::to_owned),
                );
            }
        }
        if turn == "warm" {
            for path in house.shelf().entries("session") {
                // Make each entry due for renewal.
                let text = fs::read_to_string(&path).unwrap();
                let mut entry: serde_json::Value = serde_json::from_str(&text).unwrap();
                entry["refresh_at"] = entry["obtained_at"].clone();
                fs::write(&path, entry.to_string()).unwrap();
            }
        }
    }
    // Failures of every kind.
    let ask = |connector: &str| {
        let mut command = house.command(Client::CredentialProcess.path());
        command
            .args(["--connector", connector])
            .env("AWS_CONNECTOR_CACHE", "off");
        command
    };
    for (name, kind) in [
        ("denied", FaultKind::AccessDenied),
        ("throttled", FaultKind::Throttle),
        ("garbage", FaultKind::Garbage),
        ("half", FaultKind::HalfAnswer),
        ("dropped", FaultKind::Drop),
    ] {
        house.fault("*", kind);
        for client in Client::ALL {
            let run = said.run(name, house.client(client).env("AWS_CONNECTOR_CACHE", "off"));
            assert!(!run.status.success(), "{run:#?}");
        }
        house.aws.clear_faults();
    }
    for connector in [
        "by-file",
        "by-environment",
        "by-command",
        "program",
        "mfa",
        "nobody",
    ] {
        let run = said.run(connector, &mut ask(connector));
        assert!(!run.status.success(), "{connector}: {run:#?}");
    }
    let secret = house.path("secret");
    fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    said.run("an open secret file", &mut ask("by-file"));
    let mut stored = house.command(Client::Docker.path());
    let login = house.write(
        "login",
        &format!(r#"{{"ServerURL":"registry.example","Username":"me","Secret":"{WRONG}"}}"#),
    );
    stored.arg("store").stdin(fs::File::open(login).unwrap());
    said.run("docker store", &mut stored);
    // A connectors file with a mistake next to a secret.
    let broken = house.write(
        "broken.toml",
        &house
            .base()
            .replace("aws_secret_access_key = ", "aws_secret_acess_key = "),
    );
    said.run(
        "a wrong field",
        ask("base").env("AWS_CONNECTOR_FILE", broken),
    );
    let torn = house.write(
        "torn.toml",
        &house
            .base()
            .replace(&format!("{SECRET_ACCESS_KEY}\""), SECRET_ACCESS_KEY),
    );
    said.run(
        "an open string",
        ask("base").env("AWS_CONNECTOR_FILE", torn),
    );
    // A code typed at a terminal.
    let terminal = Terminal::new();
    let asking = terminal.start(ask("mfa").env("AWS_CONNECTOR_LOG", "debug"));
    terminal.await_prompt();
    terminal.type_in(&format!("{MFA_CODE}\n"));
    said.keep("a prompt: stderr", asking.wait().stderr);

    // What the started programs recorded.
    let seen = |what: &str| fs::read_to_string(house.path(&format!("seen.{what}"))).unwrap();
    said.keep("arguments", seen("argv"));
    let environment = seen("environ");
    assert!(environment.contains("AWS_CONNECTOR_CHAIN=") && seen("argv").contains("spy"));
    // The caller's own variables are inherited, as they would be without us.
    said.keep(
        "environment",
        environment.replace(&format!("PLANTED={FROM_ENVIRONMENT}"), ""),
    );

    let mut secrets: Vec<String> = LONG_LIVED.iter().map(|&secret| secret.to_owned()).collect();
    assert!(
        issued.len() >= 12 && issued.iter().all(|secret| secret.len() >= 16),
        "{issued:?}"
    );
    secrets.extend(issued);
    said.holds_none_of(&secrets);

    until("no renewal is at work", || {
        let locks = house
            .shelf()
            .names()
            .into_iter()
            .filter(|name| name.ends_with(".lock"));
        locks
            .map(|name| fs::read_to_string(house.cache().join(name)).unwrap())
            .all(|note| !note.contains("holder"))
    });
    for name in house.shelf().names() {
        let text = fs::read_to_string(house.cache().join(&name)).unwrap();
        for secret in LONG_LIVED {
            assert!(!text.contains(secret), "{name}: {secret}");
        }
        // Locks and other files contain no secrets at all.
        if !name.ends_with(".json") {
            assert!(
                secrets.iter().all(|secret| !text.contains(secret.as_str())),
                "{name}: {text}"
            );
        }
    }
}
