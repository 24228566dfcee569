//! The Security Token Service: permissions, and the XML of responses.

mod assume;
mod limits;
mod sessions;
mod web_identity;

use crate::api::{ApiError, Call};
use crate::http::{Answer, xml};
use crate::world::{Principal, World};
use chrono::{DateTime, Utc};
use serde_json::json;

pub(crate) fn handle(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    if call.param("Version") != Some("2011-06-15") {
        return Err(invalid_action(call));
    }
    match call.action {
        "AssumeRole" => assume::handle(world, call),
        "AssumeRoleWithWebIdentity" => web_identity::handle(world, call),
        "GetSessionToken" => sessions::session_token(world, call),
        "GetFederationToken" => sessions::federation_token(world, call),
        "GetCallerIdentity" => caller_identity(call),
        _ => Err(invalid_action(call)),
    }
}

fn invalid_action(call: &Call<'_>) -> ApiError {
    let version = call.param("Version").unwrap_or("2011-06-15");
    ApiError::new(
        400,
        "InvalidAction",
        format!(
            "Could not find operation {} for version {version}",
            call.action
        ),
    )
}

/// Needs no permission: even a session whose policy allows nothing can call it.
fn caller_identity(call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?;
    if wants_json(call.req) {
        let result =
            json!({"Account": caller.account, "Arn": caller.arn, "UserId": caller.user_id});
        return Ok(Answer::json(
            200,
            &json!({"GetCallerIdentityResponse": {
                "GetCallerIdentityResult": result,
                "ResponseMetadata": {"RequestId": call.request_id}
            }}),
        ));
    }
    let body = format!(
        "<Arn>{}</Arn><UserId>{}</UserId><Account>{}</Account>",
        xml(&caller.arn),
        xml(&caller.user_id),
        caller.account
    );
    Ok(answer(call, &body))
}

/// The cluster's verifier requests JSON.
pub(crate) fn wants_json(req: &crate::http::Request) -> bool {
    req.header("accept")
        .is_some_and(|accept| accept.contains("application/json"))
}

/// Wraps a result in the query protocol's envelope.
fn answer(call: &Call<'_>, result: &str) -> Answer {
    let action = call.action;
    let body = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <{action}Result>{result}</{action}Result>\n  \
         <ResponseMetadata>\n    <RequestId>{}</RequestId>\n  </ResponseMetadata>\n</{action}Response>\n",
        call.request_id
    );
    Answer::new(200, "text/xml", body)
}

fn credentials_xml(session: &Principal) -> String {
    format!(
        "<Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>\
         <SessionToken>{}</SessionToken><Expiration>{}</Expiration></Credentials>",
        session.access_key_id,
        xml(&session.secret),
        xml(session.token.as_deref().unwrap_or_default()),
        rfc3339(session.expires.unwrap_or_default())
    )
}

/// `2026-01-02T03:04:05Z`.
pub(crate) fn rfc3339(at: i64) -> String {
    DateTime::<Utc>::from_timestamp(at, 0)
        .unwrap_or_default()
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
