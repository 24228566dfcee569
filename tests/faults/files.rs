//! Named pipes, devices and folders in place of a small file: an immediate error that names the file, instead of a process
//! that hangs or exhausts memory.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, Mode, mkfifoat};

use crate::support::{House, Run};

/// The name that errors use for each kind of special file, and how to create it.
type Odd = (&'static str, fn(&Path));

const ODD: [Odd; 3] = [
    ("named pipe", |path| {
        mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
    }),
    ("device", |path| symlink("/dev/zero", path).unwrap()),
    ("directory", |path| fs::create_dir(path).unwrap()),
];

fn is_refused(run: &Run, file: &str, kind: &str) {
    let line = run.failure();
    assert!(
        line.contains(file) && line.contains(&format!("it is a {kind}, not a regular file")),
        "{line}"
    );
}

#[test]
fn a_special_file_in_place_of_the_connectors_file_is_refused() {
    for (kind, make) in ODD {
        let house = House::new();
        fs::remove_file(house.profile()).unwrap();
        make(&house.profile());
        let run = Run::of(&mut house.credential_process());
        is_refused(&run, "connectors.toml", kind);
        assert!(run.failure().contains("; fix: replace it with a file"));
    }
}

#[test]
fn a_special_file_in_place_of_a_secret_is_refused() {
    // The shell's `<(command)` is a pipe.
    for (kind, make) in ODD.into_iter().skip(1) {
        let house = House::new();
        let text = house.base().replace(
            &format!("\"{}\"", aws_standin::SECRET_ACCESS_KEY),
            &format!("{{ file = \"{}\" }}", house.path("secret").display()),
        );
        house.write_connectors(&text.replace("\"dev\"", "\"base\""));
        make(&house.path("secret"));
        let mut command = house.command(crate::support::Client::CredentialProcess.path());
        is_refused(&Run::of(&mut command), "secret", kind);
    }
}

#[test]
fn a_secret_can_be_read_from_a_named_pipe() {
    let house = House::new();
    let pipe = house.path("secret");
    let text = house.base().replace(
        &format!("\"{}\"", aws_standin::SECRET_ACCESS_KEY),
        &format!("{{ file = \"{}\" }}", pipe.display()),
    );
    house.write_connectors(&text.replace("\"dev\"", "\"base\""));
    mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
    let writer =
        std::thread::spawn(move || fs::write(pipe, aws_standin::SECRET_ACCESS_KEY).unwrap());
    let mut command = house.command(crate::support::Client::CredentialProcess.path());
    let run = Run::of(&mut command);
    writer.join().unwrap();
    assert!(run.status.success(), "{run:#?}");
}

#[test]
fn a_special_file_in_place_of_a_token_is_refused() {
    let connector = "default_connector = \"dev\"\n[connectors.dev]\nallow_implicit_auth_methods = true\nauth_method = \"implicit\"\nregion = \"us-east-1\"\n";
    for (kind, make) in ODD {
        let house = House::new();
        house.write_connectors(connector);
        let token = house.path("token");
        make(&token);
        let mut command = house.credential_process();
        command
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
            .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/dev")
            .env("AWS_ENDPOINT_URL", house.aws.url());
        is_refused(&Run::of(&mut command), "token", kind);

        let mut command = house.credential_process();
        command
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", house.aws.url())
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token);
        is_refused(&Run::of(&mut command), "token", kind);
    }
}

