//! AWS partitions: the partition of a region, and its DNS suffixes.

use super::ResourceError;
use crate::shown::shown;

/// A partition: a set of regions with separate accounts, ARNs and domain names. Credentials are
/// valid in one partition only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// China.
    AwsCn,
    /// AWS GovCloud (US).
    AwsUsGov,
    /// AWS European Sovereign Cloud.
    AwsEusc,
    /// US isolated, top secret.
    AwsIso,
    /// US isolated, secret.
    AwsIsoB,
    /// EU isolated.
    AwsIsoE,
    /// US isolated, for the intelligence community.
    AwsIsoF,
}

impl Partition {
    /// Every partition, `aws` first.
    pub const ALL: [Partition; 8] = [
        Partition::Aws,
        Partition::AwsCn,
        Partition::AwsUsGov,
        Partition::AwsEusc,
        Partition::AwsIso,
        Partition::AwsIsoB,
        Partition::AwsIsoE,
        Partition::AwsIsoF,
    ];

    /// The partition of `region`, by its prefix; `aws` if no other prefix matches. Does not check
    /// the form of the region: see [`check_region`].
    pub fn of_region(region: &str) -> Partition {
        const PREFIXES: [(&str, Partition); 7] = [
            ("cn-", Partition::AwsCn),
            ("us-gov-", Partition::AwsUsGov),
            ("eusc-", Partition::AwsEusc),
            ("us-iso-", Partition::AwsIso),
            ("us-isob-", Partition::AwsIsoB),
            ("eu-isoe-", Partition::AwsIsoE),
            ("us-isof-", Partition::AwsIsoF),
        ];
        PREFIXES
            .iter()
            .find(|(prefix, _)| region.starts_with(prefix))
            .map_or(Partition::Aws, |&(_, partition)| partition)
    }

    /// The partition with this id in ARNs, such as `aws-cn`.
    pub fn from_id(id: &str) -> Option<Partition> {
        Self::ALL.into_iter().find(|partition| partition.id() == id)
    }

    /// The id in ARNs, such as `aws-cn`.
    pub fn id(self) -> &'static str {
        match self {
            Partition::Aws => "aws",
            Partition::AwsCn => "aws-cn",
            Partition::AwsUsGov => "aws-us-gov",
            Partition::AwsEusc => "aws-eusc",
            Partition::AwsIso => "aws-iso",
            Partition::AwsIsoB => "aws-iso-b",
            Partition::AwsIsoE => "aws-iso-e",
            Partition::AwsIsoF => "aws-iso-f",
        }
    }

    /// The DNS suffix of the partition, without a leading dot.
    pub fn dns_suffix(self) -> &'static str {
        match self {
            Partition::Aws | Partition::AwsUsGov => "amazonaws.com",
            Partition::AwsCn => "amazonaws.com.cn",
            Partition::AwsEusc => "amazonaws.eu",
            Partition::AwsIso => "c2s.ic.gov",
            Partition::AwsIsoB => "sc2s.sgov.gov",
            Partition::AwsIsoE => "cloud.adc-e.uk",
            Partition::AwsIsoF => "csp.hci.ic.gov",
        }
    }

    /// The DNS suffix of **dual-stack ECR registries**, without a leading dot; `None` if there are
    /// none. (Dual-stack API endpoints have another suffix, which the SDK knows.)
    pub fn dual_stack_suffix(self) -> Option<&'static str> {
        match self {
            Partition::Aws | Partition::AwsUsGov => Some("on.aws"),
            Partition::AwsCn => Some("on.amazonwebservices.com.cn"),
            Partition::AwsEusc => Some("on.amazonwebservices.eu"),
            Partition::AwsIso | Partition::AwsIsoB | Partition::AwsIsoE | Partition::AwsIsoF => {
                None
            }
        }
    }

    /// The DNS suffix of **dual-stack API endpoints**, without a leading dot.
    pub fn api_suffix(self) -> Option<&'static str> {
        match self {
            Partition::Aws | Partition::AwsUsGov => Some("api.aws"),
            Partition::AwsCn => Some("api.amazonwebservices.com.cn"),
            Partition::AwsEusc => Some("api.amazonwebservices.eu"),
            Partition::AwsIso | Partition::AwsIsoB | Partition::AwsIsoE | Partition::AwsIsoF => {
                None
            }
        }
    }

    /// The regional STS host of `region`, such as `sts.cn-north-1.amazonaws.com.cn`. The region
    /// must have passed [`check_region`].
    pub fn sts_host(self, region: &str) -> String {
        format!("sts.{region}.{}", self.dns_suffix())
    }
}

/// The maximum length of a region's name in bytes; today's longest has 14.
const LONGEST_REGION: usize = 32;

