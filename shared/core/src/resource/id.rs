//! Resource ids: parses every form that users may write into one type with one canonical form.

use super::{
    Arn, Partition, PrivateRegistry, RegistryHost, ResourceError, ResourceType, check_bucket_name,
    check_cluster_name, check_region,
};
use crate::shown::shown;

/// A resource, or all resources of a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// AWS as a whole, in this region or the connector's own.
    Generic {
        /// The region in the id, if any.
        region: Option<String>,
    },
    /// One bucket.
    Bucket {
        /// Its name.
        name: String,
        /// The partition, if the id was an ARN.
        partition_hint: Option<Partition>,
    },
    /// Every bucket.
    AnyBucket,
    /// One EKS cluster. Account, region and partition are known if the id was an ARN.
    Cluster {
        /// Its name.
        name: String,
        /// Its account, 12 digits.
        account: Option<String>,
        /// Its region.
        region: Option<String>,
        /// Its partition.
        partition: Option<Partition>,
    },
    /// Every EKS cluster.
    AnyCluster,
    /// One registry: an account's in a region, or ECR Public.
    Registry(RegistryHost),
    /// Every registry.
    AnyRegistry,
}

impl Resource {
    /// Parses the id of a resource of type `kind`; without an id, all resources of that type.
    ///
    /// | type | ids |
    /// |---|---|
    /// | `aws-generic` | a region |
    /// | `s3-bucket` | `s3://b[/…]`, `arn:PARTITION:s3:::b[/…]`, `b` |
    /// | `kubernetes-cluster` | a name, `arn:PARTITION:eks:REGION:ACCOUNT:cluster/NAME` |
    /// | `docker-registry` | a host of ECR with or without scheme, port and repository, `arn:PARTITION:ecr:REGION:ACCOUNT:repository[/REPO]` |
    ///
    /// # Errors
    /// One line that shows the id and the allowed forms.
    pub fn parse(kind: ResourceType, id: Option<&str>) -> Result<Resource, ResourceError> {
        let Some(id) = id else {
            return Ok(match kind {
                ResourceType::AwsGeneric => Resource::Generic { region: None },
                ResourceType::S3Bucket => Resource::AnyBucket,
                ResourceType::KubernetesCluster => Resource::AnyCluster,
                ResourceType::DockerRegistry => Resource::AnyRegistry,
            });
        };
        if id.is_empty() || id.contains(char::is_control) {
            let wrong = if id.is_empty() {
                "is empty"
            } else {
                "contains a control character"
            };
            return Err(ResourceError::new(format!(
                "the {} id {} {wrong}: {}",
                kind.id(),
                shown(id),
                forms(kind)
            )));
        }
        match kind {
            ResourceType::AwsGeneric => {
                check_region(id)?;
                Ok(Resource::Generic {
                    region: Some(id.to_owned()),
                })
            }
            ResourceType::S3Bucket => bucket(id),
            ResourceType::KubernetesCluster => cluster(id),
            ResourceType::DockerRegistry => registry(id),
        }
    }

    /// The canonical form of the id; `None` for all resources of a type. It parses back to itself,
    /// although the ARN of a cluster or bucket contains more.
    pub fn canonical(&self) -> Option<String> {
        match self {
            Resource::Generic { region } => region.clone(),
            Resource::Bucket { name, .. } => Some(format!("s3://{name}")),
            Resource::Cluster { name, .. } => Some(name.clone()),
            Resource::Registry(host) => Some(host.host()),
            Resource::AnyBucket | Resource::AnyCluster | Resource::AnyRegistry => None,
        }
    }

    /// The type of this resource.
    pub fn resource_type(&self) -> ResourceType {
        match self {
            Resource::Generic { .. } => ResourceType::AwsGeneric,
            Resource::Bucket { .. } | Resource::AnyBucket => ResourceType::S3Bucket,
            Resource::Cluster { .. } | Resource::AnyCluster => ResourceType::KubernetesCluster,
            Resource::Registry(_) | Resource::AnyRegistry => ResourceType::DockerRegistry,
        }
    }

    /// The region that the id names. For ECR Public it is always `us-east-1`, where its API is.
    pub fn region(&self) -> Option<&str> {
        match self {
            Resource::Generic { region } | Resource::Cluster { region, .. } => region.as_deref(),
            Resource::Registry(host) => Some(host.region()),
            _ => None,
        }
    }

    /// The partition that the id names, or that of its region.
    pub fn partition(&self) -> Option<Partition> {
        match self {
            Resource::Generic { region } => region.as_deref().map(Partition::of_region),
            Resource::Bucket { partition_hint, .. } => *partition_hint,
            Resource::Cluster { partition, .. } => *partition,
            Resource::Registry(host) => Some(host.partition()),
            Resource::AnyBucket | Resource::AnyCluster | Resource::AnyRegistry => None,
        }
    }

