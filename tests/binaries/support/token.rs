//! Cluster tokens, checked as the cluster does: by its rules, then by STS.

use aws_standin::{VerifiedUrl, verify_token};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use super::sign::exchange;
use super::{Answer, World};

/// A token that complies with the cluster's rules.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) url: VerifiedUrl,
    /// The URL in it.
    pub(crate) text: String,
    pub(crate) expires: DateTime<Utc>,
}

/// Seconds since the epoch.
pub(crate) fn now() -> i64 {
    Utc::now().timestamp()
}

impl Token {
    /// The token in an exec credential document, checked by the cluster's rules.
    #[track_caller]
    pub(crate) fn of(answer: &Answer, partition: &str) -> Self {
        Self::at(answer, partition, now())
    }

    /// The same, when the cluster's clock is at `now`.
    #[track_caller]
    pub(crate) fn at(answer: &Answer, partition: &str, now: i64) -> Self {
        let document = answer.json();
        let status = &document["status"];
        let token = status["token"].as_str().unwrap();
        let url = verify_token(token, partition, now).unwrap_or_else(|e| panic!("{e}: {token}"));
        let text = URL_SAFE_NO_PAD
            .decode(token.strip_prefix("k8s-aws-v1.").unwrap())
            .unwrap();
        Self {
            url,
            text: String::from_utf8(text).unwrap(),
            expires: status["expirationTimestamp"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
        }
    }

    /// A parameter of the URL, not decoded.
    #[track_caller]
    pub(crate) fn parameter(&self, name: &str) -> &str {
        let mut pairs = self
            .url
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
            .unwrap()
    }

    /// Its signing time.
    #[track_caller]
    pub(crate) fn date(&self) -> DateTime<Utc> {
        let date = self.parameter("X-Amz-Date");
        let date = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ");
        date.unwrap().and_utc()
    }

    /// The access key that signed it.
    pub(crate) fn access_key_id(&self) -> &str {
        self.parameter("X-Amz-Credential")
            .split('%')
            .next()
            .unwrap()
    }

    /// The ARN that STS returns when the cluster of this name sends the URL, or the status of the error.
    pub(crate) fn caller(&self, world: &World, cluster: &str) -> Result<String, u16> {
        let request = format!(
            "GET /?{} HTTP/1.1\r\nHost: {}\r\nx-k8s-aws-id: {cluster}\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
            self.url.query, self.url.host
        );
        let (status, body) = exchange(&world.standin, &request);
        if status != 200 {
            return Err(status);
        }
        let body: Value = serde_json::from_str(&body).unwrap();
        let result = &body["GetCallerIdentityResponse"]["GetCallerIdentityResult"];
        Ok(result["Arn"].as_str().unwrap().to_owned())
    }
}
