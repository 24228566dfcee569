//! The session policies that limit a session to what its resource needs.
//!
//! A session policy only removes permissions: it cannot grant what the role is not allowed.

use serde::Serialize;

use super::Partition;

/// The maximum length of an inline session policy in STS, in characters.
pub const MAX_POLICY_CHARS: usize = 2048;

/// The maximum number of accounts in [`PolicyScope::Registries`], so that the policy stays within
/// [`MAX_POLICY_CHARS`] in every region. A longer list produces a complete policy that is too long
/// for STS, so reject it when it is read.
pub const MAX_REGISTRY_ACCOUNTS: usize = 90;

/// Up to this many accounts get an ARN each; more are listed in a shorter condition.
const MAX_ACCOUNT_ARNS: usize = 8;

/// What a session is for. Names and accounts must have passed this module's checks, because a
/// wildcard or a policy variable in an ARN would extend the permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyScope<'a> {
    /// Read and write one bucket.
    Bucket {
        /// The bucket's name.
        name: &'a str,
    },
    /// Read and write every bucket.
    AnyBucket,
    /// Describe one EKS cluster.
    Cluster {
        /// The cluster's name.
        name: &'a str,
        /// Its account (12 digits), if known.
        account: Option<&'a str>,
    },
    /// Describe every EKS cluster in the region.
    AnyCluster,
    /// Pull from and push to private registries in the region.
    Registries {
        /// The accounts that own the registries, 12 digits each; empty for all.
        accounts: &'a [String],
    },
    /// Pull from and push to ECR Public.
    PublicRegistry,
    /// Call sts:GetCallerIdentity only, which is all that a cluster token needs.
    Identity,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDocument {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: &'static str,
    action: &'static [&'static str],
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Condition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    string_equals: StringEquals,
}

#[derive(Serialize)]
enum StringEquals {
    #[serde(rename = "kms:ViaService")]
    ViaService(String),
    #[serde(rename = "aws:ResourceAccount")]
    ResourceAccount(Vec<String>),
}

/// The session policy for `scope` in `region`, as compact JSON. Deterministic, so it may be hashed:
/// the order and repetition of accounts do not matter.
///
/// At most [`MAX_POLICY_CHARS`] characters for at most [`MAX_REGISTRY_ACCOUNTS`] accounts.
/// `partition` is the region's. ECR Public ignores both, because it only exists in `aws`.
pub fn session_policy(partition: Partition, region: &str, scope: &PolicyScope<'_>) -> String {
    let aws = partition.id();
    let statement = match *scope {
        PolicyScope::Bucket { name } => bucket(partition, region, name),
        PolicyScope::AnyBucket => bucket(partition, region, "*"),
        PolicyScope::Cluster { name, account } => {
            let account = account.unwrap_or("*");
            cluster(format!("arn:{aws}:eks:{region}:{account}:cluster/{name}"))
        }
        PolicyScope::AnyCluster => cluster(format!("arn:{aws}:eks:{region}:*:cluster/*")),
        PolicyScope::Registries { accounts } => registries(aws, region, accounts),
        PolicyScope::PublicRegistry => public_registry(),
        PolicyScope::Identity => vec![allow(&["sts:GetCallerIdentity"], all())],
    };
    let document = PolicyDocument {
        version: "2012-10-17",
        statement,
    };
    // Strings under string keys always serialize. STS would reject an empty policy, so even a
    // failure here grants nothing.
    serde_json::to_string(&document).unwrap_or_default()
}

fn bucket(partition: Partition, region: &str, name: &str) -> Vec<Statement> {
    const BUCKET: &[&str] = &[
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:GetBucketVersioning",
        "s3:GetBucketLocation",
    ];
    const OBJECT: &[&str] = &[
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:AbortMultipartUpload",
    ];
    let arn = format!("arn:{}:s3:::{name}", partition.id());
    let objects = format!("{arn}/*");
    let keys = format!("arn:{}:kms:{region}:*:key/*", partition.id());
    let via = format!("s3.{region}.{}", partition.dns_suffix());
    vec![
        allow(BUCKET, vec![arn]),
        allow(OBJECT, vec![objects]),
        allow(&["s3:ListAllMyBuckets"], all()),
        Statement {
            condition: Some(Condition {
                string_equals: StringEquals::ViaService(via),
            }),
            ..allow(&["kms:Decrypt", "kms:GenerateDataKey"], vec![keys])
        },
    ]
}

fn cluster(arn: String) -> Vec<Statement> {
    vec![
        allow(&["eks:DescribeCluster"], vec![arn]),
        allow(&["eks:ListClusters"], all()),
    ]
}

fn registries(aws: &str, region: &str, accounts: &[String]) -> Vec<Statement> {
    const REPOSITORY: &[&str] = &[
        "ecr:DescribeRepositories",
        "ecr:ListRepositories",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
        "ecr:BatchImportUpstreamImage",
        "ecr:CreateRepository",
    ];
    // These two actions apply to the registry, which has no ARN, so IAM accepts them on `*` only.
    const REGISTRY: &[&str] = &["ecr:GetAuthorizationToken", "ecr:DescribeRegistry"];

    let arn = |account: &str| format!("arn:{aws}:ecr:{region}:{account}:repository/*");
    let mut accounts = accounts.to_vec();
    accounts.sort_unstable();
    accounts.dedup();
    let repositories = if accounts.is_empty() {
        allow(REPOSITORY, vec![arn("*")])
    } else if accounts.len() <= MAX_ACCOUNT_ARNS {
        allow(REPOSITORY, accounts.iter().map(|id| arn(id)).collect())
    } else {
        Statement {
            condition: Some(Condition {
                string_equals: StringEquals::ResourceAccount(accounts),
            }),
            ..allow(REPOSITORY, vec![arn("*")])
        }
    };
    vec![repositories, allow(REGISTRY, all())]
}

fn public_registry() -> Vec<Statement> {
    const REPOSITORY: &[&str] = &[
        "ecr-public:DescribeRepositories",
        "ecr-public:GetRepositoryCatalogData",
        "ecr-public:DescribeImages",
        "ecr-public:DescribeImageTags",
        "ecr-public:BatchCheckLayerAvailability",
        "ecr-public:InitiateLayerUpload",
        "ecr-public:UploadLayerPart",
        "ecr-public:CompleteLayerUpload",
        "ecr-public:PutImage",
    ];
    const REGISTRY: &[&str] = &[
        "ecr-public:GetAuthorizationToken",
        "ecr-public:DescribeRegistries",
        "sts:GetServiceBearerToken",
    ];
    let repositories = "arn:aws:ecr-public::*:repository/*".to_owned();
    vec![
        allow(REPOSITORY, vec![repositories]),
        allow(REGISTRY, all()),
    ]
}

fn allow(action: &'static [&'static str], resource: Vec<String>) -> Statement {
    Statement {
        effect: "Allow",
        action,
        resource,
        condition: None,
    }
}

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}
