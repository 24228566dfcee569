//! GetSessionToken and GetFederationToken.

use super::assume::check_mfa;
use super::limits::{Checks, packed};
use super::{answer, credentials_xml};
use crate::api::{ApiError, Call};
use crate::http::{Answer, xml};
use crate::world::{Kind, NewSession, Principal, World};
use std::collections::BTreeMap;

pub(super) fn session_token(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?.clone();
    only_long_lived(&caller, "GetSessionToken")?;
    let mut checks = Checks::default();
    let asked = checks.duration(call, 900, 129_600);
    checks.token_code(call);
    checks.finish()?;
    let mfa = check_mfa(world, call, &caller)?;
    let seconds = seconds(asked, &caller);
    let session = world.issue(NewSession {
        kind: Kind::Session,
        mfa,
        seconds,
        ..base(&caller, caller.arn.clone(), caller.user_id.clone())
    });
    Ok(answer(call, &credentials_xml(&session)))
}

pub(super) fn federation_token(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?.clone();
    only_long_lived(&caller, "GetFederationToken")?;
    let mut checks = Checks::default();
    checks.required(call, "Name");
    checks.text(call, "Name", (2, 32), "_+=,.@-", "[\\w+=,.@-]*");
    let asked = checks.duration(call, 900, 129_600);
    let packed = packed(world, call, &mut checks)?;
    checks.finish()?;
    world.authorise(&caller, "sts:GetFederationToken", "*", &BTreeMap::new())?;

    let name = call.param("Name").unwrap_or_default();
    let arn = format!(
        "arn:{}:sts::{}:federated-user/{name}",
        caller.partition, caller.account
    );
    let user_id = format!("{}:{name}", caller.account);
    let seconds = seconds(asked, &caller);
    let session = world.issue(NewSession {
        kind: Kind::Federated,
        policies: Some(packed.policies.unwrap_or_default()),
        packed: packed.characters,
        seconds,
        ..base(&caller, arn, user_id)
    });
    let body = format!(
        "{}<FederatedUser><FederatedUserId>{}</FederatedUserId><Arn>{}</Arn></FederatedUser><PackedPolicySize>{}</PackedPolicySize>",
        credentials_xml(&session),
        xml(&session.user_id),
        xml(&session.arn),
        packed.percent
    );
    Ok(answer(call, &body))
}

fn only_long_lived(caller: &Principal, action: &str) -> Result<(), ApiError> {
    match caller.kind {
        Kind::User | Kind::Root => Ok(()),
        Kind::Session | Kind::Role | Kind::Federated => Err(ApiError::denied(format!(
            "Cannot call {action} with session credentials"
        ))),
    }
}

/// The root user's sessions last at most an hour, whatever was requested.
fn seconds(asked: Option<i64>, caller: &Principal) -> i64 {
    let seconds = asked.unwrap_or(43_200);
    if caller.kind == Kind::Root {
        seconds.min(3600)
    } else {
        seconds
    }
}

fn base(caller: &Principal, arn: String, user_id: String) -> NewSession {
    NewSession {
        kind: Kind::Session,
        partition: caller.partition.clone(),
        account: caller.account.clone(),
        arn,
        user_id,
        identity: caller.identity.clone(),
        policies: None,
        mfa: false,
        transitive_tags: BTreeMap::new(),
        source_identity: None,
        seconds: 0,
        packed: 0,
    }
}
