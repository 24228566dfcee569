//! Partitions: hosts, ARNs, and no crossing from one to another.

use aws_standin::Role;

use crate::support::{Token, World};

/// Partition, region, suffix of registry hosts, STS host of the region.
const ALL: [(&str, &str, &str, &str); 5] = [
    (
        "aws-cn",
        "cn-north-1",
        "amazonaws.com.cn",
        "sts.cn-north-1.amazonaws.com.cn",
    ),
    (
        "aws-us-gov",
        "us-gov-west-1",
        "amazonaws.com",
        "sts.us-gov-west-1.amazonaws.com",
    ),
    (
        "aws-eusc",
        "eusc-de-east-1",
        "amazonaws.eu",
        "sts.eusc-de-east-1.amazonaws.eu",
    ),
    (
        "aws-iso",
        "us-iso-east-1",
        "c2s.ic.gov",
        "sts.us-iso-east-1.c2s.ic.gov",
    ),
    (
        "aws-iso-b",
        "us-isob-east-1",
        "sc2s.sgov.gov",
        "sts.us-isob-east-1.sc2s.sgov.gov",
    ),
];

fn world(partition: &str, region: &str) -> World {
    let world = World::empty();
    world.standin.add_user_in(
        partition,
        "123456789012",
        "far",
        "AKIAFAREXAMPLE000000",
        "the-secret-of-far",
    );
    world.standin.add_role(
        &format!("arn:{partition}:iam::123456789012:role/far"),
        Role::default(),
    );
    world.profile(&[&format!(
        "default_connector = \"far\"\n[connectors.far]\nauth_method = \"iam-role\"\nregion = \"{region}\"\n\
         endpoint_url = \"URL\"\naws_access_key_id = \"AKIAFAREXAMPLE000000\"\n\
         aws_secret_access_key = \"the-secret-of-far\"\n\
         role_arn = \"arn:{partition}:iam::123456789012:role/far\"\n"
    )]);
    world
}

#[test]
fn all_three_programs_work_in_every_partition() {
    for (partition, region, suffix, sts) in ALL {
        let world = world(partition, region);
        world.session("far");
        let host = format!("123456789012.dkr.ecr.{region}.{suffix}");
        world.docker("get", &host).answer().ok().password();
        let answer = world.eks_token(&["--cluster", "prod"]).answer().ok();
        let token = Token::of(&answer, partition);
        assert_eq!(token.url.host, sts);
        let who = token.caller(&world, "prod").unwrap();
        assert_eq!(
            who,
            format!("arn:{partition}:sts::123456789012:assumed-role/far/aws-connector-tester")
        );
        let calls = world.standin.calls();
        assert!(calls.iter().all(|call| call.region == region), "{calls:#?}");
        let policies: Vec<_> = world
            .assumed()
            .into_iter()
            .filter_map(|call| call.get("Policy").cloned())
            .collect();
        assert!(
            policies
                .iter()
                .any(|text| text.contains(&format!("arn:{partition}:ecr:{region}:*:repository/*"))),
            "{policies:?}"
        );
    }
}

#[test]
fn a_cluster_or_registry_of_another_partition_is_refused_before_any_call() {
    let world = world("aws-cn", "cn-north-1");
    for args in [
        &[
            "--cluster",
            "arn:aws:eks:us-east-1:123456789012:cluster/prod",
        ][..],
        &["--cluster", "prod", "--region", "us-east-1"],
    ] {
        let answer = world.eks_token(args).answer();
        assert!(
            answer.failure().contains("but the connector is in "),
            "{answer:?}"
        );
    }
    for host in [
        "123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "public.ecr.aws",
    ] {
        let answer = world.docker("get", host).answer();
        assert!(
            answer.docker_failure().contains("but the connector is in "),
            "{answer:?}"
        );
    }
    let args = [
        "--resource-type",
        "s3-bucket",
        "--resource-id",
        "arn:aws:s3:::data",
    ];
    let answer = world.credential_process(&args).answer();
    assert!(answer.failure().contains("partition"), "{answer:?}");
    assert_eq!(world.calls(), 0);
}

#[test]
fn policies_use_the_arns_of_the_partition() {
    let world = world("aws-cn", "cn-north-1");
    let args = ["--resource-type", "s3-bucket", "--resource-id", "data"];
    world.credential_process(&args).answer().ok().session();
    let policy = world.assumed()[0]["Policy"].clone();
    assert!(
        policy.contains("arn:aws-cn:s3:::data/*")
            && policy.contains("s3.cn-north-1.amazonaws.com.cn"),
        "{policy}"
    );
    assert!(!policy.contains("arn:aws:"), "{policy}");
}
