//! Additions to the world from JSON, for the binary's `--state` and the control API.

use crate::policy;
use crate::world::{ACCOUNT, Bucket, ClusterRecord, Kind, Role, World};
use serde_json::Value;

/// Applies `{"users":[…],"roots":[…],"roles":[…],"clusters":[…],"parameters":[…],"buckets":[…],"repositories":[…],…}`.
/// An unknown key is an error, because a typo would otherwise look like a bug of the program under test.
pub(crate) fn apply(world: &mut World, state: &Value) -> Result<(), String> {
    let object = state.as_object().ok_or("the state is a JSON object")?;
    for (name, value) in object {
        let each = || {
            value
                .as_array()
                .ok_or_else(|| format!("{name} is a list"))
                .map(|list| list.iter())
        };
        match name.as_str() {
            "users" | "roots" => {
                let kind = if name == "users" {
                    Kind::User
                } else {
                    Kind::Root
                };
                for one in each()? {
                    let partition = one["partition"].as_str().unwrap_or("aws");
                    let user = one["name"].as_str().unwrap_or("root");
                    let account = one["account"].as_str().unwrap_or(ACCOUNT);
                    world.add_key(
                        kind,
                        partition,
                        account,
                        user,
                        text(one, "access_key_id")?,
                        text(one, "secret")?,
                    );
                }
            }
            "roles" => {
                for one in each()? {
                    add_role(world, text(one, "arn")?, role(one))?;
                }
            }
            "clusters" => {
                for one in each()? {
                    put_cluster(
                        world,
                        ClusterRecord {
                            account: one["account"].as_str().unwrap_or(ACCOUNT).to_owned(),
                            region: text(one, "region")?.to_owned(),
                            name: text(one, "name")?.to_owned(),
                            endpoint: text(one, "endpoint")?.to_owned(),
                            ca: text(one, "ca")?.to_owned(),
                        },
                    );
                }
            }
            "parameters" => {
                for one in each()? {
                    let secure = one["secure"].as_bool().unwrap_or(false);
                    let value = (text(one, "value")?.to_owned(), secure);
                    world
                        .parameters
                        .insert(text(one, "name")?.to_owned(), value);
                }
            }
            "buckets" => {
                for one in each()? {
                    let account = one["account"].as_str().unwrap_or(ACCOUNT).to_owned();
                    let bucket = Bucket {
                        account,
                        region: text(one, "region")?.to_owned(),
                    };
                    world.buckets.insert(text(one, "name")?.to_owned(), bucket);
                }
            }
            "repositories" => {
                for one in each()? {
                    let account = one["account"].as_str().unwrap_or(ACCOUNT).to_owned();
                    let row = (
                        account,
                        text(one, "region")?.to_owned(),
                        text(one, "name")?.to_owned(),
                    );
                    world.repositories.insert(row);
                }
            }
            "ecr_password" => world.ecr_password = value.as_str().map(str::to_owned),
            "ecr_public_denied" => {
                world.ecr_public_denied = value.as_bool().ok_or("ecr_public_denied is a boolean")?
            }
            "mfa_code" => world.mfa.code = value.as_str().ok_or("mfa_code is a string")?.to_owned(),
            "mfa_serials" => {
                for one in each()? {
                    world
                        .mfa
                        .serials
                        .insert(one.as_str().ok_or("an MFA serial is a string")?.to_owned());
                }
            }
            "imds_role" => world.imds_role = value.as_str().map(str::to_owned),
            "container_token" => {
                world.container_token = value
                    .as_str()
                    .ok_or("container_token is a string")?
                    .to_owned();
            }
            other => return Err(format!("unknown key in the state: {other}")),
        }
    }
    Ok(())
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    value[name]
        .as_str()
        .ok_or_else(|| format!("{name} is missing in {value}"))
}

fn role(value: &Value) -> Role {
    let list = |name: &str| -> Vec<String> {
        value[name]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    Role {
        trusted: list("trusted"),
        external_id: value["external_id"].as_str().map(str::to_owned),
        require_mfa: value["require_mfa"].as_bool().unwrap_or(false),
        max_session_duration: value["max_session_duration"].as_i64().unwrap_or(3600),
        web_identity_issuers: list("web_identity_issuers"),
        policy: value["policy"].as_str().map(str::to_owned),
    }
}

pub(crate) fn add_role(world: &mut World, arn: &str, role: Role) -> Result<(), String> {
    if crate::ids::split_role(arn).is_none() {
        return Err(format!("{arn} is not the ARN of a role"));
    }
    match &role.policy {
        Some(text) => {
            world
                .identity_policies
                .insert(arn.to_owned(), policy::parse(text)?);
        }
        None => {
            world.identity_policies.remove(arn);
        }
    }
    world.roles.insert(arn.to_owned(), role);
    Ok(())
}

/// Adds a cluster, or replaces the one of the same account, region and name.
pub(crate) fn put_cluster(world: &mut World, cluster: ClusterRecord) {
    world.clusters.retain(|c| {
        (&c.account, &c.region, &c.name) != (&cluster.account, &cluster.region, &cluster.name)
    });
    world.clusters.push(cluster);
}
