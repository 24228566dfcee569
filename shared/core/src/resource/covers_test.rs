//! What a connector that is limited to one resource may serve.

use super::ResourceType::{AwsGeneric, DockerRegistry, KubernetesCluster, S3Bucket};
use super::{Resource, ResourceType};

const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

fn resource(kind: ResourceType, id: &str) -> Resource {
    Resource::parse(kind, Some(id)).unwrap_or_else(|error| unreachable!("{error}"))
}

#[test]
fn a_limit_covers_itself_and_its_parts_only() {
    let arn = |rest: &str| format!("arn:aws:eks:{rest}");
    for (kind, limit, asked, covered) in [
        (AwsGeneric, "us-east-1", "us-east-1", true),
        (AwsGeneric, "us-east-1", "us-east-2", false),
        (S3Bucket, "bucket", "s3://bucket/key", true),
        (S3Bucket, "bucket", "arn:aws:s3:::bucket", true),
        (
            S3Bucket,
            "arn:aws:s3:::bucket",
            "arn:aws-cn:s3:::bucket",
            false,
        ),
        (S3Bucket, "bucket", "bucket2", false),
        (
            KubernetesCluster,
            "prod",
            &arn("us-east-1:123456789012:cluster/prod"),
            true,
        ),
        (
            KubernetesCluster,
            &arn("us-east-1:123456789012:cluster/prod"),
            "prod",
            true,
        ),
        (
            KubernetesCluster,
            &arn("us-east-1:123456789012:cluster/prod"),
            &arn("us-east-1:210987654321:cluster/prod"),
            false,
        ),
        (
            KubernetesCluster,
            &arn("us-east-1:123456789012:cluster/prod"),
            &arn("us-east-2:123456789012:cluster/prod"),
            false,
        ),
        (KubernetesCluster, "prod", "Prod", false),
        (
            DockerRegistry,
            HOST,
            "https://123456789012.dkr.ecr.us-east-1.amazonaws.com/x",
            true,
        ),
        (
            DockerRegistry,
            HOST,
            "123456789012.dkr-ecr-fips.us-east-1.on.aws",
            true,
        ),
        (
            DockerRegistry,
            HOST,
            "123456789012.dkr.ecr.us-east-2.amazonaws.com",
            false,
        ),
        (
            DockerRegistry,
            HOST,
            "210987654321.dkr.ecr.us-east-1.amazonaws.com",
            false,
        ),
        (DockerRegistry, HOST, "public.ecr.aws", false),
        (DockerRegistry, "public.ecr.aws", HOST, false),
        (DockerRegistry, "public.ecr.aws", "ecr-public.aws.com", true),
    ] {
        let (limit, asked) = (resource(kind, limit), resource(kind, asked));
        assert_eq!(limit.covers(&asked), covered, "{limit:?} {asked:?}");
        let all = Resource::parse(kind, None);
        assert!(
            all.as_ref()
                .is_ok_and(|all| all.covers(&asked) && all.covers(all))
        );
        assert!(all.as_ref().is_ok_and(|all| !limit.covers(all)));
        for other in ResourceType::ALL.into_iter().filter(|&other| other != kind) {
            let other = Resource::parse(other, None);
            assert!(other.is_ok_and(|other| !other.covers(&asked) && !limit.covers(&other)));
        }
    }
}
