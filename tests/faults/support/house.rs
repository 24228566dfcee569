//! The environment of one test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use aws_standin::{Fault, FaultKind, Standin};

use super::{Client, Shelf};

/// A private registry of the stand-in's account.
pub(crate) const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// A home, a connectors file, a cache, and an AWS for one test.
pub(crate) struct House {
    folder: tempfile::TempDir,
    pub(crate) aws: Standin,
}

impl House {
    /// A house with connector `dev`, which has one role session for all resources.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// The same, with more lines in connector `dev`.
    pub(crate) fn with(lines: &str) -> Self {
        let house = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            aws: Standin::start(),
        };
        house.set_mode("", 0o755);
        fs::create_dir(house.path("home")).expect("a home");
        house.write_profile(lines);
        house
    }

    /// Writes the default connectors file, with more lines in connector `dev`.
    pub(crate) fn write_profile(&self, lines: &str) {
        self.write_connectors(&format!(
            "{}\n[connectors.dev]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n\
             source_connector = \"base\"\nrole_arn = \"arn:aws:iam::123456789012:role/dev\"\ndown_scope = false\n\
             registries = [\"123456789012\"]\n{lines}\n",
            self.base(),
            self.aws.url()
        ));
    }

    /// The connector that is the source of the others.
    pub(crate) fn base(&self) -> String {
        format!(
            "default_connector = \"dev\"\n\n[connectors.base]\nauth_method = \"secret-key\"\nregion = \"us-east-1\"\n\
             endpoint_url = \"{}\"\naws_access_key_id = \"{}\"\naws_secret_access_key = \"{}\"\n",
            self.aws.url(),
            aws_standin::ACCESS_KEY_ID,
            aws_standin::SECRET_ACCESS_KEY
        )
    }

    /// Replaces the connectors file.
    pub(crate) fn write_connectors(&self, text: &str) {
        fs::write(self.profile(), text).expect("a profile");
        fs::set_permissions(self.profile(), fs::Permissions::from_mode(0o600)).expect("its mode");
    }

    /// A path in the test's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn profile(&self) -> PathBuf {
        self.path("connectors.toml")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// The cache folder, which the first miss creates.
    pub(crate) fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// The files in the cache.
    pub(crate) fn shelf(&self) -> Shelf {
        Shelf::new(self.cache())
    }

    /// Writes a file for its owner only.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a new folder");
        fs::write(&path, text).expect("a new file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
        path
    }

    /// An executable shell script.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.write(name, &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("its mode");
        path
    }

    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("its mode");
    }

    /// Makes another user the owner of everything in the test's folder.
    pub(crate) fn give_to(&self, uid: u32) {
        give(self.folder.path(), uid);
    }

    /// A program with a clean environment that can only reach the stand-in.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env(
                "PATH",
                format!(
                    "{}:/usr/sbin:/usr/bin:/sbin:/bin",
                    Client::folder().display()
                ),
            )
            .env("HOME", self.home())
            .env("USER", "tester")
            .env("LANG", "C.UTF-8")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONNECTOR_FILE", self.profile())
            .env("AWS_CONNECTOR_CACHE_DIR", self.cache())
            .current_dir(self.home());
        command
    }

    /// One of the three clients, with a request for connector `dev`.
    pub(crate) fn client(&self, client: Client) -> Command {
        let mut command = self.command(client.path());
        client.question(&mut command);
        command
    }

    /// The AWS CLI's request.
    pub(crate) fn credential_process(&self) -> Command {
        self.client(Client::CredentialProcess)
    }

    /// Makes every call to a service fail from now on.
    pub(crate) fn fault(&self, service: &str, kind: FaultKind) {
        self.aws.fault(Fault {
            service: service.to_owned(),
            action: "*".to_owned(),
            kind,
            times: None,
        });
    }

    /// Delays every response from STS.
    pub(crate) fn slow_sts(&self, seconds: u64) {
        self.fault("sts", FaultKind::Delay(Duration::from_secs(seconds)));
    }

    /// The number of calls to STS for a session.
    pub(crate) fn sts_calls(&self) -> usize {
        self.aws.count("sts", "*")
    }
}

fn give(path: &Path, uid: u32) {
    std::os::unix::fs::lchown(path, Some(uid), Some(uid)).expect("only root gives files away");
    if path.is_dir() && !path.is_symlink() {
        for item in fs::read_dir(path).expect("a folder").flatten() {
            give(&item.path(), uid);
        }
    }
}
