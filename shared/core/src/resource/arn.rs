//! Amazon Resource Names: parsing, and checks for the three kinds that a profile contains.

use super::partition::is_region;
use super::registry_host::is_account;
use super::{Partition, ResourceError};
use crate::shown::shown;

/// The maximum length of an ARN in bytes, as in IAM.
const LONGEST_ARN: usize = 2048;

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arn {
    /// The partition; it matches the region, if there is one.
    pub partition: Partition,
    /// The service, such as `iam`: lower-case letters, digits and `-`.
    pub service: String,
    /// The region; empty for global resources.
    pub region: String,
    /// The account: 12 digits, `aws` for AWS-managed resources, or empty.
    pub account: String,
    /// The rest, which may contain `:` and `/`. Not empty; printable ASCII without spaces.
    pub resource: String,
}

impl Arn {
    /// Parses an ARN. Checks the form of each part; the caller checks the service.
    ///
    /// # Errors
    /// One line that names the invalid part.
    pub fn parse(text: &str) -> Result<Arn, ResourceError> {
        Self::parts(text).map_err(|wrong| {
            ResourceError::new(format!(
                "{} is not an ARN: {wrong}; the form is \
                 arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
                shown(text)
            ))
        })
    }

    fn parts(text: &str) -> Result<Arn, String> {
        if text.len() > LONGEST_ARN {
            return Err(format!("it is longer than {LONGEST_ARN} characters"));
        }
        let Some(rest) = text.strip_prefix("arn:") else {
            return Err("it does not begin with arn:".to_owned());
        };
        if !rest.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(
                "it contains a space or another character that is not allowed in an ARN".to_owned(),
            );
        }
        let mut parts = rest.splitn(5, ':');
        let mut next = || parts.next().ok_or("a part is missing");
        let (partition, service, region) = (next()?, next()?, next()?);
        let (account, resource) = (next()?, next()?);

        let Some(partition) = Partition::from_id(partition) else {
            let known = Partition::ALL.map(Partition::id).join(", ");
            return Err(format!("the partition is not one of {known}"));
        };
        let name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if service.is_empty() || !service.bytes().all(name) {
            return Err("the service is not a lowercase name".to_owned());
        }
        if !region.is_empty() {
            if !is_region(region) {
                return Err("the region is not a region code".to_owned());
            }
            let own = Partition::of_region(region);
            if own != partition {
                return Err(format!("its region belongs to the partition {}", own.id()));
            }
        }
        if !account.is_empty() && account != "aws" && !is_account(account) {
            return Err("the account is not 12 digits".to_owned());
        }
        if resource.is_empty() {
            return Err("the resource is empty".to_owned());
        }
        Ok(Arn {
            partition,
            service: service.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource: resource.to_owned(),
        })
    }

    /// Whether this is a global IAM ARN.
    fn is_iam(&self) -> bool {
        self.service == "iam" && self.region.is_empty()
    }
}

/// Checks a role's ARN, `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`, and returns its parts.
///
/// # Errors
/// One line with the correct form. For the ARN of a role *session*, it suggests the role's ARN.
pub fn check_role_arn(text: &str) -> Result<Arn, ResourceError> {
    let arn = Arn::parse(text)?;
    if arn.is_iam() && is_account(&arn.account) && named(&arn.resource, "role/", 64) {
        return Ok(arn);
    }
    let fix = assumed_role(&arn).unwrap_or_else(|| {
        "use arn:PARTITION:iam::ACCOUNT:role/NAME with a 12-digit account and a name of at most \
         64 letters, digits and +=,.@_-"
            .to_owned()
    });
    Err(ResourceError::new(format!(
        "{} is not the ARN of an IAM role: {fix}",
        shown(text)
    )))
}

/// Checks a policy's ARN, `arn:PARTITION:iam::ACCOUNT:policy/[PATH/]NAME`, and returns its parts.
/// The account is `aws` for AWS-managed policies.
///
/// # Errors
/// One line with the correct form.
pub fn check_policy_arn(text: &str) -> Result<Arn, ResourceError> {
    let arn = Arn::parse(text)?;
    if arn.is_iam() && !arn.account.is_empty() && named(&arn.resource, "policy/", 128) {
        return Ok(arn);
    }
    Err(ResourceError::new(format!(
        "{} is not the ARN of an IAM policy: use arn:PARTITION:iam::ACCOUNT:policy/NAME with a \
         12-digit account, or aws as the account of a policy that AWS manages",
        shown(text)
    )))
}

/// Checks an MFA device: a hardware serial such as `GAHT12345678`, or
/// `arn:PARTITION:iam::ACCOUNT:mfa/[PATH/]NAME`; 9 to 256 characters.
///
/// # Errors
/// One line with both forms. Security keys are rejected by name, because they have no codes.
pub fn check_mfa_serial(text: &str) -> Result<(), ResourceError> {
    let fault = |fix: &str| {
        Err(ResourceError::new(format!(
            "{} is not an MFA device: {fix}",
            shown(text)
        )))
    };
    const FORMS: &str = "use a hardware serial such as GAHT12345678 or \
                         arn:PARTITION:iam::ACCOUNT:mfa/NAME, 9 to 256 characters";
    if !(9..=256).contains(&text.len()) {
        return fault(FORMS);
    }
    if !text.starts_with("arn:") {
        let serial = |b: u8| b.is_ascii_alphanumeric() || b"_-=".contains(&b);
        return if text.bytes().all(serial) {
            Ok(())
        } else {
            fault(FORMS)
        };
    }
    let arn = Arn::parse(text)?;
    if arn.is_iam() && arn.resource.starts_with("u2f/") {
        return fault(
            "security keys and passkeys have no codes; use a virtual or hardware TOTP device",
        );
    }
    if arn.is_iam() && is_account(&arn.account) && named(&arn.resource, "mfa/", 226) {
        return Ok(());
    }
    fault(FORMS)
}

/// Checks `KIND[PATH/]NAME`: a path of at most 512 characters, and a valid IAM name.
fn named(resource: &str, kind: &str, longest: usize) -> bool {
    let Some(rest) = resource.strip_prefix(kind) else {
        return false;
    };
    let (path, name) = rest.rsplit_once('/').unwrap_or(("", rest));
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b);
    path.len() <= 510 // and its two slashes
        && (1..=longest).contains(&name.len())
        && name.bytes().all(letter)
        // Wildcards and policy variables are never part of the ARN of a single resource.
        && !path.bytes().any(|b| b"*?${}\"\\".contains(&b))
}

/// The role's ARN for `arn:…:sts::ACCOUNT:assumed-role/NAME/SESSION`, which `get-caller-identity`
/// prints.
fn assumed_role(arn: &Arn) -> Option<String> {
    let rest = arn.resource.strip_prefix("assumed-role/")?;
    let (name, _) = rest.split_once('/')?;
    (arn.service == "sts" && named(name, "", 64)).then(|| {
        format!(
            "it is a role session; use arn:{}:iam::{}:role/{name} (with the role's path, if it \
             has one)",
            arn.partition.id(),
            arn.account
        )
    })
}
