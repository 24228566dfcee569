//! `sts:GetFederationToken`

use std::collections::BTreeMap;
use std::time::Duration;

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::Result;
use aws_connector_core::plan::Site;
use aws_connector_core::profile::Policies;
use aws_connector_core::shown::one_line;

use super::{from_sts, policy_arns, seconds, tags};
use crate::network::{Network, config, credentials};

/// The arguments of the call.
pub(super) struct Wish<'a> {
    pub(super) name: &'a str,
    pub(super) duration: Duration,
    pub(super) policies: &'a Policies,
    pub(super) tags: &'a BTreeMap<String, String>,
}

pub(super) fn obtain(
    network: &Network,
    site: &Site,
    wish: &Wish<'_>,
    source: &Session,
    call: Call<'_>,
) -> Result<Session> {
    let operation = "sts:GetFederationToken";
    let question = network
        .question(
            operation,
            format!("{operation} for {}", one_line(wish.name)),
            call,
        )
        .at(site)
        .by(source);
    let config = config!(aws_sdk_sts, "sts", site, &question)
        .credentials_provider(credentials(source))
        .build();
    let request = aws_sdk_sts::Client::from_conf(config)
        .get_federation_token()
        .name(wish.name)
        .duration_seconds(seconds(wish.duration))
        .set_policy(wish.policies.inline.clone())
        .set_policy_arns(policy_arns(wish.policies))
        .set_tags(tags(&question, wish.tags)?);
    let answer = network.run(&question, async {
        request.send().await.map_err(|error| question.failed(error))
    })?;
    let arn = answer.federated_user.as_ref().map(|user| user.arn.as_str());
    from_sts(&question, answer.credentials, arn)
}
