//! ECR and ECR Public.

use crate::api::{ApiError, Call, Service};
use crate::http::Answer;
use crate::ids::{partition_of, random_bytes};
use crate::world::World;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) fn handle(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    match (call.service, call.action) {
        (Service::Ecr, "GetAuthorizationToken") => private_token(world, call),
        (Service::Ecr, "DescribeRepositories") => repositories(world, call),
        (Service::EcrPublic, "GetAuthorizationToken") => public_token(world, call),
        _ => Err(ApiError::new(400, "UnknownOperationException", "")),
    }
}

/// The domain of registry hosts in a partition.
fn suffix(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        _ => "amazonaws.com",
    }
}

fn private_token(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?;
    world.authorise(caller, "ecr:GetAuthorizationToken", "*", &BTreeMap::new())?;
    let body = call.json()?;
    let registries: Vec<String> = match body["registryIds"].as_array() {
        Some(list) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        None => vec![caller.account.clone()],
    };
    let domain = suffix(partition_of(call.region));
    let data: Vec<Value> = registries
        .iter()
        .map(|account| {
            let mut entry = token(world, call.now);
            entry["proxyEndpoint"] = json!(format!(
                "https://{account}.dkr.ecr.{}.{domain}",
                call.region
            ));
            entry
        })
        .collect();
    Ok(Answer::amz_json(&json!({"authorizationData": data})))
}

fn public_token(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?;
    if call.region != "us-east-1" {
        return Err(ApiError::new(
            400,
            "UnsupportedCommandException",
            format!(
                "GetAuthorizationToken command is only supported in us-east-1, not {}.",
                call.region
            ),
        ));
    }
    if world.ecr_public_denied {
        return Err(ApiError::denied(format!(
            "User: {} is not authorized to perform: ecr-public:GetAuthorizationToken on resource: *",
            caller.arn
        )));
    }
    world.authorise(
        caller,
        "ecr-public:GetAuthorizationToken",
        "*",
        &BTreeMap::new(),
    )?;
    let context = BTreeMap::from([(
        "sts:AWSServiceName".to_owned(),
        "ecr-public.amazonaws.com".to_owned(),
    )]);
    world.authorise(caller, "sts:GetServiceBearerToken", "*", &context)?;
    Ok(Answer::amz_json(
        &json!({"authorizationData": token(world, call.now)}),
    ))
}

/// A password with the form and length of a real one, different each time unless the test has set one.
fn token(world: &mut World, now: i64) -> Value {
    let expires = now + world.ecr_seconds.unwrap_or(12 * 3600);
    let password = world.ecr_password.clone().unwrap_or_else(|| {
        let document = json!({
            "payload": STANDARD.encode(random_bytes(720)),
            "datakey": STANDARD.encode(random_bytes(184)),
            "version": "2",
            "type": "DATA_KEY",
            "expiration": expires
        });
        STANDARD.encode(document.to_string())
    });
    world.issued.insert(password.clone());
    json!({"authorizationToken": STANDARD.encode(format!("AWS:{password}")), "expiresAt": expires as f64 + 0.123})
}

fn repositories(world: &World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?;
    let body = call.json()?;
    let account = body["registryId"].as_str().unwrap_or(&caller.account);
    let partition = partition_of(call.region);
    let arn = |name: &str| {
        format!(
            "arn:{partition}:ecr:{}:{account}:repository/{name}",
            call.region
        )
    };
    let wanted: Option<Vec<&str>> = body["repositoryNames"]
        .as_array()
        .map(|list| list.iter().filter_map(Value::as_str).collect());
    for name in wanted.as_deref().unwrap_or(&["*"]) {
        world.authorise(
            caller,
            "ecr:DescribeRepositories",
            &arn(name),
            &BTreeMap::new(),
        )?;
    }
    let known: Vec<&String> = world
        .repositories
        .iter()
        .filter(|(a, region, _)| a == account && region == call.region)
        .map(|(_, _, name)| name)
        .collect();
    if let Some(missing) = wanted
        .iter()
        .flatten()
        .find(|name| !known.iter().any(|k| k == *name))
    {
        return Err(ApiError::new(
            400,
            "RepositoryNotFoundException",
            format!(
                "The repository with name '{missing}' does not exist in the registry with id '{account}'"
            ),
        ));
    }
    let listed: Vec<&String> = known
        .into_iter()
        .filter(|name| wanted.as_ref().is_none_or(|w| w.contains(&name.as_str())))
        .collect();
    let (page, next) = page(
        &listed,
        body["maxResults"].as_u64(),
        body["nextToken"].as_str(),
        (100, 1000),
    )?;
    let repositories: Vec<Value> = page
        .iter()
        .map(|name| {
            json!({
                "repositoryName": name,
                "repositoryArn": arn(name),
                "registryId": account,
                "repositoryUri": format!("{account}.dkr.ecr.{}.{}/{name}", call.region, suffix(partition)),
                "createdAt": 1_700_000_000.0,
                "imageTagMutability": "MUTABLE"
            })
        })
        .collect();
    Ok(Answer::amz_json(
        &json!({"repositories": repositories, "nextToken": next}),
    ))
}

/// One page of a list, and the token of the next.
pub(crate) fn page<'a, T>(
    all: &'a [T],
    most: Option<u64>,
    token: Option<&str>,
    (default, limit): (u64, u64),
) -> Result<(&'a [T], Option<String>), ApiError> {
    let wrong = |told: &str| ApiError::new(400, "InvalidParameterException", told);
    let size = most.unwrap_or(default);
    if !(1..=limit).contains(&size) {
        return Err(wrong(&format!("maxResults must be between 1 and {limit}")));
    }
    let start = match token {
        None => 0,
        Some(token) => STANDARD
            .decode(token)
            .ok()
            .and_then(|bytes| {
                String::from_utf8(bytes)
                    .ok()?
                    .strip_prefix("from-")?
                    .parse::<usize>()
                    .ok()
            })
            .filter(|start| *start <= all.len())
            .ok_or_else(|| wrong("Invalid parameter at 'nextToken'"))?,
    };
    let end = all
        .len()
        .min(start + usize::try_from(size).unwrap_or(all.len()));
    let next = (end < all.len()).then(|| STANDARD.encode(format!("from-{end}")));
    Ok((&all[start..end], next))
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn pages_join_to_the_complete_list() {
        let all: Vec<u32> = (0..25).collect();
        let (mut seen, mut token) = (Vec::new(), None::<String>);
        loop {
            let (part, next) = page(&all, Some(10), token.as_deref(), (100, 100)).unwrap();
            seen.extend_from_slice(part);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        assert!(page(&all, Some(0), None, (100, 100)).is_err());
        assert!(page(&all, None, Some("nonsense"), (100, 100)).is_err());
    }
}
