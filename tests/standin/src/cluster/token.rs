//! The rules of the cluster's verifier (the server of aws-iam-authenticator) for bearer tokens, in its order and wording.

use crate::http::decode;
use crate::ids::partition_of;
use crate::route::host_scope;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDateTime;
use std::fmt;

const MAX_BYTES: usize = 4096;
const PREFIX: &str = "k8s-aws-v1.";
const LIFETIME: i64 = 15 * 60;
const ALLOWED: [&str; 9] = [
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// The URL in a valid token, which the verifier calls next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedUrl {
    /// The host to call.
    pub host: String,
    /// The query as in the token.
    pub query: String,
    /// The region of the host.
    pub region: String,
}

/// Why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// More than 4096 bytes.
    TooLarge,
    /// Not `k8s-aws-v1.`.
    Prefix,
    /// Not unpadded URL-safe base64.
    Base64,
    /// Not a URL.
    Url,
    /// Not https.
    Scheme(String),
    /// Not an STS host of the partition.
    Host(String),
    /// Not `/`.
    Path,
    /// A parameter occurs twice, ignoring case.
    Duplicate(String),
    /// An unknown parameter.
    Parameter(String),
    /// Not GetCallerIdentity.
    Action,
    /// `x-k8s-aws-id` is not signed.
    UnsignedCluster,
    /// Not an integer of 0 to 900.
    Expires,
    /// No X-Amz-Date.
    NoDate,
    /// Not `YYYYMMDDTHHMMSSZ`.
    Date(String),
    /// Older than 15 minutes.
    Expired(String),
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenError::TooLarge => write!(f, "token is too large"),
            TokenError::Prefix => write!(f, "token is missing expected {PREFIX:?} prefix"),
            TokenError::Base64 => write!(f, "illegal base64 data"),
            TokenError::Url => write!(f, "the token holds no URL"),
            TokenError::Scheme(scheme) => {
                write!(f, "unexpected scheme {scheme:?} in pre-signed URL")
            }
            TokenError::Host(host) => write!(f, "unexpected hostname {host:?} in pre-signed URL"),
            TokenError::Path => write!(f, "unexpected path in pre-signed URL"),
            TokenError::Duplicate(name) => write!(f, "duplicate query parameter found: {name:?}"),
            TokenError::Parameter(name) => write!(f, "non-whitelisted query parameter {name:?}"),
            TokenError::Action => write!(f, "unexpected action parameter in pre-signed URL"),
            TokenError::UnsignedCluster => {
                write!(
                    f,
                    "client did not sign the x-k8s-aws-id header in the pre-signed URL"
                )
            }
            TokenError::Expires => write!(f, "invalid X-Amz-Expires parameter in pre-signed URL"),
            TokenError::NoDate => {
                write!(f, "X-Amz-Date parameter must be present in pre-signed URL")
            }
            TokenError::Date(date) => {
                write!(
                    f,
                    "error parsing X-Amz-Date parameter {date} into format 20060102T150405Z"
                )
            }
            TokenError::Expired(date) => write!(
                f,
                "X-Amz-Date parameter is expired (15 minute expiration) {date}"
            ),
        }
    }
}

impl std::error::Error for TokenError {}

/// Checks a token without calling STS. `now` is in epoch seconds.
///
/// # Errors
/// The first rule that the token breaks.
pub fn verify_token(token: &str, partition: &str, now: i64) -> Result<VerifiedUrl, TokenError> {
    if token.len() > MAX_BYTES {
        return Err(TokenError::TooLarge);
    }
    let text = token.strip_prefix(PREFIX).ok_or(TokenError::Prefix)?;
    let url = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| TokenError::Base64)?;
    let url = String::from_utf8(url).map_err(|_| TokenError::Url)?;
    let (scheme, rest) = url.split_once("://").ok_or(TokenError::Url)?;
    if scheme != "https" {
        return Err(TokenError::Scheme(scheme.to_owned()));
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    let region = sts_region(host, partition).ok_or_else(|| TokenError::Host(host.to_owned()))?;
    if path != "/" {
        return Err(TokenError::Path);
    }
    let pairs: Vec<(String, String)> = crate::http::pairs(query);
    let value = |wanted: &str| {
        let found = pairs
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    for (i, (name, _)) in pairs.iter().enumerate() {
        if pairs[..i]
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            return Err(TokenError::Duplicate(name.clone()));
        }
    }
    for (name, _) in &pairs {
        if !ALLOWED.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(TokenError::Parameter(name.clone()));
        }
    }
    if value("action") != "GetCallerIdentity" {
        return Err(TokenError::Action);
    }
    if !value("x-amz-signedheaders")
        .split(';')
        .any(|h| h.eq_ignore_ascii_case("x-k8s-aws-id"))
    {
        return Err(TokenError::UnsignedCluster);
    }
    if !value("x-amz-expires")
        .parse::<i64>()
        .is_ok_and(|seconds| (0..=900).contains(&seconds))
    {
        return Err(TokenError::Expires);
    }
    let date = value("x-amz-date");
    if date.is_empty() {
        return Err(TokenError::NoDate);
    }
    let signed = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ")
        .map_err(|_| TokenError::Date(date.to_owned()))?
        .and_utc()
        .timestamp();
    if now > signed + LIFETIME {
        return Err(TokenError::Expired(date.to_owned()));
    }
    Ok(VerifiedUrl {
        host: host.to_owned(),
        query: query.to_owned(),
        region,
    })
}

/// The region of an STS host of the partition, if the verifier's list contains the host.
fn sts_region(host: &str, partition: &str) -> Option<String> {
    let suffixes: &[&str] = match partition {
        "aws" => &["amazonaws.com", "api.aws"],
        "aws-us-gov" => &["amazonaws.com", "api.aws"],
        "aws-cn" => &["amazonaws.com.cn"],
        "aws-eusc" => &["amazonaws.eu"],
        "aws-iso" => &["c2s.ic.gov"],
        "aws-iso-b" => &["sc2s.sgov.gov"],
        "aws-iso-e" => &["cloud.adc-e.uk"],
        "aws-iso-f" => &["csp.hci.ic.gov"],
        _ => return None,
    };
    if partition == "aws" && host == "sts.amazonaws.com" {
        return Some("us-east-1".to_owned());
    }
    suffixes.iter().find_map(|suffix| {
        let name = host.strip_suffix(suffix)?.strip_suffix('.')?;
        let region = name
            .strip_prefix("sts.")
            .or_else(|| name.strip_prefix("sts-fips."))?;
        // The beginning and end of the host are not sufficient.
        let whole = !region.is_empty() && !region.contains('.') && region.contains('-');
        let same = partition_of(region) == partition
            && host_scope(host).is_none_or(|(service, _)| service == "sts");
        (whole && same && decode(region) == region).then(|| region.to_owned())
    })
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
