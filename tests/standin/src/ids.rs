//! ARNs, partitions, random identifiers and the machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// The three parts of `arn:PARTITION:iam::ACCOUNT:role/PATH`.
pub(crate) fn split_role(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (Some("arn"), Some(partition), Some("iam"), Some("")) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let account = parts.next()?;
    let path = parts.next()?.strip_prefix("role/")?;
    let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (partition.starts_with("aws") && digits && !path.is_empty())
        .then_some((partition, account, path))
}

/// The partition that a region belongs to.
pub(crate) fn partition_of(region: &str) -> &'static str {
    let prefixes = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
    ];
    prefixes
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("aws", |(_, name)| name)
}

pub(crate) fn real_now() -> i64 {
    real_now_ms().div_euclid(1000) as i64
}

pub(crate) fn real_now_ms() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_millis())
}

pub(crate) fn random_bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}

const ID_LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn letters(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|b| char::from(ID_LETTERS[usize::from(b % 32)]))
        .collect()
}

pub(crate) fn random_id(count: usize) -> String {
    letters(&random_bytes(count))
}

/// An id derived from the ARN.
pub(crate) fn stable_id(prefix: &str, arn: &str) -> String {
    use sha2::Digest;
    format!(
        "{prefix}{}",
        letters(&sha2::Sha256::digest(arn.as_bytes())[..17])
    )
}
