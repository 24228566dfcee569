//! Wires our binaries into the clients' configuration as a user would.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::Machine;
use base64::{Engine as _, prelude::BASE64_STANDARD};

pub(crate) const CREDENTIAL_PROCESS: &str = env!("CARGO_BIN_EXE_aws-connector-credential-process");
pub(crate) const DOCKER_HELPER: &str = env!("CARGO_BIN_EXE_docker-credential-aws-connector");
pub(crate) const EKS_TOKEN: &str = env!("CARGO_BIN_EXE_aws-connector-eks-token");

/// The fourth binary, which another package builds into the same folder.
pub(crate) fn everyday_command() -> PathBuf {
    let path = Path::new(DOCKER_HELPER).with_file_name("aws-connector");
    let modified = |path: &Path| -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let built = modified(&path);
    // Cargo's list of its source files, to reject an outdated binary.
    let sources = fs::read_to_string(path.with_extension("d")).unwrap_or_default();
    let sources = sources.split_once(": ").map_or("", |(_, list)| list);
    let is_new = built.is_some()
        && sources
            .split_whitespace()
            .all(|source| modified(Path::new(source)) <= built);
    assert!(
        is_new,
        "{} is not built, or older than its source; fix: cargo build",
        path.display()
    );
    path
}

/// Writes the user's `connectors.toml` with `base`, a key, and `dev`, a role that it assumes.
pub(crate) fn connectors(machine: &Machine, endpoint: &str) {
    connectors_of(
        machine,
        endpoint,
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    );
}

/// The same with another key.
pub(crate) fn connectors_of(machine: &Machine, endpoint: &str, key_id: &str, secret: &str) {
    let file = machine.write(
        "home/.config/aws-connector/connectors.toml",
        &format!(
            r#"default_connector = "dev"

[connectors.base]
auth_method = "secret-key"
region = "us-east-1"
endpoint_url = "{endpoint}"
aws_access_key_id = "{key_id}"
aws_secret_access_key = "{secret}"

[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "{endpoint}"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"
"#
        ),
    );
    // It contains a secret, and is refused if others can read it.
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("the mode of an own file");
}

/// Writes `~/.aws/config` with one profile, `dev`, that uses the connector.
pub(crate) fn aws_config(machine: &Machine, connector: &str) {
    machine.write(
        "home/.aws/config",
        &format!(
            "[profile dev]\nregion = us-east-1\noutput = json\n\
             credential_process = {CREDENTIAL_PROCESS} --connector {connector}\n"
        ),
    );
}

/// The settings of a kubeconfig: the cluster, and how to get a token for it.
pub(crate) struct Kubeconfig<'a> {
    pub(crate) server: &'a str,
    pub(crate) ca_pem: &'a str,
    pub(crate) cluster: &'a str,
    pub(crate) connector: &'a str,
    /// `v1` or `v1beta1`.
    pub(crate) version: &'a str,
}

impl Kubeconfig<'_> {
    /// Writes it to the default place.
    pub(crate) fn write(&self, machine: &Machine) {
        let Self {
            server,
            ca_pem,
            cluster,
            connector,
            version,
        } = self;
        let ca = BASE64_STANDARD.encode(ca_pem);
        machine.write(
            "home/.kube/config",
            &format!(
                "apiVersion: v1
kind: Config
current-context: {cluster}
contexts:
- name: {cluster}
  context: {{cluster: {cluster}, user: {cluster}}}
clusters:
- name: {cluster}
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {cluster}
  user:
    exec:
      apiVersion: client.authentication.k8s.io/{version}
      command: {EKS_TOKEN}
      args: [--cluster, {cluster}, --connector, {connector}]
      interactiveMode: IfAvailable
      installHint: aws-connector is not installed
      provideClusterInfo: true
"
            ),
        );
    }
}
