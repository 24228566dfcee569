//! The endpoints of an AWS CLI profile: register, login, exec, export and verify use the same ones.

use std::fs;

use crate::support::{Machine, ran};

const FILE: &str = ".config/aws-connector/connectors.toml";
const ROLE: &str = "arn:aws:iam::123456789012:role/dev";

/// A machine whose `default` AWS CLI profile has keys and these settings.
fn with(settings: &str, more: &str) -> Machine {
    let machine = Machine::new();
    machine.write(
        ".aws/credentials",
        "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
    );
    let config = format!("[default]\nregion = us-east-1\n{settings}\n{more}");
    machine.write(
        ".aws/config",
        &config.replace("{URL}", &machine.standin.url()),
    );
    machine
}

fn register(machine: &Machine) {
    let args = ["register", "dev", "--auto-configure", "--role-arn", ROLE];
    machine.run(&args).ok();
}

const SERVICES: &str = "services = local";
const LOCAL: &str = "[services local]\nsts =\n  endpoint_url = {URL}\ndynamodb =\n  endpoint_url = http://localhost:8000\n";

#[test]
fn login_and_exec_use_the_endpoint_of_the_aws_cli_profile() {
    let machine = with("endpoint_url = {URL}", "");
    let before = machine.read(".aws/config");
    register(&machine);
    machine.run(&["login", "dev", "--yes"]).ok();
    let url = machine.standin.url();
    let wired = format!("--connector dev\nregion = us-east-1\nendpoint_url = {url}\n");
    let text = machine.read(".aws/config");
    assert!(text.ends_with(&wired), "{text}");
    for flags in [&["--"][..], &["--env", "--"]] {
        let args = [&["exec", "dev"][..], flags, &["env"]].concat();
        let out = machine.run(&args).ok().stdout;
        assert!(
            out.contains(&format!("\nAWS_ENDPOINT_URL={url}\n")),
            "{out}"
        );
    }
    let out = machine.run(&["export", "dev"]).ok().stdout;
    assert!(out.contains(&format!("export AWS_ENDPOINT_URL='{url}'\n")));
    let file = ["export", "dev", "--format", "credentials-file"];
    let out = machine.run(&file).ok().stdout;
    assert!(out.contains(&format!("\nendpoint_url = {url}\n")));
    machine.run(&["logout", "dev", "--yes"]).ok();
    assert_eq!(machine.read(".aws/config"), before);
}

#[test]
fn login_and_exec_use_the_services_section_of_the_aws_cli_profile() {
    let machine = with(SERVICES, LOCAL);
    let before = machine.read(".aws/config");
    register(&machine);
    machine.run(&["login", "dev", "--yes"]).ok();
    let url = machine.standin.url();
    let wired = format!(
        "services = aws-connector-dev\n\n[services aws-connector-dev]\ndynamodb =\n  endpoint_url = http://localhost:8000\nsts =\n  endpoint_url = {url}\n"
    );
    let text = machine.read(".aws/config");
    assert!(text.ends_with(&wired), "{text}");
    let again = machine.run(&["login", "dev", "--yes"]).ok().stdout;
    assert!(again.starts_with("Already wired"), "{again}");
    let args = ["exec", "dev", "--", "sh", "-c", "env; cat $AWS_CONFIG_FILE"];
    let out = machine.run(&args).ok().stdout;
    for part in [
        "\nAWS_ENDPOINT_URL_DYNAMODB=http://localhost:8000\n".to_owned(),
        format!("\nAWS_ENDPOINT_URL_STS={url}\n"),
        // The credential process reads the profile itself.
        " -u AWS_ENDPOINT_URL_STS ".to_owned(),
    ] {
        assert!(out.contains(&part), "{part} in\n{out}");
    }
    machine.run(&["logout", "dev", "--yes"]).ok();
    assert_eq!(machine.read(".aws/config"), before);
}

#[test]
fn the_services_section_is_removed_when_the_endpoints_are() {
    let machine = with(SERVICES, LOCAL);
    register(&machine);
    machine.run(&["login", "dev", "--yes"]).ok();
    let text = machine.read(".aws/config");
    let url = format!("endpoint_url = {}", machine.standin.url());
    machine.write(".aws/config", &text.replacen(SERVICES, &url, 1));
    machine.run(&["login", "dev", "--yes"]).ok();
    let text = machine.read(".aws/config");
    assert!(!text.contains("[services aws-connector-dev]"), "{text}");
    assert!(text.contains(&format!("--connector dev\nregion = us-east-1\n{url}\n")));
}

