//! Every form of a resource id. Longer than 300 lines because it is one table.

use proptest::prelude::*;

use super::ResourceType::{AwsGeneric, DockerRegistry, KubernetesCluster, S3Bucket};
use super::{Partition, Resource, ResourceType};

const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// The canonical form, or the error text.
fn canonical(kind: ResourceType, id: &str) -> String {
    match Resource::parse(kind, Some(id)) {
        Ok(resource) => resource.canonical().unwrap_or_default(),
        Err(error) => error.to_string(),
    }
}

fn resource(kind: ResourceType, id: &str) -> Resource {
    Resource::parse(kind, Some(id)).unwrap_or_else(|error| unreachable!("{error}"))
}

#[test]
fn every_form_of_an_id_has_one_canonical_form() {
    let cn = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn";
    for (kind, id, expected) in [
        (AwsGeneric, "eu-central-1", "eu-central-1"),
        (S3Bucket, "my-bucket", "s3://my-bucket"),
        (S3Bucket, "s3://my-bucket", "s3://my-bucket"),
        (S3Bucket, "S3://my-bucket/", "s3://my-bucket"),
        (
            S3Bucket,
            "s3://my.bucket/a key/with üñí//",
            "s3://my.bucket",
        ),
        (S3Bucket, "arn:aws:s3:::my-bucket", "s3://my-bucket"),
        (S3Bucket, "arn:aws-cn:s3:::my-bucket/*", "s3://my-bucket"),
        (
            S3Bucket,
            "arn:aws-us-gov:s3:::my-bucket/a key",
            "s3://my-bucket",
        ),
        (KubernetesCluster, "prod", "prod"),
        (
            KubernetesCluster,
            "arn:aws:eks:us-east-1:123456789012:cluster/prod",
            "prod",
        ),
        (
            KubernetesCluster,
            "arn:aws-cn:eks:cn-north-1:123456789012:cluster/prod",
            "prod",
        ),
        (DockerRegistry, HOST, HOST),
        (
            DockerRegistry,
            "https://123456789012.dkr.ecr.us-east-1.amazonaws.com/a/b:1",
            HOST,
        ),
        (
            DockerRegistry,
            "arn:aws:ecr:us-east-1:123456789012:repository",
            HOST,
        ),
        (
            DockerRegistry,
            "arn:aws:ecr:us-east-1:123456789012:repository/",
            HOST,
        ),
        (
            DockerRegistry,
            "arn:aws:ecr:us-east-1:123456789012:repository/a/b",
            HOST,
        ),
        (
            DockerRegistry,
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository",
            cn,
        ),
        (
            DockerRegistry,
            "public.ecr.aws/docker/library/alpine",
            "public.ecr.aws",
        ),
    ] {
        assert_eq!(canonical(kind, id), expected, "{id}");
        assert_eq!(
            canonical(kind, expected),
            expected,
            "{expected} is not stable"
        );
        assert_eq!(resource(kind, id).resource_type(), kind);
    }
}

#[test]
fn an_invalid_id_is_refused_with_the_right_form() {
    for (kind, id, part) in [
        (AwsGeneric, "", "use a region"),
        (AwsGeneric, "us-east-1.evil", "use a region code"),
        (S3Bucket, "", "is empty"),
        (S3Bucket, "s3://", "3 to 63"),
        (S3Bucket, "s3:///key", "3 to 63"),
        (S3Bucket, "gs://my-bucket", "use s3://BUCKET"),
        (
            S3Bucket,
            "https://my-bucket.s3.amazonaws.com",
            "use s3://BUCKET",
        ),
        (S3Bucket, "my-bucket/key", "lowercase letters"),
        (S3Bucket, "s3://My-Bucket", "lowercase letters"),
        (S3Bucket, "s3://*", "3 to 63"),
        (S3Bucket, "s3://buck*", "lowercase letters"),
        (S3Bucket, "arn:aws:s3:::buck*", "lowercase letters"),
        (
            S3Bucket,
            "arn:aws:s3:::${aws:username}",
            "lowercase letters",
        ),
        (
            S3Bucket,
            "arn:aws:s3:us-east-1:123456789012:accesspoint/x",
            "use s3://BUCKET",
        ),
        (
            S3Bucket,
            "arn:aws:ecr:us-east-1:123456789012:repository/x",
            "use s3://BUCKET",
        ),
        (
            S3Bucket,
            "arn:aws-xx:s3:::my-bucket",
            "the partition is not one of",
        ),
        (S3Bucket, "s3://my-bucket/\n", "control character"),
        (S3Bucket, " my-bucket", "lowercase letters"),
        (KubernetesCluster, "", "is empty"),
        (KubernetesCluster, "my cluster", "letter or digit"),
        (KubernetesCluster, "cluster/prod", "letter or digit"),
        (KubernetesCluster, "prod\0", "control character"),
        (
            KubernetesCluster,
            "arn:aws:eks:us-east-1:123456789012:cluster/",
            "letter or digit",
        ),
        (
            KubernetesCluster,
            "arn:aws:eks:us-east-1:123456789012:cluster/*",
            "letter or digit",
        ),
        (
            KubernetesCluster,
            "arn:aws:eks:us-east-1:123456789012:cluster/a/b",
            "letter or digit",
        ),
        (
            KubernetesCluster,
            "arn:aws:eks:us-east-1:123456789012:nodegroup/a",
            "use the cluster name",
        ),
        (
            KubernetesCluster,
            "arn:aws:eks::123456789012:cluster/a",
            "use the cluster name",
        ),
        (
            KubernetesCluster,
            "arn:aws:eks:us-east-1::cluster/a",
            "use the cluster name",
        ),
        (
            KubernetesCluster,
            "arn:aws:ecs:us-east-1:123456789012:cluster/a",
            "use the cluster name",
        ),
        (
            KubernetesCluster,
            "arn:aws:eks:cn-north-1:123456789012:cluster/a",
            "belongs to the partition aws-cn",
        ),
        (DockerRegistry, "docker.io", "use an ECR host"),
        (DockerRegistry, "123456789012", "use an ECR host"),
        (
            DockerRegistry,
            "arn:aws:ecr:us-east-1:123456789012:repositoryx",
            "use an ECR host",
        ),
        (
            DockerRegistry,
            "arn:aws:ecr::123456789012:repository/x",
            "use an ECR host",
        ),
        (
            DockerRegistry,
            "arn:aws:ecr:us-east-1:aws:repository/x",
            "use an ECR host",
        ),
        (
            DockerRegistry,
            "arn:aws:ecr-public::123456789012:repository/x",
            "use an ECR host",
        ),
    ] {
        let text = canonical(kind, id);
        assert!(text.contains(part) && text.len() < 400, "{id:?}: {text}");
    }
}

