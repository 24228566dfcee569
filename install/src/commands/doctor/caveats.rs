//! What AWS will not do, or not keep, for a kind of session.

use aws_connector_aws::inventory::Identity;
use aws_connector_core::credential::Session;
use aws_connector_core::profile::{Auth, Connector};
use aws_connector_core::resource::{ResourceType, policy_lacks};

use super::{Finding, Report};
use crate::commands::list_resources;

/// What the connector's method and policy imply.
pub(super) fn of_method(connector: &Connector, report: &mut Report<'_>) {
    let (policies, cut_down) = match &connector.auth {
        Auth::IamRole { role, .. }
        | Auth::Implicit {
            role: Some(role), ..
        } => (Some(&role.policies), connector.down_scope),
        Auth::FederationToken { policies, .. } => (Some(policies), connector.down_scope),
        _ => (None, false),
    };
    if let Some(policy) = policies.and_then(|policies| policies.inline.as_deref()) {
        let needed: Vec<&str> = list_resources::types(connector)
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
                    "add what its clients need, or remove policy to have it made for each resource",
                ),
            );
        }
    }
    if connector.limit.is_some() && !cut_down {
        report.find(
            "limit",
            Finding::warning(
                "the limit to a resource is kept by aws-connector alone, not by AWS",
                "use iam-role or federation-token without down_scope = false for a limit that AWS keeps",
            ),
        );
    }
}

/// What AWS refuses to the session in hand.
pub(super) fn of_identity(
    connector: &Connector,
    session: &Session,
    identity: &Identity,
    report: &mut Report<'_>,
) {
    let arn = &identity.arn;
    let with_mfa = matches!(connector.auth, Auth::SessionToken { mfa: Some(_), .. });
    let finding = if arn.contains(":federated-user/") {
        Finding::warning(
            "EKS cannot map a federated user, and IAM's API refuses it",
            "use an iam-role connector for clusters and for IAM",
        )
    } else if arn.ends_with(":root") {
        Finding::warning(
            "it is the account's root, which EKS cannot map and STS gives no role",
            "use an IAM user or a role",
        )
    } else if arn.contains(":user/") && session.session_token.is_some() && !with_mfa {
        Finding::warning(
            "IAM's API refuses a session of this kind that was made without MFA",
            "set mfa_serial if it is to call IAM, or use an iam-role connector",
        )
    } else {
        return;
    };
    report.find("session kind", finding);
}