#[test]
fn exec_overrides_the_endpoints_of_the_environment_only_with_the_connectors_own() {
    let machine = with("endpoint_url = {URL}", "");
    register(&machine);
    let elsewhere = |own: bool| {
        let mut command = machine.command();
        command
            .env("AWS_ENDPOINT_URL_S3", "http://localhost:1")
            .env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", own.to_string())
            .args([
                "exec",
                "dev",
                "--",
                "sh",
                "-c",
                "env | grep '^AWS.*ENDPOINT'; true",
            ]);
        let mut lines: Vec<String> = ran(&mut command)
            .ok()
            .stdout
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    let url = format!("AWS_ENDPOINT_URL={}", machine.standin.url());
    let theirs = "AWS_ENDPOINT_URL_S3=http://localhost:1".to_owned();
    let switch = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false".to_owned();
    assert_eq!(elsewhere(false), [url.clone(), theirs, switch]);
    let own = ["update", "dev", "--endpoint-url", &machine.standin.url()];
    machine.run(&own).ok();
    assert_eq!(elsewhere(false), std::slice::from_ref(&url));
    assert_eq!(elsewhere(true), [url]);
}

#[test]
fn every_method_registers_at_the_endpoint_of_the_aws_cli_profile() {
    let machine = with("endpoint_url = {URL}", "");
    for method in ["session-token", "federation-token"] {
        let args = [
            "register",
            method,
            "--auto-configure",
            "--auth-method",
            method,
        ];
        let out = machine.run(&args).ok().stdout;
        assert!(out.contains("123456789012"), "{out}");
    }
}

#[test]
fn a_connector_that_does_not_use_the_profile_gets_its_endpoints() {
    let machine = with(
        "endpoint_url = {URL}\nservices = local",
        "[services local]\ns3 =\n  endpoint_url = http://localhost:2\n[profile cross]\nsource_profile = default\nrole_arn = arn:aws:iam::123456789012:role/dev\nendpoint_url = {URL}\n",
    );
    let url = machine.standin.url();
    let registered = |args: &[&str]| {
        let mut command = machine.command();
        if args.len() == 3 {
            command
                .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
                .env(
                    "AWS_SECRET_ACCESS_KEY",
                    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                );
        }
        ran(command.args(args)).ok();
        let text = machine.read(FILE);
        fs::remove_file(machine.path(FILE)).unwrap();
        text
    };
    let text = registered(&["register", "keys", "--auto-configure"]);
    let own = format!("endpoint_url = \"{url}\"\n");
    assert!(
        text.contains(&own) && text.contains("{ s3 = \"http://localhost:2\" }"),
        "{text}"
    );
    let mut command = machine.command();
    command
        .env("AWS_ENDPOINT_URL", machine.standin.url())
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env(
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        );
    ran(command.args(["register", "keys", "--auto-configure"])).ok();
    let text = machine.read(FILE);
    assert!(!text.contains("endpoint"), "{text}");
    fs::remove_file(machine.path(FILE)).unwrap();
    // Its source is the default profile, which sets another endpoint for S3.
    let text = registered(&[
        "register",
        "x",
        "--auto-configure",
        "--source-profile=cross",
        "--region=us-east-1",
    ]);
    assert!(text.contains(&own) && !text.contains("endpoints"), "{text}");
}

#[test]
fn verify_reports_a_profile_with_other_endpoints() {
    let machine = with("endpoint_url = {URL}", "");
    register(&machine);
    machine.run(&["login", "dev", "--yes"]).ok();
    let wired = machine.read(".aws/config");
    let old = wired.rsplit_once("endpoint_url").unwrap().0;
    machine.write(".aws/config", old);
    let args = ["verify", "dev", "--resource-type", "aws-generic"];
    let ran = machine.run(&args);
    assert_eq!(ran.status, 1, "{ran:#?}");
    let (_, fix) = ran
        .stdout
        .split_once("its endpoints are not those that the connector uses\n")
        .unwrap();
    assert!(fix.starts_with("    fix: run 'aws-connector login dev' again\n"));
    machine.run(&["login", "dev", "--yes"]).ok();
    machine.run(&args).ok();
}
