//! Every source of credentials, end to end: the AWS CLIs and boto3 run our `credential_process`, which uses the source, and
//! call STS for their identity.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use aws_standin::Standin;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::support::{CREDENTIAL_PROCESS, Machine, Run, beside, program};

const KEYS: &str = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\
                    aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n";
const USER: &str = "arn:aws:iam::123456789012:user/dev";
const DEV: &str = "arn:aws:sts::123456789012:assumed-role/dev/";
const TASK: &str = "arn:aws:sts::123456789012:assumed-role/task/";
const INSTANCE: &str = "arn:aws:sts::123456789012:assumed-role/instance/";

/// A machine with a stand-in and the settings of a source.
struct Place {
    machine: Machine,
    aws: Standin,
    env: Vec<(String, String)>,
}

impl Place {
    /// A machine whose AWS CLI profile `client` uses a connector with these `fields`.
    fn new(fields: &str) -> Self {
        let (machine, aws) = (Machine::new(), Standin::start());
        let connector = format!(
            "[connectors.here]\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n{fields}\n",
            aws.url()
        );
        machine.write("home/.config/aws-connector/connectors.toml", &connector);
        let place = Self {
            machine,
            aws,
            env: Vec::new(),
        };
        place.config("");
        place
    }

    /// Writes `~/.aws/config`, including the client's profile.
    fn config(&self, more: &str) {
        let client = format!(
            "[profile client]\nregion = us-east-1\noutput = json\n\
             credential_process = {CREDENTIAL_PROCESS} --connector here\n{more}"
        );
        self.machine.write("home/.aws/config", &client);
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn client(&self, name: &str) -> Command {
        let mut command = self.machine.client(name);
        command.env("AWS_ENDPOINT_URL", self.aws.url());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Asserts that for STS, the ARN of each client starts with `who`.
    #[track_caller]
    fn serves(&self, who: &str) {
        let url = self.aws.url();
        let ask = [
            "sts",
            "get-caller-identity",
            "--query",
            "Arn",
            "--profile",
            "client",
        ];
        let mut v1 = self.client("AWS_V1");
        v1.args(ask);
        let mut v2 = self.client("AWS_V2");
        v2.args(["--endpoint-url", &url]).args(ask);
        let mut boto3 = self.client("PYTHON");
        boto3.arg(program("sts.py")).arg("client");
        for client in [v1, v2, boto3] {
            let said = Run::of(&client).succeeded();
            assert!(said.contains(who), "{said} is not {who}");
        }
    }

    /// The same, with one call to the source for all clients.
    #[track_caller]
    fn serves_from_one_call(&self, who: &str, service: &str, action: &str) {
        self.serves(who);
        assert_eq!(
            self.aws.count(service, action),
            1,
            "{:#?}",
            self.aws.calls()
        );
    }
}

#[test]
fn keys_in_the_environment_serve_the_clients() {
    Place::new("auth_method = \"implicit\"\ncredential_source = \"Environment\"")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env(
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        )
        .serves(USER);
}

#[test]
fn keys_in_an_aws_profile_serve_the_clients() {
    let place = Place::new("auth_method = \"implicit\"\nprofile_name = \"work\"");
    place
        .machine
        .write("home/.aws/credentials", &format!("[work]\n{KEYS}"));
    place.serves(USER);
}

#[test]
fn a_role_assumed_from_a_profile_serves_the_clients() {
    let place = Place::new(
        "auth_method = \"iam-role\"\nsource_profile = \"work\"\nrole_arn = \"arn:aws:iam::123456789012:role/dev\"",
    );
    place
        .machine
        .write("home/.aws/credentials", &format!("[work]\n{KEYS}"));
    place.serves_from_one_call(DEV, "sts", "AssumeRole");
}

#[test]
fn a_profile_with_a_role_and_a_source_profile_serves_the_clients() {
    let place = Place::new("auth_method = \"implicit\"\nprofile_name = \"work\"");
    place.config(
        "[profile work]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = keys\n",
    );
    place
        .machine
        .write("home/.aws/credentials", &format!("[keys]\n{KEYS}"));
    place.serves_from_one_call(DEV, "sts", "AssumeRole");
}

#[test]
fn a_profile_with_a_process_serves_the_clients() {
    let place = Place::new("auth_method = \"implicit\"\nprofile_name = \"work\"");
    let script = place.machine.write(
        "home/give",
        "#!/bin/sh\nprintf '{\"Version\":1,\"AccessKeyId\":\"AKIAIOSFODNN7EXAMPLE\",\
         \"SecretAccessKey\":\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"}'\n",
    );
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).expect("a script");
    place.config(&format!(
        "[profile work]\ncredential_process = {}\n",
        script.display()
    ));
    place.serves(USER);
}