/// Checks the form of a region's name: two to four letters, one or more words of letters, and a
/// number of one or two digits, joined by `-`, all in lower case.
///
/// Checks only the form, so that new regions need no new release. The region becomes part of a host
/// name, so anything else is rejected: dots, slashes, `@`, white space, non-ASCII letters.
///
/// # Errors
/// One line with the text and an example of the correct form.
pub fn check_region(region: &str) -> Result<(), ResourceError> {
    if is_region(region) {
        return Ok(());
    }
    let lower = region.trim().to_ascii_lowercase();
    let fix = if is_region(&lower) {
        format!("use {lower}")
    } else if zone_of(region).is_some_and(is_region) {
        "remove the last letter, which names an availability zone".to_owned()
    } else {
        "use a region code, such as us-east-1 or cn-north-1".to_owned()
    };
    Err(ResourceError::new(format!(
        "{} is not an AWS region: {fix}",
        shown(region)
    )))
}

/// The region of an availability zone: `us-east-1a` without its last letter.
fn zone_of(region: &str) -> Option<&str> {
    region
        .len()
        .checked_sub(1)
        .and_then(|end| region.split_at_checked(end))
        .filter(|(_, last)| last.bytes().all(|b| b.is_ascii_lowercase()))
        .map(|(rest, _)| rest)
}

pub(super) fn is_region(region: &str) -> bool {
    if region.len() > LONGEST_REGION {
        return false;
    }
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let Some((words, number)) = region.rsplit_once('-') else {
        return false;
    };
    let Some((area, rest)) = words.split_once('-') else {
        return false;
    };
    (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && (2..=4).contains(&area.len())
        && letters(area)
        && rest.split('-').all(letters)
}

#[cfg(test)]
mod tests {
    use super::{Partition, check_region};

    #[test]
    fn the_prefix_of_a_region_gives_its_partition() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("ap-southeast-7", "aws"),
            ("mx-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
        ] {
            assert_eq!(Partition::of_region(region).id(), partition, "{region}");
            assert!(check_region(region).is_ok(), "{region}");
        }
    }

    #[test]
    fn every_partition_is_found_by_its_id() {
        for partition in Partition::ALL {
            assert_eq!(Partition::from_id(partition.id()), Some(partition));
        }
        for id in ["", "AWS", "aws-", "aws-iso-g", "aws\n"] {
            assert_eq!(Partition::from_id(id), None, "{id:?}");
        }
    }

    #[test]
    fn sts_hosts_are_regional_in_every_partition() {
        for (region, host) in [
            ("us-east-1", "sts.us-east-1.amazonaws.com"),
            ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"),
            ("eu-isoe-west-1", "sts.eu-isoe-west-1.cloud.adc-e.uk"),
            ("us-isof-east-1", "sts.us-isof-east-1.csp.hci.ic.gov"),
        ] {
            assert_eq!(Partition::of_region(region).sts_host(region), host);
        }
    }

    #[test]
    fn text_that_could_reach_another_host_is_not_a_region() {
        let long = format!("us-{}-1", "a".repeat(40));
        for region in [
            "",
            " ",
            "-",
            "us",
            "us-east",
            "useast1",
            "us-east-",
            "us-east-123",
            "u-east-1",
            "usaaa-east-1",
            "us--east-1",
            "-us-east-1",
            "us-east-1-",
            "us-1",
            "us-e4st-1",
            "US-EAST-1",
            "us-east-1 ",
            " us-east-1",
            "us-east-1\n",
            "us-east-1\0",
            "us-east-1.",
            "us-east-1.evil.example/",
            "us-east-1/",
            "us-east-1@x",
            "us-east-1:80",
            "us-east-1#",
            "evil.example/us-east-1",
            "us_east_1",
            "us-east-१",
            "us-eаst-1",
            "us-east-1%2e",
            "aws-global-x",
            "fips-us-east-1-fips",
            "us-east-1a",
            &long,
        ] {
            let error = check_region(region).map_err(|e| e.to_string());
            let Err(text) = error else {
                unreachable!("{region:?} was taken for a region")
            };
            assert!(!text.contains('\n') && text.len() < 250, "{text}");
        }
    }

    #[test]
    fn near_misses_name_the_fix() {
        for (region, fix) in [
            ("US-East-1", "use us-east-1"),
            (" eu-west-1\n", "use eu-west-1"),
            ("eu-west-1b", "availability zone"),
            ("frankfurt", "use a region code"),
        ] {
            let error = check_region(region).map_err(|e| e.to_string());
            assert!(error.is_err_and(|text| text.contains(fix)), "{region}");
        }
    }
}
