//! `client.authentication.k8s.io`: the exec credential plugin of client-go and its likes.
//! Source: Kubernetes' "client-go credential plugins", and client-go's `exec` package.

use serde::Deserialize;
use serde_json::json;

use super::flags::Flags;
use super::{Input, Output, Protocol, Todo, VERSION, timestamp, unexpected};
use crate::error::{Error, Result};
use crate::request::{Client, ClusterRef, Request, Wants};
use crate::resource::{Partition, Resource, ResourceType, check_region};
use crate::serve::Delivered;
use crate::shown::{one_line, shown};

const HELP: &str = "\
Prints a token for an EKS cluster, as a client.authentication.k8s.io exec plugin.

Usage: aws-connector-eks-token --cluster NAME|ARN [--connector NAME] [--region REGION]

  --cluster NAME|ARN  the cluster (also --cluster-name, --cluster-id); default: clusterName in the
                      kubeconfig's exec extension
  --connector NAME    the connector (default: AWS_CONNECTOR, then default_connector)
  --region REGION     the cluster's region (default: the ARN's, then the connector's)
  -h, --help          print help
  -V, --version       print version

Example, in a kubeconfig:
  users:
  - name: prod
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: /usr/local/bin/aws-connector-eks-token
        args: [--cluster, prod, --connector, dev]
        interactiveMode: IfAvailable

Environment: KUBERNETES_EXEC_INFO (from the client), AWS_CONNECTOR_FILE,
  AWS_CONNECTOR_CACHE_DIR, AWS_CONNECTOR_CACHE=off, AWS_CONNECTOR_REFRESH=1,
  AWS_CONNECTOR_LOG=debug
";

const GROUP: &str = "client.authentication.k8s.io";

/// The longest `KUBERNETES_EXEC_INFO` read; a CA bundle is its bulk.
const LONGEST_INFO: usize = 1024 * 1024;

/// The protocol.
#[derive(Debug)]
pub struct ExecCredential;

/// The version that the client speaks, and is answered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersion {
    /// `client.authentication.k8s.io/v1`
    V1,
    /// `client.authentication.k8s.io/v1beta1`
    V1Beta1,
}

impl ApiVersion {
    fn id(self) -> &'static str {
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

/// What a kubeconfig's `client.authentication.k8s.io/exec` extension may say.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    cluster_name: Option<String>,
    region: Option<String>,
    connector: Option<String>,
    #[serde(rename = "apiVersion")]
    _api_version: Option<String>,
    #[serde(rename = "kind")]
    _kind: Option<String>,
}

struct Asked {
    version: ApiVersion,
    interactive: bool,
    config: Config,
}

impl Protocol for ExecCredential {
    type Context = ApiVersion;
    const CLIENT: Client = Client::EksToken;

    fn parse(input: &Input<'_>) -> Result<Todo<ApiVersion>> {
        let names = [
            "cluster",
            "cluster-name",
            "cluster-id",
            "connector",
            "region",
        ];
        let mut flags = Flags::parse(input.args, &names)?;
        if flags.help {
            return Ok(Todo::Answer(Output::document(HELP.to_owned())));
        }
        if flags.version {
            let text = format!("aws-connector-eks-token {VERSION}\n");
            return Ok(Todo::Answer(Output::document(text)));
        }
        if input.env.is_garbled("KUBERNETES_EXEC_INFO") {
            return Err(wrong_info("is not UTF-8 text"));
        }
        let asked = exec_info(input.env.get("KUBERNETES_EXEC_INFO").as_deref())?;
        let named: Vec<String> = ["cluster", "cluster-name", "cluster-id"]
            .iter()
            .filter_map(|name| flags.take(name))
            .collect();
        let (cluster, whence) = match named.as_slice() {
            [] => {
                let name = asked.config.cluster_name.ok_or_else(|| {
                    Error::usage("a cluster is required").fix("pass --cluster NAME")
                })?;
                (name, "clusterName in the kubeconfig's exec extension")
            }
            [one] => (one.clone(), "--cluster"),
            _ => {
                return Err(
                    Error::usage("more than one flag names the cluster").fix("keep --cluster")
                );
            }
        };
        let region_flag = flags.take("region").map(|region| (region, "--region"));
        let region_config = asked
            .config
            .region
            .map(|region| (region, "region in the kubeconfig's exec extension"));
        let cluster = cluster_ref(&cluster, whence, region_flag.or(region_config))?;
        Ok(Todo::Serve(
            Box::new(Request {
                connector: flags.take("connector").or(asked.config.connector),
                wants: Wants::ClusterToken { cluster },
                client: Client::EksToken,
                may_prompt: asked.interactive,
            }),
            asked.version,
        ))
    }

    fn render(version: &ApiVersion, delivered: &Delivered) -> Result<Output> {
        let Delivered::ClusterToken(token) = delivered else {
            return Err(unexpected());
        };
        let document = json!({
            "apiVersion": version.id(),
            "kind": "ExecCredential",
            "spec": {},
            "status": {
                "expirationTimestamp": timestamp(token.expires_at),
                "token": token.token.expose(),
            },
        });
        Ok(Output::document(format!("{document}\n")))
    }

