//! IAM Identity Center: exchanges the token from `aws sso login`, refreshed if necessary, for a
//! role's credentials.

use std::thread;
use std::time::{Duration, Instant};

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Reason, Result};
use aws_connector_core::plan::{Site, SsoPlan};
use aws_connector_core::shown::{one_line, shown};
use chrono::{DateTime, TimeDelta};

use super::Issued;
use super::sso_token::Token;
use crate::network::{Network, config};

/// How long to wait for another process to write the token that it has refreshed.
const OTHERS: Duration = Duration::from_secs(1);
/// A token with less time left is refreshed first, if possible.
const RENEW: TimeDelta = TimeDelta::minutes(5);

pub(super) fn obtain(
    network: &Network,
    site: &Site,
    plan: &SsoPlan,
    call: Call<'_>,
) -> Result<Session> {
    let site = site.in_region(&plan.region);
    let login = login(plan);
    let mut token = Token::load(plan, network.env()).map_err(|error| error.fix(&*login))?;
    let left = token.expires_at - call.now;
    if left < RENEW {
        let renewed = renew(network, &site, &mut token, call).or_else(|error| {
            // A refresh token works only once, and another process may have used it first.
            if error.refusal.is_none() {
                return Err(error);
            }
            token = await_renewal(plan, network, call).ok_or(error)?;
            Ok(())
        });
        if left <= TimeDelta::zero() {
            renewed.map_err(|error: Error| match error.kind {
                Kind::Unavailable => error,
                _ => Error::new(
                    Kind::Interaction,
                    format!(
                        "the IAM Identity Center login of AWS CLI profile {} has expired",
                        shown(&plan.profile)
                    ),
                )
                .fix(&*login),
            })?;
        }
    }
    let operation = "sso:GetRoleCredentials";
    let (role, account) = (one_line(&plan.role_name), one_line(&plan.account_id));
    let what = format!("{operation} for role {role} of account {account}");
    let question = network
        .question(operation, what, call)
        .at(&site)
        .hide(&token.access_token);
    let config = config!(aws_sdk_sso, "sso", &site, &question).build();
    let request = aws_sdk_sso::Client::from_conf(config)
        .get_role_credentials()
        .role_name(&plan.role_name)
        .account_id(&plan.account_id)
        .access_token(token.access_token.expose());
    let answer = network.run(&question, async {
        let answer = request.send().await.map_err(|error| question.failed(error));
        answer.map_err(|error| match error.reason() {
            Some(Reason::Unauthorized) => error.fix(&*login),
            _ => error.fix(
                "use an account and a role that are assigned to you (see 'aws sso list-accounts')",
            ),
        })
    })?;
    let found = answer
        .role_credentials
        .ok_or_else(|| question.incomplete("without credentials"))?;
    let found = Issued {
        access_key_id: found.access_key_id,
        secret_access_key: found.secret_access_key,
        session_token: found.session_token,
        expires_at: DateTime::from_timestamp_millis(found.expiration),
        principal_arn: None,
    };
    let mut session = found.check(&question)?;
    session.account_id = Some(plan.account_id.clone());
    Ok(session)
}

/// Waits for a token that another process has refreshed. It appears shortly after that process's
/// exchange, which made this one fail.
fn await_renewal(plan: &SsoPlan, network: &Network, call: Call<'_>) -> Option<Token> {
    let end = call.deadline.min(Instant::now() + OTHERS);
    loop {
        // It may be unreadable for a moment while it is written.
        if let Ok(token) = Token::load(plan, network.env())
            && token.expires_at - call.now >= RENEW
        {
            return Some(token);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Exchanges the refresh token for a new access token, and writes both back to the file: the old
/// refresh token may no longer work.
fn renew(network: &Network, site: &Site, token: &mut Token, call: Call<'_>) -> Result<()> {
    let Some(refresh) = token.refresh(call.now) else {
        return Err(Error::new(
            Kind::Interaction,
            "the login cannot be refreshed",
        ));
    };
    let operation = "sso-oidc:CreateToken";
    let question = network
        .question(operation, operation.to_owned(), call)
        .at(site)
        .hide(&refresh.client_secret)
        .hide(&refresh.token);
    let config = config!(aws_sdk_ssooidc, "sso_oidc", site, &question).build();
    let request = aws_sdk_ssooidc::Client::from_conf(config)
        .create_token()
        .grant_type("refresh_token")
        .client_id(&refresh.client_id)
        .client_secret(refresh.client_secret.expose())
        .refresh_token(refresh.token.expose());
    let answer = network.run(&question, async {
        request.send().await.map_err(|error| question.failed(error))
    })?;
    let access_token = answer
        .access_token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| question.incomplete("without a token"))?;
    let end = call.now + TimeDelta::seconds(answer.expires_in.into());
    token.replace(access_token, answer.refresh_token, end);
    Ok(())
}

/// The login command for the user to run.
fn login(plan: &SsoPlan) -> String {
    format!("run 'aws sso login --profile {}'", one_line(&plan.profile))
}
