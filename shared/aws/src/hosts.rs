//! The URLs of S3 and SSM, which are called without a generated client.

#[cfg(feature = "inventory")]
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::resource::Partition;

/// The URL of SSM at a site.
pub(crate) fn ssm(site: &Site) -> String {
    if let Some(url) = site.endpoints.get("ssm") {
        return url.clone();
    }
    // GovCloud's regular hosts are the FIPS ones.
    let is_fips_anyway = site.partition == Partition::AwsUsGov && !site.use_dual_stack;
    let fips = if site.use_fips && !is_fips_anyway {
        "-fips"
    } else {
        ""
    };
    let suffix = if site.use_dual_stack {
        dual_stack_suffix(site.partition)
    } else {
        site.partition.dns_suffix()
    };
    format!("https://ssm{fips}.{}.{suffix}", site.region)
}

/// The URL of S3 at a site.
///
/// # Errors
/// The partition has no FIPS endpoints.
#[cfg(feature = "inventory")]
pub(crate) fn s3(site: &Site) -> Result<String> {
    if let Some(url) = site.endpoints.get("s3") {
        return Ok(url.clone());
    }
    if site.use_fips && site.partition == Partition::AwsCn {
        let what = "S3 in partition aws-cn does not support FIPS endpoints";
        return Err(Error::profile(what).fix("unset use_fips_endpoint and AWS_USE_FIPS_ENDPOINT"));
    }
    let fips = if site.use_fips { "-fips" } else { "" };
    let dual_stack = if site.use_dual_stack {
        ".dualstack"
    } else {
        ""
    };
    let suffix = site.partition.dns_suffix();
    Ok(format!(
        "https://s3{fips}{dual_stack}.{}.{suffix}",
        site.region
    ))
}

/// The URL of S3 for a bucket, and the bucket's path there.
///
/// # Errors
/// The partition has no FIPS endpoints.
#[cfg(feature = "inventory")]
pub(crate) fn s3_bucket(site: &Site, bucket: &str) -> Result<(String, String)> {
    let url = s3(site)?;
    // S3's certificates cover one label before its own name.
    let is_label = !bucket.contains('.') && !site.endpoints.contains_key("s3");
    Ok(match url.strip_prefix("https://").filter(|_| is_label) {
        Some(host) => (format!("https://{bucket}.{host}"), "/".to_owned()),
        None => (url, format!("/{bucket}")),
    })
}

/// What the host names of dual-stack API endpoints end in.
fn dual_stack_suffix(partition: Partition) -> &'static str {
    match partition {
        Partition::AwsIso => "api.aws.ic.gov",
        Partition::AwsIsoB => "api.aws.scloud",
        Partition::AwsIsoE => "api.cloud-aws.adc-e.uk",
        Partition::AwsIsoF => "api.aws.hci.ic.gov",
        Partition::Aws | Partition::AwsCn | Partition::AwsUsGov | Partition::AwsEusc => partition
            .api_suffix()
            .unwrap_or_else(|| partition.dns_suffix()),
    }
}

