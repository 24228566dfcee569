//! Valid and invalid ARNs.

use proptest::prelude::*;

use super::{Arn, Partition, check_mfa_serial, check_policy_arn, check_role_arn};

fn text<T>(result: Result<T, super::ResourceError>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

#[test]
fn an_arn_is_split_into_its_parts() {
    let arn = Arn::parse("arn:aws-cn:eks:cn-north-1:123456789012:cluster/a:b/c");
    let expected = Arn {
        partition: Partition::AwsCn,
        service: "eks".to_owned(),
        region: "cn-north-1".to_owned(),
        account: "123456789012".to_owned(),
        resource: "cluster/a:b/c".to_owned(),
    };
    assert_eq!(arn, Ok(expected));
}

#[test]
fn each_wrong_part_of_an_arn_is_named() {
    let long = format!("arn:aws:s3:::{}", "x".repeat(1 << 20));
    for (arn, wrong) in [
        ("", "begin with arn:"),
        ("ARN:aws:s3:::b", "begin with arn:"),
        ("arn:", "a part is missing"),
        ("arn:aws:s3::b", "a part is missing"),
        (
            "arn:amazon:s3:::b",
            "the partition is not one of aws, aws-cn",
        ),
        ("arn:aws:S3:::b", "service"),
        ("arn:aws::::b", "service"),
        ("arn:aws:eks:useast1:123456789012:x", "region"),
        (
            "arn:aws:eks:cn-north-1:123456789012:x",
            "belongs to the partition aws-cn",
        ),
        (
            "arn:aws-us-gov:eks:us-east-1:123456789012:x",
            "belongs to the partition aws",
        ),
        ("arn:aws:eks:us-east-1:12345678901:x", "12 digits"),
        ("arn:aws:s3:::", "resource is empty"),
        ("arn:aws:s3:::a b", "a space"),
        ("arn:aws:s3:::a\nb", "a space"),
        ("arn:aws:s3:::ü", "a space"),
        (&long, "longer than 2048"),
    ] {
        let text = text(Arn::parse(arn));
        assert!(
            text.contains(wrong) && !text.contains('\n') && text.len() < 400,
            "{text}"
        );
    }
}

#[test]
fn role_arns_have_an_account_a_name_and_maybe_a_path() {
    for arn in [
        "arn:aws:iam::123456789012:role/dev",
        "arn:aws:iam::123456789012:role/a/long/path/dev_1+=,.@-",
        "arn:aws-cn:iam::123456789012:role/dev",
        "arn:aws-us-gov:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
        "arn:aws-iso-b:iam::012345678901:role/dev",
    ] {
        assert_eq!(text(check_role_arn(arn)), "accepted", "{arn}");
    }
    let long = format!("arn:aws:iam::123456789012:role/{}", "r".repeat(65));
    let deep = format!("arn:aws:iam::123456789012:role/{}/r", "p".repeat(511));
    for (arn, fix) in [
        ("dev", "not an ARN"),
        ("arn:aws:iam::123456789012:user/dev", "role/NAME"),
        ("arn:aws:iam::123456789012:role/", "role/NAME"),
        ("arn:aws:iam::123456789012:role/a b", "a space"),
        ("arn:aws:iam::123456789012:role/*", "role/NAME"),
        ("arn:aws:iam::123456789012:role/*/x", "role/NAME"),
        ("arn:aws:iam::123456789012:role/a:b", "role/NAME"),
        ("arn:aws:iam::aws:role/dev", "role/NAME"),
        ("arn:aws:iam:::role/dev", "role/NAME"),
        ("arn:aws:iam::12345:role/dev", "12 digits"),
        ("arn:aws:iam:us-east-1:123456789012:role/dev", "role/NAME"),
        ("arn:aws:s3::123456789012:role/dev", "role/NAME"),
        ("arn:aws-xx:iam::123456789012:role/dev", "partition"),
        ("arn:aws:iam::123456789012:role/dev\n", "a space"),
        (
            "arn:aws:sts::123456789012:assumed-role/dev/me",
            "use arn:aws:iam::123456789012:role/dev (with",
        ),
        (&long, "at most 64"),
        (&deep, "role/NAME"),
    ] {
        let text = text(check_role_arn(arn));
        assert!(text.contains(fix) && text.len() < 400, "{text}");
    }
}

#[test]
fn policy_arns_may_be_the_ones_that_aws_manages() {
    for arn in [
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws-cn:iam::aws:policy/service-role/AmazonEC2RoleforSSM",
        "arn:aws:iam::123456789012:policy/team/mine",
    ] {
        assert_eq!(text(check_policy_arn(arn)), "accepted", "{arn}");
    }
    for arn in [
        "ReadOnlyAccess",
        "arn:aws:iam::policy/ReadOnlyAccess",
        "arn:aws:iam:::policy/ReadOnlyAccess",
        "arn:aws:iam::123456789012:role/x",
        "arn:aws:iam::aws:policy/",
        "arn:aws:iam::aws:policy/*",
        "arn:aws:sts::aws:policy/x",
    ] {
        assert_ne!(text(check_policy_arn(arn)), "accepted", "{arn}");
    }
}

#[test]
fn mfa_devices_are_serials_or_arns() {
    let longest = format!("arn:aws:iam::123456789012:mfa/{}", "m".repeat(226));
    let device = "arn:aws:iam::123456789012:mfa/root-account-mfa-device";
    for serial in [
        "GAHT12345678",
        "123456789",
        device,
        "arn:aws-cn:iam::123456789012:mfa/a/b",
        &longest,
    ] {
        assert_eq!(text(check_mfa_serial(serial)), "accepted", "{serial}");
    }
    let long = format!("{longest}m");
    for (serial, fix) in [
        ("12345678", "9 to 256"),
        ("", "9 to 256"),
        (&long, "9 to 256"),
        ("GAHT 12345678", "hardware serial"),
        ("GAHT12345678\n", "hardware serial"),
        ("iam::123456789012:mfa/me", "hardware serial"),
        ("arn:aws:iam::123456789012:user/me", "mfa/NAME"),
        ("arn:aws:iam::123456789012:u2f/user/me/key", "security keys"),
        ("arn:aws:iam::1:mfa/me", "12 digits"),
    ] {
        let text = text(check_mfa_serial(serial));
        assert!(text.contains(fix) && text.len() < 400, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_parsers(tail in any::<String>(), cut in 0usize..40) {
        let start = "arn:aws:iam::123456789012:role/x/policy/";
        for text in [tail.clone(), format!("{}{tail}", &start[..cut])] {
            for error in [
                Arn::parse(&text).err(), check_role_arn(&text).err(),
                check_policy_arn(&text).err(), check_mfa_serial(&text).err(),
            ].into_iter().flatten() {
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }
    }
}
