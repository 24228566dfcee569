//! Credential loops: our own binary is the `credential_process` of the AWS CLI profile that is its source.

use crate::support::{Client, House, Run};

/// Connectors that each use an AWS CLI profile as their source, and the AWS CLI's configuration.
fn house(connectors: &[(&str, &str)], config: &str) -> House {
    let house = House::new();
    let mut text = String::new();
    for (name, profile) in connectors {
        text += &format!(
            "[connectors.{name}]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n\
             source_profile = \"{profile}\"\nrole_arn = \"arn:aws:iam::123456789012:role/dev\"\n\n",
            house.aws.url()
        );
    }
    house.write_connectors(&text);
    let ours = Client::CredentialProcess.path();
    house.write(
        "home/.aws/config",
        &config.replace("OURS", &ours.display().to_string()),
    );
    house
}

/// Asserts one error that shows the loop, and that no process printed a document.
fn is_refused(house: &House, parts: &[&str]) {
    let run = Run::of(&mut house.credential_process());
    let line = run.failure();
    for part in parts {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert_eq!(house.aws.count("*", "*"), 0);
}

#[test]
fn a_connector_that_requests_itself_is_refused_and_the_error_shows_the_loop() {
    let house = house(
        &[("dev", "loop")],
        "[profile loop]\ncredential_process = OURS --connector dev\n",
    );
    is_refused(&house, &["dev -> profile loop", "-> dev"]);
}

#[test]
fn a_loop_through_a_second_connectors_file_is_refused_and_shown() {
    let house = house(
        &[("dev", "one"), ("other", "two")],
        "[profile one]\ncredential_process = OURS --connector other\n\n\
         [profile two]\ncredential_process = OURS --connector dev\n",
    );
    is_refused(&house, &["dev -> other -> dev"]);
}

#[test]
fn a_loop_through_a_source_connector_is_refused_and_shown() {
    let house = house(
        &[("inner", "loop")],
        "[profile loop]\ncredential_process = OURS --connector dev\n",
    );
    let profile = std::fs::read_to_string(house.profile()).unwrap();
    house.write_connectors(&format!(
        "{profile}[connectors.dev]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n\
         source_connector = \"inner\"\nrole_arn = \"arn:aws:iam::123456789012:role/long\"\n",
        house.aws.url()
    ));
    is_refused(&house, &["dev -> inner -> dev"]);
}

#[test]
fn a_loop_behind_a_wrapper_script_is_detected() {
    let house = house(
        &[("dev", "loop")],
        "[profile loop]\ncredential_process = WRAPPER\n",
    );
    let ours = Client::CredentialProcess.path();
    let wrapper = house.script(
        "wrapper",
        &format!("exec {} --connector dev", ours.display()),
    );
    let config = format!(
        "[profile loop]\ncredential_process = {}\n",
        wrapper.display()
    );
    house.write("home/.aws/config", &config);
    is_refused(&house, &["dev -> dev"]);
}

#[test]
fn a_secret_command_that_requests_its_own_connector_is_refused() {
    let house = House::new();
    let ours = Client::CredentialProcess.path();
    let profile = house.base().replace("default_connector = \"dev\"", "");
    let profile = profile.replace(
        &format!("\"{}\"", aws_standin::SECRET_ACCESS_KEY),
        &format!(
            "{{ command = [\"{}\", \"--connector\", \"base\"] }}",
            ours.display()
        ),
    );
    house.write_connectors(&profile);
    let run = Run::of(house.command(&ours).args(["--connector", "base"]));
    assert!(run.failure().contains("base -> base"), "{run:#?}");
}