    /// Whether a connector limited to `self` may serve a request for `other`.
    ///
    /// All resources of a type cover each resource of that type, never the reverse: a request
    /// without an id gets the connector's own before this check. A part that only one of the two
    /// ids has (a cluster's account) is ignored; a part that both have must match. A registry is an
    /// account and a region, so its FIPS and dual-stack hosts cover each other, as do ECR Public's
    /// two.
    pub fn covers(&self, other: &Resource) -> bool {
        fn agree<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
            a.is_none() || b.is_none() || a == b
        }
        match (self, other) {
            (Resource::Generic { region: None }, Resource::Generic { .. })
            | (Resource::AnyBucket, Resource::AnyBucket | Resource::Bucket { .. })
            | (Resource::AnyCluster, Resource::AnyCluster | Resource::Cluster { .. })
            | (Resource::AnyRegistry, Resource::AnyRegistry | Resource::Registry(_)) => true,
            (Resource::Generic { region: mine }, Resource::Generic { region }) => mine == region,
            (
                Resource::Bucket {
                    name: mine,
                    partition_hint: from,
                },
                Resource::Bucket {
                    name,
                    partition_hint,
                },
            ) => mine == name && agree(from, partition_hint),
            (
                Resource::Cluster {
                    name: mine,
                    account: a,
                    region: r,
                    partition: p,
                },
                Resource::Cluster {
                    name,
                    account,
                    region,
                    partition,
                },
            ) => mine == name && agree(a, account) && agree(r, region) && agree(p, partition),
            (Resource::Registry(mine), Resource::Registry(theirs)) => {
                mine.account() == theirs.account() && mine.region() == theirs.region()
            }
            _ => false,
        }
    }
}

fn bucket(id: &str) -> Result<Resource, ResourceError> {
    let (path, partition_hint) = if let Some((scheme, rest)) = id.split_once("://") {
        if !scheme.eq_ignore_ascii_case("s3") {
            return Err(not_a(ResourceType::S3Bucket, id));
        }
        (rest.to_owned(), None)
    } else if id.starts_with("arn:") {
        // Object keys may contain anything, so parse only the part before the key as an ARN.
        let arn = Arn::parse(id.split('/').next().unwrap_or(id))?;
        if arn.service != "s3" || !arn.region.is_empty() || !arn.account.is_empty() {
            return Err(not_a(ResourceType::S3Bucket, id));
        }
        (arn.resource, Some(arn.partition))
    } else {
        check_bucket_name(id)?;
        (id.to_owned(), None)
    };
    let name = path.split('/').next().unwrap_or_default();
    check_bucket_name(name)?;
    Ok(Resource::Bucket {
        name: name.to_owned(),
        partition_hint,
    })
}

fn cluster(id: &str) -> Result<Resource, ResourceError> {
    if !id.starts_with("arn:") {
        check_cluster_name(id)?;
        return Ok(Resource::Cluster {
            name: id.to_owned(),
            account: None,
            region: None,
            partition: None,
        });
    }
    let arn = Arn::parse(id)?;
    let name = match arn.resource.strip_prefix("cluster/") {
        Some(name) if is_regional(&arn, "eks") => name,
        _ => return Err(not_a(ResourceType::KubernetesCluster, id)),
    };
    check_cluster_name(name)?;
    Ok(Resource::Cluster {
        name: name.to_owned(),
        account: Some(arn.account),
        region: Some(arn.region),
        partition: Some(arn.partition),
    })
}

fn registry(id: &str) -> Result<Resource, ResourceError> {
    if !id.starts_with("arn:") {
        return RegistryHost::parse(id)
            .map(Resource::Registry)
            .ok_or_else(|| not_a(ResourceType::DockerRegistry, id));
    }
    let arn = Arn::parse(id)?;
    let repository = arn.resource.strip_prefix("repository");
    if !is_regional(&arn, "ecr") || !repository.is_some_and(|r| r.is_empty() || r.starts_with('/'))
    {
        return Err(not_a(ResourceType::DockerRegistry, id));
    }
    Ok(Resource::Registry(RegistryHost::Private(PrivateRegistry {
        account: arn.account,
        region: arn.region,
        partition: arn.partition,
        fips: false,
        dual_stack: false,
    })))
}

fn is_regional(arn: &Arn, service: &str) -> bool {
    arn.service == service && !arn.region.is_empty() && arn.account.len() == 12
}

fn not_a(kind: ResourceType, id: &str) -> ResourceError {
    ResourceError::new(format!(
        "{} is not a valid {} id: {}",
        shown(id),
        kind.id(),
        forms(kind)
    ))
}

fn forms(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::AwsGeneric => "use a region, such as us-east-1",
        ResourceType::S3Bucket => "use s3://BUCKET, arn:PARTITION:s3:::BUCKET or the bucket name",
        ResourceType::KubernetesCluster => {
            "use the cluster name or arn:PARTITION:eks:REGION:ACCOUNT:cluster/NAME"
        }
        ResourceType::DockerRegistry => {
            "use an ECR host such as 123456789012.dkr.ecr.us-east-1.amazonaws.com or \
             public.ecr.aws, or arn:PARTITION:ecr:REGION:ACCOUNT:repository"
        }
    }
}
