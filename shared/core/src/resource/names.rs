//! Checks the names of buckets, clusters and accounts. Valid names contain no character with a
//! special meaning in policies (`*`, `?`, `$`) or JSON.

use super::ResourceError;
use super::registry_host::is_account;
use crate::shown::shown;

/// Checks the name of a general purpose bucket: 3 to 63 lower-case letters, digits, `.` and `-`.
///
/// # Errors
/// One line with the violated rule. Access point aliases, directory buckets and table buckets have
/// their own text, because our session policies would not fit them.
pub fn check_bucket_name(name: &str) -> Result<(), ResourceError> {
    let fault = |rule: &str| {
        Err(ResourceError::new(format!(
            "{} is not a valid bucket name: {rule}",
            shown(name)
        )))
    };
    if name.len() < 3 || name.len() > 63 {
        return fault("it must have 3 to 63 characters");
    }
    let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if !name.bytes().all(|b| alnum(b) || b == b'.' || b == b'-') {
        return fault("use only lowercase letters, digits, '.' and '-'");
    }
    let ends = (name.bytes().next(), name.bytes().last());
    if !matches!(ends, (Some(first), Some(last)) if alnum(first) && alnum(last)) {
        return fault("it must begin and end with a letter or digit");
    }
    if name.contains("..") {
        return fault("it must not contain two adjacent dots");
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return fault("it must not look like an IP address");
    }
    const OTHERS: [(&str, &str); 5] = [
        ("-s3alias", "an access point's alias"),
        ("--ol-s3", "an Object Lambda alias"),
        (".mrap", "a multi-Region access point's alias"),
        ("--x-s3", "a directory bucket"),
        ("--table-s3", "a table bucket"),
    ];
    match OTHERS.iter().find(|(end, _)| name.ends_with(end)) {
        Some((_, what)) => fault(&format!(
            "it names {what}; name the bucket itself, or use aws-generic with a policy of your own"
        )),
        None => Ok(()),
    }
}

/// Checks the name of an EKS cluster: a letter or digit, then up to 99 letters, digits, `_` and `-`.
///
/// # Errors
/// One line with the rule.
pub fn check_cluster_name(name: &str) -> Result<(), ResourceError> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
    let rest = bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if first && rest && name.len() <= 100 {
        return Ok(());
    }
    Err(ResourceError::new(format!(
        "{} is not a valid EKS cluster name: it must start with a letter or digit, followed by \
         up to 99 letters, digits, '_' and '-'",
        shown(name)
    )))
}

/// Checks an account id: 12 digits.
///
/// # Errors
/// One line, with the fix for an id with dashes or missing leading zeros.
pub fn check_account(account: &str) -> Result<(), ResourceError> {
    if is_account(account) {
        return Ok(());
    }
    let plain = account.replace('-', "");
    let digits = !account.is_empty() && account.bytes().all(|b| b.is_ascii_digit());
    let fix = if account.len() == 14 && is_account(&plain) {
        format!("remove the dashes: {plain}")
    } else if digits && account.len() < 12 {
        "it must have 12 digits; quote it to keep leading zeros".to_owned()
    } else {
        "it must have 12 digits, such as 123456789012".to_owned()
    };
    Err(ResourceError::new(format!(
        "{} is not an AWS account id: {fix}",
        shown(account)
    )))
}

#[cfg(test)]
mod tests {
    use super::{check_account, check_bucket_name, check_cluster_name};

    #[test]
    fn bucket_names_follow_the_rules_of_s3() {
        let longest = "b".repeat(63);
        for name in [
            "abc",
            "my-bucket",
            "my.bucket.2",
            "1st",
            "a--b",
            "192.168.5",
            &longest,
        ] {
            assert_eq!(check_bucket_name(name), Ok(()), "{name}");
        }
        let long = "b".repeat(64);
        let huge = "b".repeat(1 << 20);
        for name in [
            "",
            "ab",
            "My-bucket",
            "my_bucket",
            "-bucket",
            "bucket-",
            ".bucket",
            "bucket.",
            "my..bucket",
            "192.168.5.4",
            "my bucket",
            "my*",
            "buc?et",
            "${aws:username}",
            "bück",
            "b\"b",
            "bucket\n",
            "bucket\0",
            "b/c",
            "x-s3alias",
            "x--ol-s3",
            "abc.mrap",
            "b--use1-az4--x-s3",
            "b--table-s3",
            &long,
            &huge,
        ] {
            let error = check_bucket_name(name).map_err(|error| error.to_string());
            assert!(
                error
                    .as_ref()
                    .is_err_and(|text| text.len() < 300 && !text.contains('\n')),
                "{error:?}"
            );
        }
    }

    #[test]
    fn cluster_names_follow_the_rules_of_eks() {
        let longest = "c".repeat(100);
        for name in ["c", "prod", "Prod_1-a", "0", &longest] {
            assert_eq!(check_cluster_name(name), Ok(()), "{name}");
        }
        let long = "c".repeat(101);
        for name in [
            "", "-c", "_c", "a b", "a.b", "a/b", "a*", "ü", "c\n", "c\"", &long,
        ] {
            assert!(check_cluster_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn account_ids_have_twelve_digits() {
        assert_eq!(check_account("012345678901"), Ok(()));
        for (account, fix) in [
            ("1234-5678-9012", "remove the dashes: 123456789012"),
            ("12345678901", "leading zeros"),
            ("1234567890123", "12 digits"),
            ("", "12 digits"),
            ("१२३४५६७८९०१२", "12 digits"),
            ("12345678901a", "12 digits"),
        ] {
            let error = check_account(account).map_err(|error| error.to_string());
            assert!(
                error.as_ref().is_err_and(|text| text.contains(fix)),
                "{error:?}"
            );
        }
    }
}
