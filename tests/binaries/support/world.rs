//! A home for each test, and the binaries that run in it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_standin::{Call, Standin};
use tempfile::TempDir;

use super::{Answer, Entry, REGISTRY, Run, Session};

/// One of the three programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    CredentialProcess,
    Docker,
    EksToken,
}

impl Binary {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::CredentialProcess => env!("CARGO_BIN_EXE_aws-connector-credential-process"),
            Self::Docker => env!("CARGO_BIN_EXE_docker-credential-aws-connector"),
            Self::EksToken => env!("CARGO_BIN_EXE_aws-connector-eks-token"),
        }
    }
}

/// A user's home with a connectors file, an empty cache, and an AWS on loopback.
pub(crate) struct World {
    pub(crate) standin: Standin,
    home: TempDir,
}

impl World {
    /// A world without a connectors file.
    pub(crate) fn empty() -> Self {
        Self::with(Standin::start())
    }

    /// A world with this AWS and without a connectors file.
    pub(crate) fn with(standin: Standin) -> Self {
        Self {
            standin,
            home: tempfile::tempdir().unwrap(),
        }
    }

    /// A world with a connectors file of these pieces, in which `URL` is replaced by the address of its AWS.
    pub(crate) fn new(pieces: &[&str]) -> Self {
        let world = Self::empty();
        world.profile(pieces);
        world
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn profile_path(&self) -> PathBuf {
        self.home().join(".config/aws-connector/connectors.toml")
    }

    pub(crate) fn cache_path(&self) -> PathBuf {
        self.home().join(".cache/aws-connector")
    }

    /// Replaces the connectors file.
    pub(crate) fn profile(&self, pieces: &[&str]) {
        let text = pieces.concat().replace("URL", &self.standin.url());
        self.file(".config/aws-connector/connectors.toml", &text);
    }

    /// Writes a file in the home, readable only by its owner.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Writes a script that runs `body`.
    pub(crate) fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.file(name, &format!("#!/bin/sh\n{body}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    /// One of the programs, with a clean environment.
    pub(crate) fn run(&self, binary: Binary, args: &[&str]) -> Run {
        let mut command = Command::new(binary.path());
        command
            .args(args)
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("USER", "tester")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(self.home())
            // Never in the foreground of the terminal that the tests run in, so that nothing prompts.
            .process_group(0);
        Run {
            binary,
            command,
            stdin: None,
        }
    }

    pub(crate) fn credential_process(&self, args: &[&str]) -> Run {
        self.run(Binary::CredentialProcess, args)
    }

    pub(crate) fn eks_token(&self, args: &[&str]) -> Run {
        self.run(Binary::EksToken, args)
    }

    pub(crate) fn docker(&self, action: &str, stdin: &str) -> Run {
        self.run(Binary::Docker, &[action]).stdin(stdin)
    }

    /// A shell that runs `script`, in which `$PROCESS`, `$DOCKER` and `$PLUGIN` are the three programs.
    pub(crate) fn shell(&self, script: &str) -> Answer {
        let mut run = self.run(Binary::CredentialProcess, &[]);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script])
            .env_clear()
            .current_dir(self.home());
        for (name, value) in run.command.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        shell
            .env("PROCESS", Binary::CredentialProcess.path())
            .env("DOCKER", Binary::Docker.path())
            .env("PLUGIN", Binary::EksToken.path());
        run.command = shell;
        run.answer()
    }

    /// The session of a connector; asserts that standard error is empty.
    #[track_caller]
    pub(crate) fn session(&self, connector: &str) -> Session {
        self.credential_process(&["--connector", connector])
            .answer()
            .ok()
            .session()
    }

    /// Runs the three programs, each with its usual request and this connector as `AWS_CONNECTOR`.
    pub(crate) fn all_three(&self, connector: &str) -> [Run; 3] {
        [
            self.credential_process(&[]),
            self.docker("get", REGISTRY),
            self.eks_token(&["--cluster", "prod"]),
        ]
        .map(|run| run.env("AWS_CONNECTOR", connector))
    }

    /// The number of calls to STS.
    pub(crate) fn sts(&self) -> usize {
        self.standin.count("sts", "*")
    }

    /// The number of token requests to ECR.
    pub(crate) fn ecr(&self) -> usize {
        self.standin.count("ecr", "GetAuthorizationToken")
    }

    /// All calls so far to all services.
    pub(crate) fn calls(&self) -> usize {
        self.standin.count("*", "*")
    }

    /// The only call of this action.
    #[track_caller]
    pub(crate) fn only_call(&self, action: &str) -> Call {
        let calls = self.standin.calls();
        let mut found = calls.iter().filter(|call| call.action == action);
        match (found.next(), found.next()) {
            (Some(call), None) => call.clone(),
            _ => panic!("not one call of {action}: {calls:#?}"),
        }
    }

    /// The parameters of each AssumeRole call, oldest first.
    pub(crate) fn assumed(&self) -> Vec<BTreeMap<String, String>> {
        let calls = self.standin.calls();
        let assumed = calls.iter().filter(|call| call.action == "AssumeRole");
        assumed.map(params).collect()
    }

    /// All entries of the cache.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        Entry::all(&self.cache_path())
    }

    /// The only entry of a kind (`session`, `registry-login`).
    #[track_caller]
    pub(crate) fn entry(&self, kind: &str) -> Entry {
        let mut found = self.entries();
        found.retain(|entry| entry.json()["kind"] == kind);
        assert_eq!(found.len(), 1, "not one entry of kind {kind}: {found:?}");
        found.remove(0)
    }
}

/// The parameters of a call, without those that every call has.
pub(crate) fn params(call: &Call) -> BTreeMap<String, String> {
    let mut params = call.params.clone();
    params.remove("Action");
    params.remove("Version");
    params
}
