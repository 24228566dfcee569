//! SSM: GetParameter.

use crate::api::{ApiError, Call};
use crate::http::Answer;
use crate::ids::{partition_of, random_bytes};
use crate::world::World;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) fn handle(world: &World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?;
    if call.action != "GetParameter" {
        return Err(ApiError::new(400, "UnknownOperationException", ""));
    }
    let body = call.json()?;
    let asked = body["Name"].as_str().ok_or_else(|| {
        ApiError::new(
            400,
            "ValidationException",
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
        )
    })?;
    let prefix = format!(
        "arn:{}:ssm:{}:{}:parameter",
        partition_of(call.region),
        call.region,
        caller.account
    );
    let name = match asked.strip_prefix(&prefix) {
        Some(path) if world.parameters.contains_key(path) => path,
        Some(path) => path.trim_start_matches('/'),
        None => asked,
    };
    let separator = if name.starts_with('/') { "" } else { "/" };
    let arn = format!("{prefix}{separator}{name}");
    world.authorise(caller, "ssm:GetParameter", &arn, &BTreeMap::new())?;
    let (value, secure) = world
        .parameters
        .get(name)
        .ok_or_else(|| ApiError::new(400, "ParameterNotFound", ""))?;
    // Without WithDecryption the caller gets the ciphertext.
    let value = if *secure && body["WithDecryption"].as_bool() != Some(true) {
        STANDARD.encode([b"\x01\x02\x02\x00".to_vec(), random_bytes(120)].concat())
    } else {
        value.clone()
    };
    Ok(Answer::amz_json(&json!({"Parameter": {
        "Name": name,
        "Type": if *secure { "SecureString" } else { "String" },
        "Value": value,
        "Version": 1,
        "LastModifiedDate": 1_700_000_000.0,
        "ARN": arn,
        "DataType": "text"
    }})))
}
