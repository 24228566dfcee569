//! What a session is for: resource types, ids and ARNs, partitions, registry hosts, and the session
//! policies that limit a session to one of them. Pure: no clock, files or network.

mod arn;
mod error;
mod id;
mod names;
mod partition;
mod policy;
mod registry_host;
mod user_policy;

#[cfg(test)]
mod arn_test;
#[cfg(test)]
mod covers_test;
#[cfg(test)]
mod hosts_test;
#[cfg(test)]
mod id_test;
#[cfg(test)]
mod policy_test;

pub use arn::{Arn, check_mfa_serial, check_policy_arn, check_role_arn};
pub use error::ResourceError;
pub use id::Resource;
pub use names::{check_account, check_bucket_name, check_cluster_name};
pub use partition::{Partition, check_region};
pub use policy::{MAX_POLICY_CHARS, MAX_REGISTRY_ACCOUNTS, PolicyScope, session_policy};
pub use registry_host::{PrivateRegistry, PublicRegistry, RegistryHost};
pub use user_policy::{matches, policy_lacks};

use crate::shown::shown;
use crate::suggest::nearest;

/// The types of resource that a connector can be limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceType {
    /// `aws-generic`: anything, not limited.
    AwsGeneric,
    /// `s3-bucket`.
    S3Bucket,
    /// `kubernetes-cluster`: EKS.
    KubernetesCluster,
    /// `docker-registry`: ECR and ECR Public.
    DockerRegistry,
}

impl ResourceType {
    /// Every type, in listing order.
    pub const ALL: [ResourceType; 4] = [
        ResourceType::AwsGeneric,
        ResourceType::S3Bucket,
        ResourceType::KubernetesCluster,
        ResourceType::DockerRegistry,
    ];

    /// Parses a type's name, such as `s3-bucket`.
    ///
    /// # Errors
    /// One line with the nearest type, or with all of them.
    pub fn parse(text: &str) -> Result<ResourceType, ResourceError> {
        if let Some(found) = Self::ALL.into_iter().find(|known| known.id() == text) {
            return Ok(found);
        }
        let all = Self::ALL.map(ResourceType::id);
        let fix = match nearest(text, all) {
            Some(near) => format!("did you mean {near}? Allowed: {}", all.join(", ")),
            None => format!("use one of {}", all.join(", ")),
        };
        Err(ResourceError::new(format!(
            "{} is not a resource type: {fix}",
            shown(text)
        )))
    }

    /// The name in profiles and on command lines, such as `s3-bucket`.
    pub fn id(self) -> &'static str {
        match self {
            ResourceType::AwsGeneric => "aws-generic",
            ResourceType::S3Bucket => "s3-bucket",
            ResourceType::KubernetesCluster => "kubernetes-cluster",
            ResourceType::DockerRegistry => "docker-registry",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ResourceType;

    #[test]
    fn every_type_is_found_by_its_id() {
        for known in ResourceType::ALL {
            assert_eq!(ResourceType::parse(known.id()), Ok(known));
        }
    }

    #[test]
    fn a_mistyped_type_is_reported_with_the_nearest() {
        for (text, part) in [
            ("s3bucket", "did you mean s3-bucket?"),
            ("S3-Bucket", "did you mean s3-bucket?"),
            ("docker_registry", "did you mean docker-registry?"),
            ("kubernetes-clusters", "did you mean kubernetes-cluster?"),
            (
                "gcs",
                "use one of aws-generic, s3-bucket, kubernetes-cluster, docker-registry",
            ),
            ("a\nb", r#""a\nb" is not"#),
        ] {
            let text = ResourceType::parse(text).map_err(|error| error.to_string());
            assert!(
                text.as_ref().is_err_and(|text| text.contains(part)),
                "{text:?}"
            );
        }
    }
}