#[test]
fn an_identity_center_login_serves_the_clients() {
    let place = Place::new("auth_method = \"implicit\"\nprofile_name = \"work\"");
    place.config(
        "[profile work]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Developer\n\
         [sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n",
    );
    // The token file of `aws sso login`; its name is the SHA-1 of the session's name.
    place.machine.write(
        &format!("home/.aws/sso/cache/{}.json", sha1("corp")),
        r#"{"startUrl":"https://corp.awsapps.com/start","region":"us-east-1","accessToken":"sso-access-token","expiresAt":"2099-01-01T00:00:00Z"}"#,
    );
    place.serves_from_one_call(
        "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Developer_",
        "sso",
        "GetRoleCredentials",
    );
}

#[test]
fn a_web_identity_serves_the_clients() {
    let place = Place::new("auth_method = \"implicit\"\ncredential_source = \"WebIdentity\"");
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let claims = r#"{"iss":"https://oidc.example","sub":"system:serviceaccount:x:y","aud":"sts.amazonaws.com","exp":4070908800}"#;
    let token = [part(r#"{"alg":"RS256"}"#), part(claims), part("signature")].join(".");
    let token = place.machine.write("token", &token);
    place
        .env(
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            token.to_str().expect("a path"),
        )
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/dev")
        .serves_from_one_call(DEV, "sts", "AssumeRoleWithWebIdentity");
}

#[test]
fn an_ecs_task_role_serves_the_clients() {
    let place = Place::new("auth_method = \"implicit\"\ncredential_source = \"EcsContainer\"");
    beside("169.254.170.2", place.aws.port());
    place
        .env(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "/v2/credentials/abc",
        )
        .serves_from_one_call(TASK, "container", "*");
}

#[test]
fn a_container_with_a_full_uri_and_a_token_serves_the_clients() {
    let place = Place::new("auth_method = \"implicit\"\ncredential_source = \"EcsContainer\"");
    let uri = format!("{}/v1/credentials", place.aws.url());
    place
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token")
        .serves_from_one_call(TASK, "container", "*");
}

#[test]
fn an_eks_pod_identity_serves_the_clients() {
    let place = Place::new("auth_method = \"implicit\"\ncredential_source = \"EcsContainer\"");
    beside("169.254.170.23", place.aws.port());
    let token = place.machine.write("pod-token", "container-token\n");
    place
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://169.254.170.23/v1/credentials",
        )
        .env(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            token.to_str().expect("a path"),
        )
        .serves_from_one_call(TASK, "container", "*");
}

#[test]
fn an_ec2_instance_role_serves_the_clients() {
    let place =
        Place::new("auth_method = \"implicit\"\ncredential_source = \"Ec2InstanceMetadata\"")
            .env("AWS_EC2_METADATA_DISABLED", "false")
            // A busy machine may need longer than the default of one second.
            .env("AWS_METADATA_SERVICE_TIMEOUT", "20");
    beside("169.254.169.254", place.aws.port());
    place.serves_from_one_call(INSTANCE, "imds", "Credentials");
}

#[test]
fn the_whole_chain_ends_at_the_instance() {
    let place = Place::new("auth_method = \"implicit\"\nallow_implicit_auth_methods = true")
        .env("AWS_EC2_METADATA_DISABLED", "false")
        // A busy machine may need longer than the default of one second.
        .env("AWS_METADATA_SERVICE_TIMEOUT", "20");
    beside("169.254.169.254", place.aws.port());
    place.serves_from_one_call(INSTANCE, "imds", "Credentials");
}

#[test]
fn a_secret_file_of_the_sudo_user_is_refused_and_the_owner_is_named() {
    let place = Place::new(
        "auth_method = \"secret-key\"\naws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\n\
         aws_secret_access_key = { file = \"~/secret\" }",
    )
    .env("SUDO_UID", "61800")
    .env("SUDO_USER", "ann");
    let file = place.machine.write("home/secret", "a-secret");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("an own file");
    std::os::unix::fs::chown(&file, Some(61_800), None).expect("root may give files away");
    let mut client = place.client("AWS_V1");
    client.args(["sts", "get-caller-identity", "--profile", "client"]);
    let told = Run::of(&client).failed();
    assert!(
        told.contains("belongs to \"ann\" (uid 61800), but this runs as root through sudo"),
        "{told}"
    );
}

fn sha1(text: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", "printf %s \"$0\" | sha1sum | cut -d' ' -f1", text]);
    let hash = Run::of(command.env("PATH", "/usr/bin:/bin")).succeeded();
    hash.trim().to_owned()
}
