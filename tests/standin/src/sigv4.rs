//! The server side of AWS Signature Version 4. Written from the specification and not from client code, because a
//! signer and a verifier that share code share mistakes.

pub(crate) use crate::signature::read;

use crate::http::{Request, decode, encode};
use chrono::{DateTime, NaiveDateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The claims of a signed request, not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) access_key_id: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) signed_headers: Vec<String>,
    pub(crate) signature: String,
    pub(crate) amz_date: String,
    pub(crate) session_token: Option<String>,
    pub(crate) presigned: bool,
    pub(crate) expires: Option<i64>,
}

/// Why verification failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Incomplete(String),
    Mismatch(String),
    /// The date is outside the window, for which S3 has its own code.
    Skew(String),
    PayloadHash,
}

/// Checks date, scope, headers, payload and signature. `now` is the server's clock in epoch seconds.
pub(crate) fn verify(
    req: &Request,
    signed: &Signed,
    secret: &str,
    now: i64,
) -> Result<(), Refusal> {
    let at = parse_date(&signed.amz_date).ok_or_else(|| {
        Refusal::Incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{}'.",
            signed.amz_date
        ))
    })?;
    if !signed.amz_date.starts_with(&signed.date) {
        return Err(Refusal::Mismatch(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}', from '{}'.",
            signed.date,
            &signed.amz_date.get(..8).unwrap_or_default(),
            signed.amz_date
        )));
    }
    // STS ignores X-Amz-Expires and uses 15 minutes; S3 honors it.
    let minutes = match (signed.presigned, signed.service.as_str()) {
        (false, _) => 5,
        (true, "s3") => signed.expires.unwrap_or(900) / 60,
        (true, _) => 15,
    };
    check_window(at, now, minutes, &signed.amz_date)?;
    check_headers(req, signed)?;
    let payload = payload_hash(req, signed)?;
    let text = string_to_sign(req, signed, &payload);
    let given = hex::decode(&signed.signature).unwrap_or_default();
    if mac(&signing_key(secret, signed), text.as_bytes())
        .verify_slice(&given)
        .is_err()
    {
        return Err(Refusal::Mismatch(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details."
                .to_owned(),
        ));
    }
    Ok(())
}

fn check_window(at: i64, now: i64, minutes: i64, sent: &str) -> Result<(), Refusal> {
    if at < now - minutes * 60 {
        return Err(Refusal::Skew(format!(
            "Signature expired: {sent} is now earlier than {} ({} - {minutes} min.)",
            basic(now - minutes * 60),
            basic(now)
        )));
    }
    if at > now + 5 * 60 {
        return Err(Refusal::Skew(format!(
            "Signature not yet current: {sent} is still later than {} ({} + 5 min.)",
            basic(now + 5 * 60),
            basic(now)
        )));
    }
    Ok(())
}

fn check_headers(req: &Request, signed: &Signed) -> Result<(), Refusal> {
    let has = |name: &str| signed.signed_headers.iter().any(|h| h == name);
    if !has("host") {
        return Err(Refusal::Mismatch(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }
    for name in [
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
        "x-amz-content-sha256",
    ] {
        if req.header(name).is_some() && !has(name) {
            return Err(Refusal::Mismatch(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )));
        }
    }
    let mut sorted = signed.signed_headers.clone();
    sorted.sort();
    if sorted != signed.signed_headers
        || signed
            .signed_headers
            .iter()
            .any(|h| h.chars().any(char::is_uppercase))
    {
        return Err(Refusal::Mismatch(
            "SignedHeaders must be lower case and sorted.".to_owned(),
        ));
    }
    match signed
        .signed_headers
        .iter()
        .find(|h| req.header(h).is_none())
    {
        Some(missing) => Err(Refusal::Mismatch(format!(
            "Signed header '{missing}' is not in the request."
        ))),
        None => Ok(()),
    }
}

fn payload_hash(req: &Request, signed: &Signed) -> Result<String, Refusal> {
    let real = hex::encode(Sha256::digest(&req.body));
    if signed.presigned {
        let unsigned = signed.service == "s3";
        return Ok(if unsigned {
            "UNSIGNED-PAYLOAD".to_owned()
        } else {
            real
        });
    }
    match req.header("x-amz-content-sha256") {
        Some("UNSIGNED-PAYLOAD") if signed.service == "s3" => Ok("UNSIGNED-PAYLOAD".to_owned()),
        Some(said) if said != real => Err(Refusal::PayloadHash),
        _ => Ok(real),
    }
}

pub(crate) fn canonical_request(req: &Request, signed: &Signed, payload: &str) -> String {
    let once = encode(&decode(&req.path), true);
    // All services but S3 encode the encoded path once more.
    let path = if signed.service == "s3" {
        once
    } else {
        encode(&once, true)
    };
    let mut query: Vec<(String, String)> = req
        .query_pairs()
        .into_iter()
        .filter(|(name, _)| !(signed.presigned && name == "X-Amz-Signature"))
        .map(|(name, value)| (encode(&name, false), encode(&value, false)))
        .collect();
    query.sort();
    let query: Vec<String> = query
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut headers = String::new();
    for name in &signed.signed_headers {
        let values: Vec<String> = req
            .headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        headers.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    format!(
        "{}\n{path}\n{}\n{headers}\n{}\n{payload}",
        req.method,
        query.join("&"),
        signed.signed_headers.join(";")
    )
}

pub(crate) fn string_to_sign(req: &Request, signed: &Signed, payload: &str) -> String {
    let canonical = canonical_request(req, signed, payload);
    format!(
        "{ALGORITHM}\n{}\n{}/{}/{}/aws4_request\n{}",
        signed.amz_date,
        signed.date,
        signed.region,
        signed.service,
        hex::encode(Sha256::digest(canonical.as_bytes()))
    )
}

pub(crate) fn mac(key: &[u8], data: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(data);
    mac
}

pub(crate) fn signing_key(secret: &str, signed: &Signed) -> Vec<u8> {
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [
        signed.date.as_str(),
        &signed.region,
        &signed.service,
        "aws4_request",
    ] {
        key = mac(&key, part.as_bytes()).finalize().into_bytes().to_vec();
    }
    key
}

fn parse_date(text: &str) -> Option<i64> {
    let basic =
        NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").map(|at| at.and_utc().timestamp());
    basic
        .or_else(|_| DateTime::parse_from_rfc2822(text).map(|at| at.timestamp()))
        .ok()
}

/// `20150830T123600Z`.
pub(crate) fn basic(at: i64) -> String {
    DateTime::<Utc>::from_timestamp(at, 0)
        .unwrap_or_default()
        .format("%Y%m%dT%H%M%SZ")
        .to_string()
}

#[cfg(test)]
#[path = "sigv4_tests.rs"]
mod tests;
