//! The exact text of the session policies, and their limits.

use serde_json::Value;

use super::{
    MAX_POLICY_CHARS, MAX_REGISTRY_ACCOUNTS, Partition, PolicyScope, policy_lacks, session_policy,
};

const GOLDEN: &str = include_str!("testdata/policies.txt");

fn accounts(count: usize) -> Vec<String> {
    (0..count)
        .map(|n| format!("{:012}", 999_999_999_999 - n))
        .collect()
}

fn scopes(accounts: &[String]) -> [(&'static str, PolicyScope<'_>); 9] {
    let account = accounts.first().map(String::as_str);
    [
        ("bucket", PolicyScope::Bucket { name: "my-bucket" }),
        ("any-bucket", PolicyScope::AnyBucket),
        (
            "cluster",
            PolicyScope::Cluster {
                name: "prod",
                account: None,
            },
        ),
        (
            "cluster-of-account",
            PolicyScope::Cluster {
                name: "prod",
                account,
            },
        ),
        ("any-cluster", PolicyScope::AnyCluster),
        ("registries", PolicyScope::Registries { accounts: &[] }),
        (
            "registries-of-accounts",
            PolicyScope::Registries { accounts },
        ),
        ("public-registry", PolicyScope::PublicRegistry),
        ("identity", PolicyScope::Identity),
    ]
}

#[test]
fn every_scope_has_its_exact_policy() {
    let accounts = ["123456789012".to_owned(), "210987654321".to_owned()];
    let mut seen = String::new();
    for region in ["us-east-1", "cn-north-1", "us-gov-west-1"] {
        for (name, scope) in scopes(&accounts) {
            let policy = session_policy(Partition::of_region(region), region, &scope);
            seen.push_str(&format!("{region} {name}\n{policy}\n"));
        }
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/resource/testdata/policies.txt"
        );
        assert!(std::fs::write(path, &seen).is_ok());
        return;
    }
    for (seen, golden) in seen.lines().zip(GOLDEN.lines()) {
        assert_eq!(seen, golden);
    }
    assert_eq!(seen.len(), GOLDEN.len());
}

#[test]
fn every_policy_fits_into_a_request_whatever_the_region() {
    let longest = MAX_REGISTRY_ACCOUNTS;
    let name = "c".repeat(100);
    for region in [
        "us-east-1",
        "us-gov-west-1",
        "cn-northwest-1",
        "us-isob-aaaaaaaaaaaaaaaaaaaaa-12",
    ] {
        let partition = Partition::of_region(region);
        for count in 0..=longest {
            for (scope, value) in scopes(&accounts(count)) {
                let policy = session_policy(partition, region, &value);
                assert!(
                    policy.len() < MAX_POLICY_CHARS,
                    "{scope}, {count}: {}",
                    policy.len()
                );
            }
        }
        for scope in [
            PolicyScope::Bucket { name: &name[..63] },
            PolicyScope::Cluster {
                name: &name,
                account: Some("123456789012"),
            },
        ] {
            assert!(session_policy(partition, region, &scope).len() < MAX_POLICY_CHARS);
        }
    }
}

#[test]
fn the_account_limit_is_close_to_what_fits() {
    let accounts = accounts(MAX_REGISTRY_ACCOUNTS + 10);
    let scope = PolicyScope::Registries {
        accounts: &accounts,
    };
    let region = "us-isob-aaaaaaaaaaaaaaaaaaaaa-12";
    let policy = session_policy(Partition::AwsIsoB, region, &scope);
    assert!(policy.len() > MAX_POLICY_CHARS, "{}", policy.len());
}

#[test]
fn every_arn_is_of_the_partition_asked_for() {
    for partition in Partition::ALL {
        for (name, scope) in scopes(&accounts(2))
            .into_iter()
            .filter(|(n, _)| *n != "public-registry")
        {
            let policy = session_policy(partition, "r", &scope);
            let own = format!("arn:{}:", partition.id());
            assert_eq!(
                policy.matches("arn:").count(),
                policy.matches(&own).count(),
                "{name}"
            );
        }
    }
}

#[test]
fn the_order_and_repetition_of_accounts_do_not_matter() {
    for count in [3, 20] {
        let once = accounts(count);
        let mut again = once.clone();
        again.reverse();
        again.extend(once.clone());
        let policy = |accounts: &[String]| {
            session_policy(
                Partition::Aws,
                "us-east-1",
                &PolicyScope::Registries { accounts },
            )
        };
        assert_eq!(policy(&once), policy(&again));
        assert!(
            once.iter()
                .all(|account| policy(&once).matches(account.as_str()).count() == 1)
        );
    }
}

#[test]
fn many_accounts_are_still_the_only_ones() {
    let accounts = accounts(20);
    let scope = PolicyScope::Registries {
        accounts: &accounts,
    };
    let policy = session_policy(Partition::Aws, "us-east-1", &scope);
    let policy: Value = serde_json::from_str(&policy).unwrap_or_default();
    let statement = policy.pointer("/Statement/0");
    let listed = statement.and_then(|s| s.pointer("/Condition/StringEquals/aws:ResourceAccount"));
    assert_eq!(listed.and_then(Value::as_array).map(Vec::len), Some(20));
}

#[test]
fn each_policy_grants_what_its_client_calls() {
    for (scope, actions) in [
        (
            PolicyScope::Registries { accounts: &[] },
            &[
                "ecr:GetAuthorizationToken",
                "ecr:BatchGetImage",
                "ecr:PutImage",
            ][..],
        ),
        (
            PolicyScope::PublicRegistry,
            &[
                "ecr-public:GetAuthorizationToken",
                "sts:GetServiceBearerToken",
            ],
        ),
        (
            PolicyScope::AnyCluster,
            &["eks:DescribeCluster", "eks:ListClusters"],
        ),
        (PolicyScope::Identity, &["sts:GetCallerIdentity"]),
        (
            PolicyScope::AnyBucket,
            &[
                "s3:GetObject",
                "s3:ListAllMyBuckets",
                "kms:Decrypt",
                "kms:GenerateDataKey",
            ],
        ),
    ] {
        let policy = session_policy(Partition::Aws, "us-east-1", &scope);
        assert!(policy_lacks(&policy, actions).is_empty(), "{scope:?}");
        assert_eq!(
            policy_lacks(&policy, &["iam:CreateUser"]),
            ["iam:CreateUser"]
        );
    }
}
