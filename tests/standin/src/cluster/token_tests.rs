//! A valid token, and an invalid copy of it for every rule.

use super::*;

const NOW: i64 = 1_700_000_000;
const DATE: &str = "20231114T221320Z";

fn url() -> String {
    format!(
        "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIA%2F20231114%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date={DATE}&X-Amz-Expires=60\
         &X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=00"
    )
}

fn token(url: &str) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(url))
}

fn refused(from: &str, to: &str) -> TokenError {
    let spoilt = url().replacen(from, to, 1);
    assert_ne!(spoilt, url(), "the replacement hit nothing");
    verify_token(&token(&spoilt), "aws", NOW).unwrap_err()
}

#[test]
fn a_valid_token_is_accepted_until_it_is_fifteen_minutes_old() {
    let good = verify_token(&token(&url()), "aws", NOW).unwrap();
    assert_eq!(
        (good.host.as_str(), good.region.as_str()),
        ("sts.us-east-1.amazonaws.com", "us-east-1")
    );
    assert!(verify_token(&token(&url()), "aws", NOW + 900).is_ok());
    assert_eq!(
        verify_token(&token(&url()), "aws", NOW + 901),
        Err(TokenError::Expired(DATE.into()))
    );
}

#[test]
fn a_token_of_4096_bytes_is_accepted_and_a_longer_one_refused() {
    let with_session = |length: usize| {
        token(&format!(
            "{}&X-Amz-Security-Token={}",
            url(),
            "t".repeat(length)
        ))
    };
    let fits = (1..4096)
        .rev()
        .find(|n| with_session(*n).len() <= MAX_BYTES)
        .unwrap();
    assert!(verify_token(&with_session(fits), "aws", NOW).is_ok());
    assert_eq!(
        verify_token(&with_session(fits + 1), "aws", NOW),
        Err(TokenError::TooLarge)
    );
}

#[test]
fn the_prefix_and_the_encoding_are_exact() {
    let good = token(&url());
    assert_eq!(
        verify_token(&good.replace("v1", "v2"), "aws", NOW),
        Err(TokenError::Prefix)
    );
    assert_eq!(
        verify_token(&format!("{good}="), "aws", NOW),
        Err(TokenError::Base64)
    );
    assert_eq!(
        verify_token(&format!("{PREFIX}a+b/"), "aws", NOW),
        Err(TokenError::Base64)
    );
    assert_eq!(
        verify_token(&token("nothing"), "aws", NOW),
        Err(TokenError::Url)
    );
}

#[test]
fn scheme_host_and_path_must_be_those_of_sts() {
    assert_eq!(refused("https", "http"), TokenError::Scheme("http".into()));
    for host in [
        "sts.us-east-1.amazonaws.com.evil.example",
        "evil.sts.us-east-1.amazonaws.com",
        "sts.us-east-1.amazonaws.com:443",
        "ec2.us-east-1.amazonaws.com",
        "sts.a.b.amazonaws.com",
        "sts.cn-north-1.amazonaws.com.cn",
        "127.0.0.1:4000",
    ] {
        assert_eq!(
            refused("sts.us-east-1.amazonaws.com", host),
            TokenError::Host(host.into())
        );
    }
    assert_eq!(refused(".com/?", ".com/x?"), TokenError::Path);
    assert_eq!(refused(".com/?", ".com?"), TokenError::Path);
}

#[test]
fn each_partition_has_its_own_hosts() {
    let china = url().replace(
        "sts.us-east-1.amazonaws.com",
        "sts.cn-north-1.amazonaws.com.cn",
    );
    assert_eq!(
        verify_token(&token(&china), "aws-cn", NOW).unwrap().region,
        "cn-north-1"
    );
    let gov = url().replace("sts.us-east-1", "sts.us-gov-west-1");
    assert!(verify_token(&token(&gov), "aws-us-gov", NOW).is_ok());
    assert!(verify_token(&token(&gov), "aws", NOW).is_err());
    assert!(verify_token(&token(&url()), "aws-cn", NOW).is_err());
    let global = url().replace("sts.us-east-1", "sts");
    assert!(verify_token(&token(&global), "aws", NOW).is_ok());
}

#[test]
fn parameters_must_be_known_and_unique() {
    assert_eq!(
        refused("?Action", "?action=x&Action"),
        TokenError::Duplicate("Action".into())
    );
    assert_eq!(
        refused("?Action", "?x-id=GetCallerIdentity&Action"),
        TokenError::Parameter("x-id".into())
    );
    // Duplicates are reported before unknown parameters.
    assert_eq!(
        refused("?Action", "?x=1&X=2&Action"),
        TokenError::Duplicate("X".into())
    );
    assert_eq!(
        refused("GetCallerIdentity", "GetSessionToken"),
        TokenError::Action
    );
}

#[test]
fn the_cluster_must_be_signed_and_the_expiry_short() {
    assert_eq!(
        refused("host%3Bx-k8s-aws-id", "host"),
        TokenError::UnsignedCluster
    );
    for bad in ["901", "-1", "", "60.5", "x"] {
        assert_eq!(
            refused("Expires=60", &format!("Expires={bad}")),
            TokenError::Expires
        );
    }
    refused_not("Expires=60", "Expires=0");
    refused_not("Expires=60", "Expires=900");
}

fn refused_not(from: &str, to: &str) {
    assert!(verify_token(&token(&url().replacen(from, to, 1)), "aws", NOW).is_ok());
}

#[test]
fn the_date_is_required_in_basic_format() {
    assert_eq!(
        refused(&format!("&X-Amz-Date={DATE}"), ""),
        TokenError::NoDate
    );
    assert_eq!(
        refused(DATE, "2023-11-14"),
        TokenError::Date("2023-11-14".into())
    );
}
