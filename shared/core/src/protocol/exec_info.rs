//! `KUBERNETES_EXEC_INFO`: what a Kubernetes client passes to its exec plugin.

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::shown::{one_line, shown};

const GROUP: &str = "client.authentication.k8s.io";

/// The maximum size of `KUBERNETES_EXEC_INFO`, most of which is a CA bundle.
const LONGEST_INFO: usize = 1024 * 1024;

/// The protocol version of the client, which the response repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersion {
    /// `client.authentication.k8s.io/v1`
    V1,
    /// `client.authentication.k8s.io/v1beta1`
    V1Beta1,
}

impl ApiVersion {
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::V1 => "client.authentication.k8s.io/v1",
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecInfo {
    api_version: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize, Default)]
struct Spec {
    interactive: Option<bool>,
    cluster: Option<ClusterInfo>,
}

#[derive(Deserialize)]
struct ClusterInfo {
    config: Option<Config>,
}

/// The contents of a kubeconfig's `client.authentication.k8s.io/exec` extension.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Config {
    pub(super) cluster_name: Option<String>,
    pub(super) region: Option<String>,
    pub(super) connector: Option<String>,
    #[serde(rename = "apiVersion")]
    _api_version: Option<String>,
    #[serde(rename = "kind")]
    _kind: Option<String>,
}

/// What the client requests.
pub(super) struct Asked {
    pub(super) version: ApiVersion,
    pub(super) interactive: bool,
    pub(super) config: Config,
}

pub(super) fn wrong_info(what: &str) -> Error {
    Error::usage(format!("KUBERNETES_EXEC_INFO {what}"))
        .fix("check the exec section of the kubeconfig, or update the Kubernetes client")
}

/// Parses `KUBERNETES_EXEC_INFO`. A client that does not set it gets v1beta1, as kubectl's
/// documentation says, and counts as interactive until the terminal is checked.
pub(super) fn exec_info(text: Option<&str>) -> Result<Asked> {
    let Some(text) = text else {
        return Ok(Asked {
            version: ApiVersion::V1Beta1,
            interactive: true,
            config: Config::default(),
        });
    };
    if text.len() > LONGEST_INFO {
        return Err(wrong_info("is longer than 1 MiB"));
    }
    // serde would read an array as the fields in order.
    if !text.trim_start().starts_with('{') {
        return Err(wrong_info("is not a JSON object"));
    }
    let info: ExecInfo = serde_json::from_str(text)
        .map_err(|error| wrong_info(&format!("is invalid: {}", one_line(&error.to_string()))))?;
    if let Some(kind) = &info.kind
        && kind != "ExecCredential"
    {
        return Err(wrong_info(&format!(
            "is a {}, not an ExecCredential",
            shown(kind)
        )));
    }
    let version = match info.api_version.as_deref() {
        None => return Err(wrong_info("has no apiVersion")),
        Some("client.authentication.k8s.io/v1") => ApiVersion::V1,
        Some("client.authentication.k8s.io/v1beta1") => ApiVersion::V1Beta1,
        Some(other) => {
            return Err(wrong_info(&format!(
                "requests apiVersion {}; supported: {GROUP}/v1 and {GROUP}/v1beta1",
                shown(other)
            )));
        }
    };
    let config = info
        .spec
        .cluster
        .and_then(|cluster| cluster.config)
        .unwrap_or_default();
    Ok(Asked {
        version,
        // v1beta1 clients before 1.22 do not set this; they pass on their own standard input.
        interactive: info.spec.interactive.unwrap_or(true),
        config,
    })
}
