//! AssumeRoleWithWebIdentity: the token's form and time are checked, its signature is not.

use super::assume::{check_role_maximum, common, new_session, role_user_xml};
use super::limits::{Checks, packed};
use super::{answer, credentials_xml, rfc3339};
use crate::api::{ApiError, Call};
use crate::http::{Answer, xml};
use crate::world::{NewSession, World};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

struct Claims {
    issuer: String,
    subject: String,
    audience: String,
}

pub(super) fn handle(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut checks = Checks::default();
    for name in ["RoleArn", "RoleSessionName", "WebIdentityToken"] {
        checks.required(call, name);
    }
    let asked = common(call, &mut checks);
    let packed = packed(world, call, &mut checks)?;
    checks.finish()?;
    let claims = claims(call.param("WebIdentityToken").unwrap_or_default(), call.now)?;
    let role_arn = call.param("RoleArn").unwrap_or_default();
    let role = world.roles.get(role_arn).ok_or_else(|| {
        ApiError::denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    })?;
    if !role.web_identity_issuers.is_empty() && !role.web_identity_issuers.contains(&claims.issuer)
    {
        return Err(ApiError::new(
            400,
            "InvalidIdentityToken",
            format!(
                "No OpenIDConnect provider found in your account for {}",
                claims.issuer
            ),
        ));
    }
    let seconds = asked.unwrap_or(3600);
    check_role_maximum(role, seconds)?;
    let session = world.issue(NewSession {
        policies: packed.policies,
        packed: packed.characters,
        ..new_session(
            role_arn,
            call.param("RoleSessionName").unwrap_or_default(),
            seconds,
        )
    });
    let body = format!(
        "<Audience>{}</Audience><Provider>{}</Provider><SubjectFromWebIdentityToken>{}</SubjectFromWebIdentityToken>{}{}",
        xml(&claims.audience),
        xml(&claims.issuer),
        xml(&claims.subject),
        role_user_xml(&session),
        credentials_xml(&session)
    );
    Ok(answer(call, &body))
}

fn claims(token: &str, now: i64) -> Result<Claims, ApiError> {
    let invalid = |told: &str| ApiError::new(400, "InvalidIdentityToken", told);
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, _signature] = parts[..] else {
        return Err(invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        ));
    };
    let json = |part: &str| -> Result<Value, ApiError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(part)
            .map_err(|_| invalid("The ID Token provided is not a valid JWT."))?;
        serde_json::from_slice(&bytes)
            .map_err(|_| invalid("The ID Token provided is not a valid JWT."))
    };
    if json(header)?["alg"].as_str().is_none() {
        return Err(invalid("The ID Token provided is not a valid JWT."));
    }
    let payload = json(payload)?;
    let text = |name: &str| {
        payload[name]
            .as_str()
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| invalid("Missing a required claim: ").with(name))
    };
    let audience = match &payload["aud"] {
        Value::Array(list) => list.first().and_then(Value::as_str).map(str::to_owned),
        other => other.as_str().map(str::to_owned),
    };
    let ends = payload["exp"]
        .as_i64()
        .ok_or_else(|| invalid("Missing a required claim: exp"))?;
    if ends <= now {
        return Err(ApiError::new(
            400,
            "ExpiredTokenException",
            format!(
                "Token expired: current date/time {} must be before the expiration date/time {}",
                rfc3339(now),
                rfc3339(ends)
            ),
        ));
    }
    Ok(Claims {
        issuer: text("iss")?,
        subject: text("sub")?,
        audience: audience.ok_or_else(|| invalid("Missing a required claim: aud"))?,
    })
}

impl ApiError {
    fn with(mut self, more: &str) -> ApiError {
        self.message.push_str(more);
        self
    }
}
