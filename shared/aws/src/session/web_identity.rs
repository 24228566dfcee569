//! `sts:AssumeRoleWithWebIdentity`: the token authenticates the call, so nothing is signed.

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::plan::{RoleCall, Site};
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::{one_line, shown};
use aws_connector_core::web_identity as token;

use super::{from_sts, policy_arns, seconds};
use crate::network::{Network, config};

pub(super) fn obtain(
    network: &Network,
    site: &Site,
    token_file: &str,
    role: &RoleCall,
    call: Call<'_>,
) -> Result<Session> {
    let token = read(token_file)?;
    let operation = "sts:AssumeRoleWithWebIdentity";
    let what = format!("{operation} of {}", one_line(&role.arn));
    let question = network
        .question(operation, what, call)
        .at(site)
        .hide(&token);
    let config = config!(aws_sdk_sts, "sts", site, &question).build();
    let request = aws_sdk_sts::Client::from_conf(config)
        .assume_role_with_web_identity()
        .role_arn(&role.arn)
        .role_session_name(&role.session_name)
        .web_identity_token(token.expose())
        .duration_seconds(seconds(role.duration))
        .set_policy(role.policies.inline.clone())
        .set_policy_arns(policy_arns(&role.policies));
    let answer = network.run(&question, async {
        request.send().await.map_err(|error| question.failed(error))
    })?;
    let user = answer.assumed_role_user.as_ref();
    from_sts(
        &question,
        answer.credentials,
        user.map(|user| user.arn.as_str()),
    )
}

/// Reads the token, which its issuer rotates.
fn read(path: &str) -> Result<Secret> {
    let fail = |what: &str| {
        let place = format!("web identity token file {}", shown(path));
        Error::new(Kind::NoCredentials, format!("{place} {what}"))
    };
    let text = token::read(path).map_err(|error| fail("cannot be read").because(error))?;
    match text.trim() {
        "" => Err(fail("is empty")),
        token => Ok(Secret::new(token)),
    }
}