#[test]
fn a_special_file_in_place_of_an_aws_cli_file_is_refused_but_dev_null_is_empty() {
    let connector = "default_connector = \"dev\"\n[connectors.dev]\nallow_implicit_auth_methods = true\nauth_method = \"implicit\"\nregion = \"us-east-1\"\nprofile_name = \"x\"\n";
    for (kind, make) in ODD {
        for (variable, name) in [
            ("AWS_CONFIG_FILE", "config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ] {
            let house = House::new();
            house.write_connectors(connector);
            make(&house.path(name));
            let mut command = house.credential_process();
            let run = Run::of(command.env(variable, house.path(name)));
            is_refused(&run, name, kind);
        }
    }
    let house = House::new();
    house.write_connectors(connector);
    house.write(
        "config",
        "[profile x]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n",
    );
    let mut command = house.credential_process();
    command
        .env("AWS_CONFIG_FILE", house.path("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    let run = Run::of(&mut command);
    assert!(run.status.success(), "{run:#?}");
}

#[test]
fn too_low_a_limit_of_open_files_is_an_error_that_names_it() {
    let house = House::new();
    let client = crate::support::Client::CredentialProcess.path();
    let mut limits_met = 0;
    // From the smallest limit at which the program starts to the first at which it succeeds.
    for limit in 4..16 {
        fs::remove_dir_all(house.cache()).ok();
        let mut command = house.command("prlimit");
        command.arg(format!("--nofile={limit}")).arg(&client);
        let run = Run::of(command.args(["--connector", "dev"]));
        if run.status.success() {
            break;
        }
        assert_eq!(run.status.code(), Some(1), "{limit}: {run:#?}");
        let line = run.stderr.lines().last().unwrap_or_default();
        assert!(
            line.ends_with(&format!(
                "the limit of this process is {limit}; fix: raise the limit: ulimit -n 256"
            )),
            "{limit}: {run:#?}"
        );
        limits_met += 1;
    }
    assert!((4..12).contains(&limits_met), "{limits_met}");
}

/// The credential process, with the secret access key in a pipe on descriptor 9.
fn with_secret_in_a_pipe(house: &House) -> Run {
    let mut command = house.command("sh");
    let line = "printf %s \"$PIPED\" | { exec 9<&0 </dev/null; exec \"$0\"; }";
    command
        .args(["-c", line])
        .arg(crate::support::Client::CredentialProcess.path())
        .env("PIPED", aws_standin::SECRET_ACCESS_KEY);
    Run::of(&mut command)
}

#[test]
fn a_secret_in_a_pipe_serves_the_cache_key_and_the_call() {
    let house = House::new();
    let secret = format!("\"{}\"", aws_standin::SECRET_ACCESS_KEY);
    let text = fs::read_to_string(house.profile()).unwrap();
    house.write_connectors(&text.replace(&secret, "{ file = \"/dev/fd/9\" }"));
    let first = with_secret_in_a_pipe(&house).document();
    assert_eq!(with_secret_in_a_pipe(&house).document(), first);
    assert_eq!(house.sts_calls(), 1);
}

#[test]
fn a_credential_process_that_prints_what_no_request_can_carry_is_refused() {
    let house = House::new();
    house.write_connectors(&format!(
        "{}\n[connectors.dev]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\n\
         endpoint_url = \"{}\"\nsource_profile = \"work\"\n\
         role_arn = \"arn:aws:iam::123456789012:role/dev\"\n",
        house.base(),
        house.aws.url()
    ));
    let document = r#"{"Version":1,"AccessKeyId":"ASIAIOSFODNN7\nXAMPLE","SecretAccessKey":"s3cret",
        "SessionToken":"t","Expiration":"2099-01-01T00:00:00Z"}"#;
    let printed = house.write("printed", document);
    house.write(
        "home/.aws/config",
        &format!(
            "[profile work]\ncredential_process = cat {}\n",
            printed.display()
        ),
    );
    for _ in 0..2 {
        let run = Run::of(&mut house.credential_process());
        let told = run.failure();
        assert!(
            told.contains("printed credentials with an access key id that is not"),
            "{told}"
        );
        assert!(!told.contains("IOSFODNN7") && !told.contains("s3cret"));
    }
    let names = house.shelf().names();
    assert!(
        !names.iter().any(|name| name.ends_with(".json")),
        "{names:?}"
    );
}
