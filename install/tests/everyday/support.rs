//! A user's machine for one test, with its own home and a clean environment.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_standin::Standin;

use crate::proxy::Proxy;

/// A home folder and an AWS stand-in.
pub(crate) struct Machine {
    pub(crate) standin: Standin,
    folder: tempfile::TempDir,
    proxy: Option<Proxy>,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!(self.status == 0, "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }
}

impl Machine {
    /// The binary as installed, next to files with the names of the other three.
    pub(crate) fn new() -> Self {
        let machine = Self {
            standin: Standin::start(),
            // Not below TMPDIR: output that is cut to a length must be the same everywhere.
            folder: tempfile::tempdir_in("/tmp").unwrap(),
            proxy: None,
        };
        let own = env!("CARGO_BIN_EXE_aws-connector");
        fs::create_dir(machine.path("bin")).unwrap();
        fs::hard_link(own, machine.path("bin/aws-connector"))
            .or_else(|_| fs::copy(own, machine.path("bin/aws-connector")).map(drop))
            .unwrap();
        for name in [
            "aws-connector-credential-process",
            "docker-credential-aws-connector",
            "aws-connector-eks-token",
        ] {
            let script = machine.write(&format!("bin/{name}"), "#!/bin/sh\necho 0.1.0\n");
            fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
        }
        machine
    }

    /// With the connectors `base`, a user's keys, and `dev`, a role that `base` assumes.
    pub(crate) fn with_connectors() -> Self {
        let machine = Self::new();
        let text = format!(
            r#"default_connector = "dev"

[connectors.base]
auth_method = "secret-key"
region = "us-east-1"
endpoint_url = "{url}"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "{url}"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"
description = "the team's role"
"#,
            url = machine.standin.url()
        );
        machine.write(".config/aws-connector/connectors.toml", &text);
        machine
    }

    /// The same two connectors, on a machine where all AWS host names resolve to the stand-in.
    pub(crate) fn at_aws() -> Self {
        let mut machine = Self::with_connectors();
        let file = ".config/aws-connector/connectors.toml";
        let endpoint = format!("endpoint_url = \"{}\"\n", machine.standin.url());
        let text = machine.read(file).replace(&endpoint, "");
        machine.write(file, &text);
        machine.write("aws.pem", &machine.standin.ca_pem());
        machine.proxy = Some(Proxy::start(machine.standin.https_port()));
        machine
    }

    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.path("bin/aws-connector"));
        command
            .env_clear()
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.path("bin").display()),
            )
            .env("HOME", self.home())
            .env("USER", "alice")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONNECTOR_REFRESH_AHEAD", "off")
            .current_dir(self.home())
            .stdin(Stdio::null());
        if let Some(proxy) = &self.proxy {
            command
                .env("HTTPS_PROXY", proxy.url())
                .env("NO_PROXY", "169.254.169.254,169.254.170.2")
                .env("AWS_CA_BUNDLE", self.path("aws.pem"));
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(self.command().args(args))
    }
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
