//! Root and the files of other users.

use std::process::Command;

use crate::support::{House, Run};

/// A user id without a name.
const ANN: u32 = 61_235;

/// The command of ann's helper, which creates a file when it runs.
const HELPER: &str = "ran";

fn house(lines: &str) -> House {
    let house = House::new();
    house.script(
        "helper",
        &format!(
            "echo {} >'{}'; echo 123456",
            HELPER,
            house.path(HELPER).display()
        ),
    );
    house.write_connectors(&format!(
        "{}\n[connectors.dev]\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n{}\n",
        house.base(),
        house.aws.url(),
        lines.replace("HELPER", house.path("helper").to_str().unwrap())
    ));
    house
}

fn give(house: &House, file: &str) {
    std::os::unix::fs::chown(house.path(file), Some(ANN), None).expect("root may give files away");
}

fn by_sudo(mut command: Command) -> Command {
    command
        .env("SUDO_UID", ANN.to_string())
        .env("SUDO_USER", "ann");
    command
}

#[test]
fn root_reads_the_connectors_file_of_the_sudo_user_and_of_no_other_user() {
    let house = House::new();
    give(&house, "connectors.toml");
    let told = Run::of(&mut house.credential_process())
        .failure()
        .to_owned();
    assert!(
        told.contains("belongs to another user (uid 61235)") && told.contains("chown root "),
        "{told}"
    );
    assert_eq!(house.sts_calls(), 0);
    Run::of(&mut by_sudo(house.credential_process())).document();
}

#[test]
fn root_runs_no_command_from_the_sudo_users_connectors_file() {
    const ROLE: &str = "auth_method = \"iam-role\"\nsource_connector = \"base\"\n\
                        role_arn = \"arn:aws:iam::123456789012:role/dev\"\n";
    for (lines, field) in [
        (
            "auth_method = \"secret-key\"\naws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\n\
             aws_secret_access_key = { command = [\"HELPER\"] }"
                .to_owned(),
            "aws_secret_access_key",
        ),
        (
            format!("{ROLE}external_id = {{ command = [\"HELPER\"] }}"),
            "external_id",
        ),
        (
            format!(
                "{ROLE}mfa_serial = \"arn:aws:iam::123456789012:mfa/ann\"\nmfa_process = [\"HELPER\"]"
            ),
            "mfa_process",
        ),
    ] {
        let house = house(&lines);
        give(&house, "connectors.toml");
        let told = Run::of(&mut by_sudo(house.credential_process()))
            .failure()
            .to_owned();
        assert!(
            told.contains(&format!(
                "field '{field}': a command is not allowed to run as root"
            )) && told.contains("\"ann\" (uid 61235)")
                && told.contains("without sudo"),
            "{told}"
        );
        assert!(!house.path(HELPER).exists(), "{field}");
        // The same file is allowed if root owns it.
        std::os::unix::fs::chown(house.profile(), Some(0), None).unwrap();
        Run::of(&mut by_sudo(house.credential_process()));
        assert!(house.path(HELPER).exists(), "{field}");
    }
}

#[test]
fn root_runs_no_credential_process_from_another_users_aws_files() {
    let house = house("auth_method = \"implicit\"\nprofile_name = \"work\"");
    let helper = house.path("helper");
    house.write(
        "home/.aws/config",
        &format!(
            "[profile work]\ncredential_process = {}\n",
            helper.display()
        ),
    );
    give(&house, "home/.aws/config");
    for command in [
        by_sudo(house.credential_process()),
        house.credential_process(),
    ] {
        let mut command = command;
        let told = Run::of(&mut command).failure().to_owned();
        assert!(
            told.contains("credential_process is not allowed to run as root")
                && told.contains("uid 61235"),
            "{told}"
        );
        assert!(!house.path(HELPER).exists());
    }
    std::os::unix::fs::chown(house.path("home/.aws/config"), Some(0), None).unwrap();
    Run::of(&mut by_sudo(house.credential_process()));
    assert!(house.path(HELPER).exists());
}

#[test]
fn root_reads_no_secret_for_the_sudo_users_connectors_file() {
    let house = house(
        "auth_method = \"secret-key\"\naws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\n\
         aws_secret_access_key = { file = \"~/secret\" }",
    );
    house.write("home/secret", "roots-own");
    let secret = house.path("home/secret");
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    give(&house, "connectors.toml");
    let told = Run::of(&mut by_sudo(house.credential_process()))
        .failure()
        .to_owned();
    assert!(
        told.contains("a secret file must not be read as root") && told.contains("without sudo"),
        "{told}"
    );
    std::os::unix::fs::chown(house.profile(), Some(0), None).unwrap();
    Run::of(&mut by_sudo(house.credential_process())).document();
}

#[test]
fn root_reads_no_token_file_that_another_users_aws_files_name() {
    let house = house("auth_method = \"implicit\"\nprofile_name = \"work\"");
    house.write("home/token", "roots-own");
    house.write(
        "home/.aws/config",
        &format!(
            "[profile work]\nrole_arn = arn:aws:iam::123456789012:role/dev\n\
             web_identity_token_file = {}\n",
            house.path("home/token").display()
        ),
    );
    give(&house, "home/.aws/config");
    let told = Run::of(&mut by_sudo(house.credential_process()))
        .failure()
        .to_owned();
    assert!(
        told.contains("web_identity_token_file must not be read as root")
            && told.contains("uid 61235"),
        "{told}"
    );
    std::os::unix::fs::chown(house.path("home/.aws/config"), Some(0), None).unwrap();
    // The file is not a token: it is read, and rejected for its content.
    let told = Run::of(&mut by_sudo(house.credential_process()))
        .failure()
        .to_owned();
    assert!(told.contains("does not contain a JSON web token"), "{told}");
}
