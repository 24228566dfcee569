//! Standard input from Docker, and the hosts that get credentials.
#![no_main]

use std::ffi::OsString;
use std::fs;
use std::sync::LazyLock;

use aws_connector_core::env::Env;
use aws_connector_core::protocol::docker_credential::{DockerCredential, NOT_FOUND};
use aws_connector_core::protocol::{Input, Protocol as _, Todo};
use aws_connector_core::request::Wants;
use aws_connector_core::resource::RegistryHost;
use fuzz_support::{environment, folder, is_presentable};
use libfuzzer_sys::fuzz_target;

/// The suffixes of ECR hosts, independent of the parser.
const SUFFIXES: [&str; 14] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
    ".on.aws",
    ".on.amazonwebservices.com.cn",
    ".on.amazonwebservices.eu",
    "public.ecr.aws",
    "ecr-public.aws.com",
    ".api.aws",
    ".amazonwebservices.eu",
];

static ENV: LazyLock<Env> = LazyLock::new(|| {
    let file = folder().join("connectors.toml");
    let text = "default_connector = \"dev\"\n[connectors.dev]\nauth_method = \"implicit\"\n\
                allow_implicit_auth_methods = true\nregion = \"us-east-1\"\nregistries = [\"123456789012\"]\n";
    fs::write(&file, text).expect("a profile");
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
    environment(&[
        ("HOME", "/nonexistent"),
        ("AWS_CONNECTOR_FILE", file.to_str().expect("a path")),
    ])
});

fuzz_target!(|text: &str| {
    if let Some(host) = RegistryHost::parse(text) {
        let name = host.host();
        assert!(
            SUFFIXES.iter().any(|suffix| name.ends_with(suffix)),
            "{name}"
        );
        assert!(text.to_ascii_lowercase().contains(&name), "{name}");
        assert_eq!(RegistryHost::parse(&name), Some(host));
    }
    for action in ["get", "store", "erase"] {
        let stdin = || Ok(text.to_owned());
        let input = Input {
            args: &[OsString::from(action)],
            env: &ENV,
            stdin: &stdin,
        };
        match DockerCredential::parse(&input) {
            // Only ECR hosts get credentials.
            Ok(Todo::Serve(request, _)) => {
                assert!(matches!(request.wants, Wants::RegistryLogin { .. }));
                // Unicode white space around the host is ignored.
                assert!(RegistryHost::parse(text.trim()).is_some());
            }
            Ok(Todo::Accept(request)) => {
                assert!(matches!(request.wants, Wants::RegistryLogin { .. }));
            }
            Ok(Todo::ListRegistries) => unreachable!("{action} lists nothing"),
            Ok(Todo::Answer(output)) if action == "get" => {
                assert!(
                    output.status == 1 && output.stdout.lines().count() == 1,
                    "{output:?}"
                );
                assert!(
                    RegistryHost::parse(text.trim()).is_none()
                        || !output.stdout.contains(NOT_FOUND)
                );
            }
            Ok(Todo::Answer(output)) => assert!(output.stdout.lines().count() <= 1, "{output:?}"),
            Err(error) => is_presentable(&error),
        }
    }
});
