//! The destination of AWS calls: region, partition, endpoints.

use std::collections::BTreeMap;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::profile::Endpoints;
use crate::resource::Partition;
use crate::url::endpoint;

/// A region and its endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The region.
    pub region: String,
    /// Its partition.
    pub partition: Partition,
    /// Custom endpoints by service (`sts`, `ecr`, …); other services use AWS's own.
    pub endpoints: BTreeMap<&'static str, String>,
    /// Whether to use AWS's FIPS endpoints.
    pub use_fips: bool,
    /// Whether to use AWS's dual-stack endpoints.
    pub use_dual_stack: bool,
}

/// The endpoints that an AWS CLI profile configures.
#[derive(Clone, Debug, Default)]
pub struct AwsProfileEndpoints {
    /// Its settings.
    pub settings: Endpoints,
    /// The endpoints of services that only other programs call.
    pub others: BTreeMap<String, String>,
    /// `ignore_configured_endpoint_urls`: disables all custom endpoints.
    pub ignored: bool,
}

const SERVICES: [(&str, &str); 8] = [
    ("sts", "AWS_ENDPOINT_URL_STS"),
    ("ecr", "AWS_ENDPOINT_URL_ECR"),
    ("ecr_public", "AWS_ENDPOINT_URL_ECR_PUBLIC"),
    ("eks", "AWS_ENDPOINT_URL_EKS"),
    ("ssm", "AWS_ENDPOINT_URL_SSM"),
    ("s3", "AWS_ENDPOINT_URL_S3"),
    ("sso", "AWS_ENDPOINT_URL_SSO"),
    ("sso_oidc", "AWS_ENDPOINT_URL_SSO_OIDC"),
];

/// Disables all endpoints that the environment or AWS CLI profile configures.
pub const IGNORE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

impl Site {
    /// The site for a region: the connector's endpoints first, then the environment's.
    ///
    /// # Errors
    /// An endpoint in the environment is not a URL, or would send credentials unencrypted.
    pub fn new(region: &str, settings: &Endpoints, env: &Env) -> Result<Self> {
        Self::beside(region, settings, None, env)
    }

    /// As [`Site::new`], followed by the endpoints of an AWS CLI profile, in botocore's order: the
    /// service's variable, the global variable, the profile's service, the profile.
    ///
    /// # Errors
    /// As [`Site::new`].
    pub fn beside(
        region: &str,
        settings: &Endpoints,
        profile: Option<&AwsProfileEndpoints>,
        env: &Env,
    ) -> Result<Self> {
        let mut endpoints = BTreeMap::new();
        let ignored = env.is_on(IGNORE) || profile.is_some_and(|profile| profile.ignored);
        let from_env = |variable: &str| -> Result<Option<String>> {
            match env.get(variable).filter(|_| !ignored) {
                None => Ok(None),
                Some(url) => endpoint(&url, settings.allow_insecure)
                    .map(Some)
                    .map_err(|error| {
                        Error::usage(error).context(format!("environment variable {variable}"))
                    }),
            }
        };
        let for_all = match &settings.all {
            Some(url) => Some(url.clone()),
            None => from_env("AWS_ENDPOINT_URL")?,
        };
        let theirs = profile.map(|profile| &profile.settings);
        for (service, variable) in SERVICES {
            let url = match (settings.by_service.get(service), &settings.all) {
                (Some(url), _) | (None, Some(url)) => Some(url.clone()),
                (None, None) => from_env(variable)?.or_else(|| for_all.clone()).or_else(|| {
                    let theirs = theirs.filter(|_| !ignored)?;
                    let own = theirs.by_service.get(service);
                    own.or(theirs.all.as_ref()).cloned()
                }),
            };
            if let Some(url) = url {
                endpoints.insert(service, url);
            }
        }
        let switch = |own: Option<bool>, variable: &str, theirs: Option<bool>| {
            let of_env = env.get(variable).map(|_| env.is_on(variable));
            own.or(of_env).or(theirs).unwrap_or(false)
        };
        Ok(Self {
            region: region.to_owned(),
            partition: Partition::of_region(region),
            endpoints,
            use_fips: switch(
                settings.use_fips,
                "AWS_USE_FIPS_ENDPOINT",
                theirs.and_then(|theirs| theirs.use_fips),
            ),
            use_dual_stack: switch(
                settings.use_dual_stack,
                "AWS_USE_DUALSTACK_ENDPOINT",
                theirs.and_then(|theirs| theirs.use_dual_stack),
            ),
        })
    }

    /// The same endpoints in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            partition: Partition::of_region(region),
            ..self.clone()
        }
    }
}
