//! IAM Identity Center: the portal's GetRoleCredentials and the OIDC service's refresh of an access token.

use crate::api::{ApiError, Call};
use crate::http::Answer;
use crate::ids::random_id;
use crate::world::World;
use serde_json::json;

const TOKEN_SECONDS: i64 = 8 * 3600;
const ROLE_SECONDS: i64 = 3600;

pub(crate) fn role_credentials(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let unauthorized = || {
        ApiError::new(
            401,
            "UnauthorizedException",
            "Session token not found or invalid",
        )
    };
    let token = call
        .req
        .header("x-amz-sso_bearer_token")
        .ok_or_else(unauthorized)?;
    if world
        .sso_tokens
        .get(token)
        .is_none_or(|ends| *ends <= call.now)
    {
        return Err(unauthorized());
    }
    let (Some(account), Some(role)) = (call.param("account_id"), call.param("role_name")) else {
        return Err(ApiError::new(
            400,
            "InvalidRequestException",
            "account_id and role_name are required",
        ));
    };
    if !world
        .sso_roles
        .contains(&(account.to_owned(), role.to_owned()))
    {
        return Err(ApiError::new(403, "ForbiddenException", "No access"));
    }
    let arn = format!(
        "arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{role}_0123456789abcdef"
    );
    let session = world.issue_role(&arn, "dev@example.com", ROLE_SECONDS);
    Ok(Answer::json(
        200,
        &json!({"roleCredentials": {
            "accessKeyId": session.access_key_id,
            "secretAccessKey": session.secret,
            "sessionToken": session.token,
            "expiration": session.expires.unwrap_or_default() * 1000
        }}),
    ))
}

pub(crate) fn create_token(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let body = call.json()?;
    let text = |name: &str| body[name].as_str().filter(|v| !v.is_empty());
    if text("clientId").is_none() || text("clientSecret").is_none() {
        return Err(ApiError::new(
            401,
            "InvalidClientException",
            "Invalid client",
        ));
    }
    if text("grantType") != Some("refresh_token") {
        return Err(ApiError::new(
            400,
            "UnsupportedGrantTypeException",
            "only refresh_token",
        ));
    }
    let Some(refresh) = text("refreshToken").filter(|t| world.sso_refresh_tokens.contains(*t))
    else {
        return Err(ApiError::new(
            400,
            "InvalidGrantException",
            "Invalid refresh token",
        ));
    };
    let access = format!("aoa{}", random_id(60));
    world
        .sso_tokens
        .insert(access.clone(), call.now + TOKEN_SECONDS);
    Ok(Answer::json(
        200,
        &json!({
            "accessToken": access,
            "expiresIn": TOKEN_SECONDS,
            "refreshToken": refresh,
            "tokenType": "Bearer"
        }),
    ))
}
