//! What AWS does not allow, or does not enforce, for some kinds of session.

use aws_connector_aws::inventory::Identity;
use aws_connector_core::credential::Session;
use aws_connector_core::profile::Connector;
use aws_connector_core::resource::{ResourceType, policy_lacks};

use super::report::{Finding, Report};
use crate::services::connectors;

/// What the connector's method and policy imply.
pub(super) fn of_method(connector: &Connector, report: &mut Report<'_>) {
    let policies = connector.auth.policies();
    let cut_down = policies.is_some() && connector.down_scope;
    if let Some(policy) = policies.and_then(|policies| policies.inline.as_deref()) {
        let needed: Vec<&str> = connectors::resource_types(connector)
            .into_iter()
            .filter_map(|kind| match kind {
                ResourceType::AwsGeneric => None,
                ResourceType::S3Bucket => Some("s3:ListBucket"),
                ResourceType::KubernetesCluster => Some("eks:DescribeCluster"),
                ResourceType::DockerRegistry => Some("ecr:GetAuthorizationToken"),
            })
            .collect();
        let lacks = policy_lacks(policy, &needed);
        if !lacks.is_empty() {
            report.find(
                "policy",
                Finding::warning(
                    format!(
                        "the connector's own policy does not grant {}",
                        lacks.join(", ")
                    ),
                    "grant them in policy, or remove policy to get a generated one for each resource",
                ),
            );
        }
    }
    if connector.limit.is_some() && !cut_down {
        report.find(
            "limit",
            Finding::warning(
                "only aws-connector enforces the limit to a resource, AWS does not",
                "use iam-role or federation-token without down_scope = false for a limit that AWS enforces",
            ),
        );
    }
}

/// What AWS denies to this session.
pub(super) fn of_identity(
    connector: &Connector,
    session: &Session,
    identity: &Identity,
    report: &mut Report<'_>,
) {
    let arn = &identity.arn;
    let with_mfa = connector.auth.mfa().is_some();
    let finding = if arn.contains(":federated-user/") {
        Finding::warning(
            "EKS cannot map a federated user, and the IAM API rejects it",
            "use an iam-role connector for clusters and for IAM",
        )
    } else if arn.ends_with(":root") {
        Finding::warning(
            "EKS cannot map the account's root user, and it cannot assume roles",
            "use an IAM user or a role",
        )
    } else if arn.contains(":user/") && session.session_token.is_some() && !with_mfa {
        Finding::warning(
            "the IAM API rejects a session of this kind without MFA",
            "to call IAM, set mfa_serial or use an iam-role connector",
        )
    } else {
        return;
    };
    report.find("session kind", finding);
}
