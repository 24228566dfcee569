//! The services that provide credentials to machines: EC2 instance metadata (version 2 only) and the container endpoint of
//! ECS and EKS Pod Identity.

use crate::api::{ApiError, Call};
use crate::http::Answer;
use crate::ids::{random_id, split_role};
use crate::sts::rfc3339;
use crate::world::{ACCOUNT, Principal, World};
use serde_json::json;

const INSTANCE: &str = "i-0123456789abcdef0";
const SECONDS: i64 = 6 * 3600;

fn text(body: impl Into<Vec<u8>>) -> Answer {
    Answer::new(200, "text/plain", body)
}

fn not_found() -> ApiError {
    ApiError::new(404, "NotFound", "Not Found")
}

pub(crate) fn instance(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    if call.action == "Token" {
        return token(world, call);
    }
    // A request without a session token is version 1, which hardened instances refuse.
    let unauthorized = || ApiError::new(401, "Unauthorized", "Unauthorized");
    let shown = call
        .req
        .header("x-aws-ec2-metadata-token")
        .ok_or_else(unauthorized)?;
    if world
        .imds_tokens
        .get(shown)
        .is_none_or(|ends| *ends <= call.now)
    {
        return Err(unauthorized());
    }
    let role_arn = world.imds_role.clone();
    let role_name = role_arn.as_deref().and_then(|arn| arn.rsplit('/').next());
    let path = call.req.path.as_str();
    match (call.action, role_arn.as_deref(), role_name) {
        ("Role", Some(_), Some(name)) => Ok(text(name)),
        ("Credentials", Some(arn), Some(name)) if path.ends_with(&format!("/{name}")) => {
            let session = world.issue_role(arn, INSTANCE, SECONDS);
            Ok(Answer::json(
                200,
                &json!({
                    "Code": "Success",
                    "LastUpdated": rfc3339(call.now),
                    "Type": "AWS-HMAC",
                    "AccessKeyId": session.access_key_id,
                    "SecretAccessKey": session.secret,
                    "Token": session.token,
                    "Expiration": rfc3339(session.expires.unwrap_or_default())
                }),
            ))
        }
        _ => match path {
            "/latest/meta-data/placement/region" => Ok(text("us-east-1")),
            "/latest/meta-data/instance-id" => Ok(text(INSTANCE)),
            "/latest/dynamic/instance-identity/document" => Ok(text(
                json!({"accountId": ACCOUNT, "instanceId": INSTANCE, "region": "us-east-1"})
                    .to_string(),
            )),
            _ => Err(not_found()),
        },
    }
}

fn token(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let ttl = call
        .req
        .header("x-aws-ec2-metadata-token-ttl-seconds")
        .and_then(|t| t.parse::<i64>().ok());
    let Some(seconds) = ttl.filter(|seconds| (1..=21_600).contains(seconds)) else {
        return Err(ApiError::new(
            400,
            "BadRequest",
            "X-aws-ec2-metadata-token-ttl-seconds must be 1 to 21600",
        ));
    };
    // The service rejects requests through a proxy.
    if call.req.header("x-forwarded-for").is_some() {
        return Err(ApiError::new(403, "Forbidden", "Forbidden"));
    }
    let token = format!("{}==", random_id(54));
    world.imds_tokens.insert(token.clone(), call.now + seconds);
    Ok(text(token).with_header("x-aws-ec2-metadata-token-ttl-seconds", seconds.to_string()))
}

/// The relative URI needs no authorization (ECS); the full URI requires the configured token (EKS, Greengrass).
pub(crate) fn container(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let path = call.req.path.as_str();
    if call.req.method != "GET" {
        return Err(ApiError::new(405, "MethodNotAllowed", "only GET"));
    }
    if let Some(id) = path.strip_prefix("/v2/credentials/") {
        if id.is_empty() || id == "unknown" {
            return Err(ApiError::new(
                400,
                "InvalidIdInRequest",
                "CredentialsV2Request: Credentials not found",
            ));
        }
    } else if call.req.header("authorization") != Some(world.container_token.as_str()) {
        return Err(ApiError::new(
            401,
            "AccessDeniedException",
            "the authorization token is missing or wrong",
        ));
    }
    let role = world.container_role.clone();
    let session = world.issue_role(&role, "task-1", SECONDS);
    Ok(Answer::json(200, &credentials(&role, &session)))
}

fn credentials(role: &str, session: &Principal) -> serde_json::Value {
    json!({
        "RoleArn": role,
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "Token": session.token,
        "AccountId": split_role(role).map(|(_, account, _)| account),
        "Expiration": rfc3339(session.expires.unwrap_or_default())
    })
}