#[cfg(all(test, feature = "inventory"))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeMap;

    use aws_connector_core::env::Env;
    use aws_connector_core::profile::Endpoints;

    use super::*;

    /// What the endpoint rules of the SDK's clients resolve to: region, kind of endpoint, SSM, S3.
    const HOSTS: &str = "
        us-east-1       regular         ssm.us-east-1.amazonaws.com                      s3.us-east-1.amazonaws.com
        us-east-1       dual-stack      ssm.us-east-1.api.aws                            s3.dualstack.us-east-1.amazonaws.com
        us-east-1       fips            ssm-fips.us-east-1.amazonaws.com                 s3-fips.us-east-1.amazonaws.com
        us-east-1       fips+dual-stack ssm-fips.us-east-1.api.aws                       s3-fips.dualstack.us-east-1.amazonaws.com
        cn-north-1      regular         ssm.cn-north-1.amazonaws.com.cn                  s3.cn-north-1.amazonaws.com.cn
        cn-north-1      dual-stack      ssm.cn-north-1.api.amazonwebservices.com.cn      s3.dualstack.cn-north-1.amazonaws.com.cn
        cn-north-1      fips            ssm-fips.cn-north-1.amazonaws.com.cn             -
        cn-north-1      fips+dual-stack ssm-fips.cn-north-1.api.amazonwebservices.com.cn -
        us-gov-west-1   regular         ssm.us-gov-west-1.amazonaws.com                  s3.us-gov-west-1.amazonaws.com
        us-gov-west-1   dual-stack      ssm.us-gov-west-1.api.aws                        s3.dualstack.us-gov-west-1.amazonaws.com
        us-gov-west-1   fips            ssm.us-gov-west-1.amazonaws.com                  s3-fips.us-gov-west-1.amazonaws.com
        us-gov-west-1   fips+dual-stack ssm-fips.us-gov-west-1.api.aws                   s3-fips.dualstack.us-gov-west-1.amazonaws.com
        eusc-de-east-1  regular         ssm.eusc-de-east-1.amazonaws.eu                  s3.eusc-de-east-1.amazonaws.eu
        eusc-de-east-1  dual-stack      ssm.eusc-de-east-1.api.amazonwebservices.eu      s3.dualstack.eusc-de-east-1.amazonaws.eu
        eusc-de-east-1  fips            ssm-fips.eusc-de-east-1.amazonaws.eu             s3-fips.eusc-de-east-1.amazonaws.eu
        eusc-de-east-1  fips+dual-stack ssm-fips.eusc-de-east-1.api.amazonwebservices.eu s3-fips.dualstack.eusc-de-east-1.amazonaws.eu
        us-iso-east-1   regular         ssm.us-iso-east-1.c2s.ic.gov                     s3.us-iso-east-1.c2s.ic.gov
        us-iso-east-1   dual-stack      ssm.us-iso-east-1.api.aws.ic.gov                 s3.dualstack.us-iso-east-1.c2s.ic.gov
        us-iso-east-1   fips            ssm-fips.us-iso-east-1.c2s.ic.gov                s3-fips.us-iso-east-1.c2s.ic.gov
        us-iso-east-1   fips+dual-stack ssm-fips.us-iso-east-1.api.aws.ic.gov            s3-fips.dualstack.us-iso-east-1.c2s.ic.gov
        us-isob-east-1  regular         ssm.us-isob-east-1.sc2s.sgov.gov                 s3.us-isob-east-1.sc2s.sgov.gov
        us-isob-east-1  dual-stack      ssm.us-isob-east-1.api.aws.scloud                s3.dualstack.us-isob-east-1.sc2s.sgov.gov
        us-isob-east-1  fips            ssm-fips.us-isob-east-1.sc2s.sgov.gov            s3-fips.us-isob-east-1.sc2s.sgov.gov
        us-isob-east-1  fips+dual-stack ssm-fips.us-isob-east-1.api.aws.scloud           s3-fips.dualstack.us-isob-east-1.sc2s.sgov.gov
        eu-isoe-west-1  regular         ssm.eu-isoe-west-1.cloud.adc-e.uk                s3.eu-isoe-west-1.cloud.adc-e.uk
        eu-isoe-west-1  dual-stack      ssm.eu-isoe-west-1.api.cloud-aws.adc-e.uk        s3.dualstack.eu-isoe-west-1.cloud.adc-e.uk
        eu-isoe-west-1  fips            ssm-fips.eu-isoe-west-1.cloud.adc-e.uk           s3-fips.eu-isoe-west-1.cloud.adc-e.uk
        eu-isoe-west-1  fips+dual-stack ssm-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk   s3-fips.dualstack.eu-isoe-west-1.cloud.adc-e.uk
        us-isof-south-1 regular         ssm.us-isof-south-1.csp.hci.ic.gov               s3.us-isof-south-1.csp.hci.ic.gov
        us-isof-south-1 dual-stack      ssm.us-isof-south-1.api.aws.hci.ic.gov           s3.dualstack.us-isof-south-1.csp.hci.ic.gov
        us-isof-south-1 fips            ssm-fips.us-isof-south-1.csp.hci.ic.gov          s3-fips.us-isof-south-1.csp.hci.ic.gov
        us-isof-south-1 fips+dual-stack ssm-fips.us-isof-south-1.api.aws.hci.ic.gov      s3-fips.dualstack.us-isof-south-1.csp.hci.ic.gov
    ";

    fn site(region: &str, kind: &str, url: Option<&str>) -> Site {
        let endpoints = Endpoints {
            all: url.map(str::to_owned),
            by_service: BTreeMap::new(),
            use_fips: Some(kind.contains("fips")),
            use_dual_stack: Some(kind.contains("dual-stack")),
            allow_insecure: false,
        };
        Site::new(region, &endpoints, &Env::fixed([])).unwrap()
    }

    #[test]
    fn hosts_of_aws_follow_the_endpoint_rules_of_the_sdk() {
        for row in HOSTS.trim().lines() {
            let [region, kind, ssm_host, s3_host] = row.split_whitespace().collect::<Vec<_>>()[..]
            else {
                unreachable!("{row}")
            };
            let site = site(region, kind, None);
            assert_eq!(ssm(&site), format!("https://{ssm_host}"), "{row}");
            if s3_host == "-" {
                let error = s3(&site).unwrap_err().to_string();
                assert!(error.contains("FIPS"), "{row}: {error}");
                continue;
            }
            assert_eq!(s3(&site).unwrap(), format!("https://{s3_host}"));
            for (bucket, url, path) in [
                ("data", format!("https://data.{s3_host}"), "/"),
                ("my.data", format!("https://{s3_host}"), "/my.data"),
            ] {
                let found = s3_bucket(&site, bucket).unwrap();
                assert_eq!(found, (url, path.to_owned()), "{row}");
            }
        }
    }

    #[test]
    fn a_custom_endpoint_gets_the_bucket_in_the_path() {
        for url in ["http://127.0.0.1:5000", "https://s3.example/base"] {
            let site = site("us-east-1", "fips", Some(url));
            assert_eq!(ssm(&site), url);
            assert_eq!(s3(&site).unwrap(), url);
            let found = s3_bucket(&site, "data").unwrap();
            assert_eq!(found, (url.to_owned(), "/data".to_owned()));
        }
    }
}
