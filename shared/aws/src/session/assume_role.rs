//! `sts:AssumeRole`

use aws_connector_core::aws::{Call, StepSecrets};
use aws_connector_core::credential::Session;
use aws_connector_core::error::Result;
use aws_connector_core::plan::{RoleCall, Site};
use aws_connector_core::shown::one_line;

use super::{from_sts, policy_arns, seconds, tags};
use crate::network::{Network, config, credentials};

pub(super) fn obtain(
    network: &Network,
    site: &Site,
    role: &RoleCall,
    source: &Session,
    secrets: &StepSecrets,
    call: Call<'_>,
) -> Result<Session> {
    let operation = "sts:AssumeRole";
    let question = network
        .question(
            operation,
            format!("{operation} of {}", one_line(&role.arn)),
            call,
        )
        .at(site)
        .by(source)
        .hide_if(secrets.external_id.as_ref())
        .hide_if(secrets.mfa_code.as_ref());
    let config = config!(aws_sdk_sts, "sts", site, &question)
        .credentials_provider(credentials(source))
        .build();
    let request = aws_sdk_sts::Client::from_conf(config)
        .assume_role()
        .role_arn(&role.arn)
        .role_session_name(&role.session_name)
        .duration_seconds(seconds(role.duration))
        .set_external_id(
            secrets
                .external_id
                .as_ref()
                .map(|id| id.expose().to_owned()),
        )
        .set_policy(role.policies.inline.clone())
        .set_policy_arns(policy_arns(&role.policies))
        .set_tags(tags(&question, &role.tags)?)
        .set_transitive_tag_keys(
            Some(role.transitive_tag_keys.clone()).filter(|keys| !keys.is_empty()),
        )
        .set_source_identity(role.source_identity.clone())
        .set_serial_number(role.mfa.as_ref().map(|mfa| mfa.serial.clone()))
        .set_token_code(
            secrets
                .mfa_code
                .as_ref()
                .map(|code| code.expose().to_owned()),
        );
    let answer = network.run(&question, async {
        request.send().await.map_err(|error| question.failed(error))
    })?;
    let arn = answer
        .assumed_role_user
        .as_ref()
        .map(|user| user.arn.as_str());
    from_sts(&question, answer.credentials, arn)
}
