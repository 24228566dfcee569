//! `eks:ListClusters` and `eks:DescribeCluster`

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::Result;
use aws_connector_core::plan::Site;

use super::MOST_PAGES;
use crate::Sdk;
use crate::network::{config, credentials};

/// What a kubeconfig needs to know about a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterInfo {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The URL of its API server.
    pub endpoint: String,
    /// The CA certificate of its API server: PEM in base64, as in EKS and kubeconfigs.
    pub certificate_authority: String,
    /// Its status, such as `ACTIVE`.
    pub status: String,
}

impl Sdk {
    /// The names of all clusters in the site's region.
    ///
    /// # Errors
    /// EKS denied the call, or did not respond validly before the deadline.
    pub fn clusters(&self, site: &Site, session: &Session, call: Call<'_>) -> Result<Vec<String>> {
        let operation = "eks:ListClusters";
        let question = self
            .network
            .question(operation, format!("{operation} in {}", site.region), call)
            .at(site)
            .by(session);
        let config = config!(aws_sdk_eks, "eks", site, &question)
            .credentials_provider(credentials(session))
            .build();
        let network = aws_sdk_eks::Client::from_conf(config);
        let all = async {
            let mut names = Vec::new();
            let mut next = None;
            for _ in 0..MOST_PAGES {
                let page = network
                    .list_clusters()
                    .set_next_token(next.take())
                    .send()
                    .await
                    .map_err(|error| question.failed(error))?;
                names.extend(page.clusters.unwrap_or_default());
                next = page.next_token.filter(|token| !token.is_empty());
                if next.is_none() {
                    break;
                }
            }
            Ok(names)
        };
        self.network
            .run(&question, all)
            .map_err(|error| error.of(call.connector))
    }

    /// Describes one cluster in the site's region.
    ///
    /// # Errors
    /// EKS denied the call, its response was invalid, or the cluster has no API server yet.
    pub fn describe_cluster(
        &self,
        site: &Site,
        session: &Session,
        name: &str,
        call: Call<'_>,
    ) -> Result<ClusterInfo> {
        let operation = "eks:DescribeCluster";
        let question = self
            .network
            .question(
                operation,
                format!("{operation} of {name} in {}", site.region),
                call,
            )
            .at(site)
            .by(session);
        let config = config!(aws_sdk_eks, "eks", site, &question)
            .credentials_provider(credentials(session))
            .build();
        let request = aws_sdk_eks::Client::from_conf(config)
            .describe_cluster()
            .name(name);
        let answer = self
            .network
            .run(&question, async {
                request.send().await.map_err(|error| question.failed(error))
            })
            .map_err(|error| error.of(call.connector))?;
        let found = answer.cluster.and_then(|cluster| {
            Some(ClusterInfo {
                name: cluster.name?,
                arn: cluster.arn?,
                endpoint: cluster.endpoint?,
                certificate_authority: cluster.certificate_authority?.data?,
                status: cluster
                    .status
                    .map_or_else(String::new, |status| status.as_str().to_owned()),
            })
        });
        found.ok_or_else(|| {
            question
                .incomplete("without ARN, endpoint and certificate authority")
                .of(call.connector)
                .fix("wait until the cluster is ACTIVE, then retry")
        })
    }
}
