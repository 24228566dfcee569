//! Two connectors that list one registry: login adds the host to one of them, or prints a fix that
//! works, as verify does.

use crate::support::{Machine, Ran, ran};

const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
const FILE: &str = ".config/aws-connector/connectors.toml";

/// The connectors `dev` and `other`, with these fields.
fn with(dev: &str, other: &str) -> Machine {
    let machine = Machine::with_connectors();
    let text = machine.read(FILE);
    let role = text.split("[connectors.dev]").nth(1).unwrap();
    let text = format!("{text}{dev}\n\n[connectors.other]{role}{other}\n");
    machine.write(FILE, &text);
    machine
}

fn login(machine: &Machine, name: &str) -> Ran {
    let kind = ["--resource-type", "docker-registry", "--resource-id", HOST];
    let args = [&["login", name, "--yes"][..], &kind].concat();
    ran(machine.command().env("AWS_CONNECTOR", name).args(args))
}

/// Runs the commands of a printed fix.
fn paste(machine: &Machine, output: &str) {
    let (_, fix) = output.split_once("fix: run '").unwrap();
    let (commands, _) = fix.split_once('\'').unwrap();
    let mut shell = std::process::Command::new("sh");
    let full = machine.command();
    let variables = full
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    shell
        .env_clear()
        .envs(variables)
        .current_dir(machine.home());
    shell.stdin(std::process::Stdio::null());
    ran(shell.args(["-c", commands])).ok();
}

#[test]
fn the_fix_for_a_registry_of_two_connectors_works_when_pasted() {
    let host = format!("registries = [\"{HOST}\"]");
    let more = format!("registries = [\"210987654321\", \"{HOST}\", \"public.ecr.aws\"]");
    let account = "registries = [\"123456789012\"]";
    for (dev, other) in [
        (host.as_str(), host.as_str()),
        (&host, ""),
        (&more, &host),
        (&more, account),
    ] {
        let machine = with(dev, other);
        let refused = login(&machine, "other");
        assert_eq!(refused.status, 1, "{dev} {other}: {refused:#?}");
        assert!(!machine.path(".docker/config.json").exists());
        paste(&machine, &refused.stderr);
        let docker = login(&machine, "other").ok().stdout;
        assert!(docker.contains("for connector 'other'"), "{docker}");
        // Only the one host is taken away.
        let text = machine.read(FILE);
        assert_eq!(text.contains("210987654321"), dev.contains("210987654321"));
        assert_eq!(
            text.contains("public.ecr.aws"),
            dev.contains("public.ecr.aws")
        );
    }
}

#[test]
fn a_registry_that_another_connector_serves_is_added_to_the_connector_until_its_logout() {
    let machine = Machine::with_connectors();
    let before = machine.read(FILE);
    let args = [
        "login",
        "base",
        "--yes",
        "--resource-type",
        "docker-registry",
    ];
    let ran = machine.run(&args).ok();
    assert!(ran.stdout.contains("+registries = ["), "{ran:#?}");
    assert!(
        !ran.stdout
            .contains("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        "{ran:#?}"
    );
    assert_ne!(machine.read(FILE), before);
    machine.run(&["logout", "base", "--yes"]).ok();
    assert_eq!(machine.read(FILE), before);
    // A registry that a user listed for another connector stays there.
    machine.write(FILE, &format!("{before}registries = [\"{HOST}\"]\n"));
    let ran = machine.run(&args);
    assert!(
        ran.status == 1 && ran.stderr.contains("connector 'dev' serves"),
        "{ran:#?}"
    );
}

#[test]
fn login_lists_the_host_if_no_other_connector_does() {
    for registries in ["registries = [\"123456789012\"]", ""] {
        let machine = with(registries, registries);
        let docker = login(&machine, "other").ok().stdout;
        assert!(docker.contains("for connector 'other'"), "{docker}");
        assert_eq!(machine.read(FILE).matches(HOST).count(), 1);
    }
}

#[test]
fn the_fix_for_a_connector_limited_to_the_registry_wires_that_one() {
    let limit = format!("resource_type = \"docker-registry\"\nresource_id = \"{HOST}\"");
    let machine = with(&limit, &format!("registries = [\"{HOST}\"]"));
    let refused = login(&machine, "other");
    assert_eq!(refused.status, 1, "{refused:#?}");
    let fix = format!(
        "fix: run 'aws-connector update other --unset registries && aws-connector login dev --resource-type docker-registry --resource-id {HOST}'"
    );
    assert!(refused.stderr.contains(&fix), "{refused:#?}");
}

#[test]
fn verify_reports_a_registry_of_two_connectors() {
    for registry in [HOST, "123456789012"] {
        let field = format!("registries = [\"{registry}\"]");
        let machine = with(&field, &field);
        let args = [
            "verify",
            "dev",
            "--no-wiring",
            "--resource-type",
            "docker-registry",
        ];
        let refused = machine.run(&args);
        assert_eq!(refused.status, 1, "{refused:#?}");
        let what = "but not to Docker: connectors dev, other all list";
        assert!(refused.stdout.contains(what), "{refused:#?}");
        paste(&machine, &refused.stdout);
        machine.run(&args).ok();
    }
}

#[test]
fn no_connector_of_two_serves_a_registry_even_if_a_variable_chooses_one() {
    let field = format!("registries = [\"{HOST}\"]");
    let machine = with("", &field);
    login(&machine, "other").ok();
    let text = machine.read(FILE).replace(
        "[connectors.other]",
        &format!("{field}\n\n[connectors.other]"),
    );
    machine.write(FILE, &text);
    let run = |args: &[&str]| ran(machine.command().env("AWS_CONNECTOR", "other").args(args));
    let wiring = run(&["verify", "other"]).stdout;
    let docker = format!("✗ Docker               {HOST} in ");
    assert!(wiring.contains(&docker), "{wiring}");
    let used = run(&["describe", "other", "--output", "json"]).ok().stdout;
    assert!(used.contains("\"registries\": []"), "{used}");
}
