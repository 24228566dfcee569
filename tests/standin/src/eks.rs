//! EKS: ListClusters and DescribeCluster.

use crate::api::{ApiError, Call};
use crate::ecr::page;
use crate::http::Answer;
use crate::ids::partition_of;
use crate::world::World;
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) fn handle(world: &World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?;
    let mine = || {
        world
            .clusters
            .iter()
            .filter(|c| c.account == caller.account && c.region == call.region)
    };
    match call.action {
        "ListClusters" => {
            world.authorise(caller, "eks:ListClusters", "*", &BTreeMap::new())?;
            let mut names: Vec<&str> = mine().map(|c| c.name.as_str()).collect();
            names.sort_unstable();
            let most = match call.param("maxResults") {
                None => None,
                Some(text) => Some(text.parse().map_err(|_| {
                    ApiError::new(
                        400,
                        "InvalidParameterException",
                        "maxResults is not a number",
                    )
                })?),
            };
            let (names, next) = page(&names, most, call.param("nextToken"), (100, 100))?;
            Ok(Answer::json(
                200,
                &json!({"clusters": names, "nextToken": next}),
            ))
        }
        "DescribeCluster" => {
            let name = call.param("name").unwrap_or_default();
            let partition = partition_of(call.region);
            let arn = format!(
                "arn:{partition}:eks:{}:{}:cluster/{name}",
                call.region, caller.account
            );
            world.authorise(caller, "eks:DescribeCluster", &arn, &BTreeMap::new())?;
            let cluster = mine().find(|c| c.name == name).ok_or_else(|| {
                ApiError::new(
                    404,
                    "ResourceNotFoundException",
                    format!("No cluster found for name: {name}."),
                )
            })?;
            let body = json!({"cluster": {
                "name": name,
                "arn": arn,
                "createdAt": 1_700_000_000.0,
                "version": "1.32",
                "endpoint": cluster.endpoint,
                "roleArn": format!("arn:{partition}:iam::{}:role/eks-cluster", caller.account),
                "certificateAuthority": {"data": cluster.ca},
                "status": "ACTIVE",
                "platformVersion": "eks.1",
                "tags": {}
            }});
            Ok(Answer::json(200, &body))
        }
        _ => Err(ApiError::new(
            404,
            "UnknownOperationException",
            "Unable to determine service/operation name to be authorized",
        )),
    }
}
