//! `client.authentication.k8s.io`: the exec credential plugin protocol of Kubernetes clients.
//! Source: Kubernetes' "client-go credential plugins", and client-go's `exec` package.

use serde_json::json;

pub use super::exec_info::ApiVersion;
use super::exec_info::{exec_info, wrong_info};
use super::flags::Flags;
use super::{Input, Output, Protocol, Todo, VERSION, timestamp, unexpected};
use crate::error::{Error, Result};
use crate::request::{Client, ClusterRef, Request, Wants};
use crate::resource::{Partition, Resource, ResourceType, check_region};
use crate::serve::Delivered;

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

/// The protocol.
#[derive(Debug)]
pub struct ExecCredential;

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
                "{whence} is {region}, but the cluster's ARN is in {own}"
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_response_has_the_requested_version() {
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
    fn a_request_is_limited_in_length() {
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