#[test]
fn without_an_id_a_type_means_all_of_it() {
    for kind in ResourceType::ALL {
        let all = Resource::parse(kind, None);
        let seen = all
            .as_ref()
            .map(|r| (r.resource_type(), r.canonical(), r.region(), r.partition()));
        assert_eq!(seen, Ok((kind, None, None, None)));
    }
}

#[test]
fn ids_give_their_region_and_partition() {
    for (kind, id, region, partition) in [
        (
            AwsGeneric,
            "cn-north-1",
            Some("cn-north-1"),
            Some(Partition::AwsCn),
        ),
        (S3Bucket, "bucket", None, None),
        (
            S3Bucket,
            "arn:aws-cn:s3:::bucket",
            None,
            Some(Partition::AwsCn),
        ),
        (KubernetesCluster, "prod", None, None),
        (
            KubernetesCluster,
            "arn:aws-us-gov:eks:us-gov-west-1:123456789012:cluster/prod",
            Some("us-gov-west-1"),
            Some(Partition::AwsUsGov),
        ),
        (
            DockerRegistry,
            HOST,
            Some("us-east-1"),
            Some(Partition::Aws),
        ),
        (
            DockerRegistry,
            "public.ecr.aws",
            Some("us-east-1"),
            Some(Partition::Aws),
        ),
    ] {
        let resource = resource(kind, id);
        assert_eq!(
            (resource.region(), resource.partition()),
            (region, partition),
            "{id}"
        );
    }
}

#[test]
fn a_megabyte_gives_one_short_line() {
    for kind in ResourceType::ALL {
        for text in ["a", "\0", "\n", "\"", "arn:aws:s3:::", "\u{202e}"] {
            let text = canonical(kind, &text.repeat(1 << 18));
            assert!(
                text.len() < 600 && !text.contains(['\n', '\u{202e}']),
                "{text}"
            );
        }
    }
}

fn any_type() -> impl Strategy<Value = ResourceType> {
    prop::sample::select(ResourceType::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_on_one_line(kind in any_type(), start in "(s3://|arn:aws:s3:::|https://|)", text in any::<String>()) {
        match Resource::parse(kind, Some(&format!("{start}{text}"))) {
            Ok(resource) => {
                let canonical = resource.canonical();
                let again = Resource::parse(kind, canonical.as_deref());
                prop_assert_eq!(again.map(|r| r.canonical()), Ok(canonical));
            }
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
    }

    #[test]
    fn the_canonical_form_reads_back_as_the_same(name in "[a-z0-9][a-z0-9-]{1,40}[a-z0-9]", account in "[0-9]{12}") {
        let host = format!("{account}.dkr.ecr.eu-west-1.amazonaws.com");
        for (kind, id) in [(S3Bucket, &name), (KubernetesCluster, &name), (DockerRegistry, &host)] {
            if let Ok(resource) = Resource::parse(kind, Some(id)) {
                let canonical = resource.canonical();
                prop_assert_eq!(Resource::parse(kind, canonical.as_deref()), Ok(resource));
            }
        }
    }
}
