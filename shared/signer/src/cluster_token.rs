//! Cluster tokens: presigned `sts:GetCallerIdentity` requests that the cluster sends to STS. This
//! only signs: no async runtime, no network.

use std::fmt::Write as _;
use std::time::Duration;

use aws_connector_core::credential::{ClusterToken, Session};
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::TokenPlan;
use aws_connector_core::secret::Secret;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use zeroize::Zeroizing;

use crate::credentials;

/// The prefix of every token.
const PREFIX: &str = "k8s-aws-v1.";

/// The maximum token length that clusters accept.
const LONGEST: usize = 4096;

/// The header that ties the token to its cluster.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";

/// Part of the signature, but clusters and AWS check the signing time instead.
const EXPIRES: Duration = Duration::from_secs(60);

/// Clusters accept a token for 15 minutes after it is signed; one minute is kept for clock skew and
/// latency.
const LIFETIME: TimeDelta = TimeDelta::minutes(14);

/// Tokens that a session signs within one window share a signing time, so they are identical.
///
/// API servers cache the verification of a token, for two minutes by default. With identical
/// tokens, only the first of several commands waits for the authenticator and STS. The window is a
/// multiple of two minutes, because a longer one would save no more STS calls. It leaves each token
/// at least ten minutes of lifetime.
const WINDOW: TimeDelta = TimeDelta::minutes(4);

/// The session must outlive the token by at least this much.
const SESSION_MARGIN: TimeDelta = TimeDelta::seconds(30);

/// Signs a token for a cluster; `now` is the corrected time. Calls within one four-minute window
/// return the same token for the same session.
///
/// # Errors
/// The token would be longer than clusters accept.
pub fn cluster_token(
    plan: &TokenPlan,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<ClusterToken> {
    let date = date(session, now);
    let url = presigned(plan, session, date)?;
    let mut token = String::with_capacity(PREFIX.len() + url.len() * 4 / 3 + 4);
    token.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(url.as_bytes(), &mut token);
    if token.len() > LONGEST {
        let length = session
            .session_token
            .as_ref()
            .map_or(0, |token| token.expose().len());
        return Err(Error::refused(format!(
            "the token for cluster {} would have {} characters, but clusters accept at most \
             {LONGEST}: the session token alone has {length}",
            plan.cluster,
            token.len()
        ))
        .fix(
            "shorten policy, policy_arns and tags of the connector and of its source connectors",
        ));
    }
    let end = date + LIFETIME;
    Ok(ClusterToken {
        token: Secret::new(token),
        expires_at: session
            .expires_at
            .map_or(end, |session| end.min(session - SESSION_MARGIN)),
    })
}

/// The signing time: the start of the window, but never before the session was issued, because AWS
/// would reject that. The issue time of a configured session is unknown, so it signs with `now`.
/// Keys without a session token are older than any window.
fn date(session: &Session, now: DateTime<Utc>) -> DateTime<Utc> {
    let issued_at = match session.session_token {
        Some(_) => session.obtained_at.unwrap_or(now),
        None => DateTime::UNIX_EPOCH,
    };
    let start = now.duration_trunc(WINDOW).unwrap_or(now);
    start.max(issued_at).min(now)
}

fn presigned(
    plan: &TokenPlan,
    session: &Session,
    date: DateTime<Utc>,
) -> Result<Zeroizing<String>> {
    let fail = |error: String| Error::local(error).context("cannot sign the cluster token");
    let identity = credentials(session).into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(EXPIRES);
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&plan.region)
        .name("sts")
        .time(date.into())
        .settings(settings)
        .build()
        .map_err(|error| fail(error.to_string()))?
        .into();
    let mut url = Zeroizing::new(String::with_capacity(LONGEST));
    let _ = write!(
        url,
        "https://{}/?Action=GetCallerIdentity&Version=2011-06-15",
        plan.sts_host
    );
    let headers = [(CLUSTER_HEADER, plan.cluster.as_str())];
    let request = SignableRequest::new(
        "GET",
        url.as_str(),
        headers.into_iter(),
        SignableBody::Bytes(&[]),
    )
    .map_err(|error| fail(error.to_string()))?;
    let (instructions, _) = sign(request, &params)
        .map_err(|error| fail(error.to_string()))?
        .into_parts();
    let (_, parameters) = instructions.into_parts();
    for (name, value) in parameters {
        url.push('&');
        url.push_str(name);
        url.push('=');
        percent_encode(&mut url, &value);
    }
    Ok(url)
}

/// Percent-encodes as SigV4 requires: everything except letters, digits and `-._~`.
fn percent_encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
#[path = "cluster_token_test.rs"]
mod tests;