    fn render_error(_: Option<&ApiVersion>, error: &Error) -> Output {
        Output::failure(error)
    }
}

fn cluster_ref(name: &str, from: &str, region: Option<(String, &str)>) -> Result<ClusterRef> {
    let resource = Resource::parse(ResourceType::KubernetesCluster, Some(name))
        .map_err(|error| Error::usage(from).because(error))?;
    let Resource::Cluster {
        name,
        account,
        region: own,
        partition,
    } = resource
    else {
        return Err(Error::usage(format!("{from} does not name a cluster")));
    };
    if let Some((region, whence)) = &region {
        check_region(region).map_err(|error| Error::usage(*whence).because(error))?;
        if let Some(own) = &own
            && own != region
        {
            return Err(Error::usage(format!(
                "{whence} says {region}, but the cluster's ARN says {own}"
            ))
            .fix("remove one of them"));
        }
    }
    let region = region.map(|(region, _)| region).or(own);
    Ok(ClusterRef {
        partition: partition.or_else(|| region.as_deref().map(Partition::of_region)),
        name,
        account,
        region,
    })
}

fn wrong_info(what: &str) -> Error {
    Error::usage(format!("KUBERNETES_EXEC_INFO {what}"))
        .fix("check the exec section of the kubeconfig, or update the Kubernetes client")
}

/// Reads `KUBERNETES_EXEC_INFO`. Clients that set none (some do not) get v1beta1, as kubectl's
/// documentation has it, and count as interactive: whether there is a terminal shows later.
fn exec_info(text: Option<&str>) -> Result<Asked> {
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
    // A list would be taken for the fields in their order.
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
        // v1beta1 clients before 1.22 do not say; they pass on their own standard input.
        interactive: info.spec.interactive.unwrap_or(true),
        config,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_version_asked_for_is_the_version_answered_in() {
        for (text, version) in [
            (None, ApiVersion::V1Beta1),
            (
                Some(
                    r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}"#,
                ),
                ApiVersion::V1,
            ),
            (
                Some(r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","spec":{}}"#),
                ApiVersion::V1Beta1,
            ),
        ] {
            assert_eq!(
                exec_info(text).map(|asked| asked.version),
                Ok(version),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_request_is_read_up_to_its_longest() {
        let padded = |length: usize| {
            let text = r#"{"apiVersion":"client.authentication.k8s.io/v1"}"#;
            format!("{text}{}", " ".repeat(length - text.len()))
        };
        assert!(exec_info(Some(&padded(1024 * 1024))).is_ok());
        assert!(exec_info(Some(&padded(1024 * 1024 + 2))).is_err());
    }

    #[test]
    fn only_a_client_that_says_no_keeps_the_plugin_from_prompting() {
        for (spec, interactive) in [
            ("", true),
            (r#","spec":{}"#, true),
            (r#","spec":{"interactive":null}"#, true),
            (r#","spec":{"interactive":true}"#, true),
            (r#","spec":{"interactive":false}"#, false),
        ] {
            for version in ["v1", "v1beta1"] {
                let text =
                    format!(r#"{{"apiVersion":"client.authentication.k8s.io/{version}"{spec}}}"#);
                let asked = exec_info(Some(&text)).unwrap();
                assert_eq!(asked.interactive, interactive, "{text}");
            }
        }
        assert!(exec_info(None).unwrap().interactive);
    }

    #[test]
    fn other_versions_and_malformed_texts_are_clear_errors() {
        for (text, part) in [
            (
                r#"{"apiVersion":"client.authentication.k8s.io/v1alpha1"}"#,
                "v1alpha1",
            ),
            (r#"{"apiVersion":"v9"}"#, "v9"),
            (r#"{"kind":"ExecCredential"}"#, "no apiVersion"),
            (
                r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"Pod"}"#,
                "Pod",
            ),
            ("{", "is invalid"),
            (
                r#"{"apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"config":{"clusterNam":"x"}}}}"#,
                "clusterNam",
            ),
        ] {
            let error = exec_info(Some(text)).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn exec_info_never_panics() {
        proptest::proptest!(|(text in "\\PC{0,100}")| { let _ = exec_info(Some(&text)); });
        proptest::proptest!(|(text in "[{}\":,a-zA-Z\\[\\]\n]{0,60}")| {
            if let Err(error) = exec_info(Some(&text)) {
                assert!(!error.to_string().contains('\n'));
            }
        });
    }

    #[test]
    fn a_region_that_contradicts_the_arn_is_refused() {
        let arn = "arn:aws:eks:us-east-1:123456789012:cluster/prod";
        assert!(cluster_ref(arn, "--cluster", Some(("eu-west-1".into(), "--region"))).is_err());
        let same = cluster_ref(arn, "--cluster", Some(("us-east-1".into(), "--region")));
        assert!(same.is_ok_and(|cluster| cluster.name == "prod"));
    }
}
