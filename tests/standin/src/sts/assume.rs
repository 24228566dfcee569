//! AssumeRole.

use super::limits::{Checks, packed};
use super::{answer, credentials_xml};
use crate::api::{ApiError, Call};
use crate::http::{Answer, xml};
use crate::ids::{split_role, stable_id};
use crate::world::{Kind, NewSession, Principal, Role, World};
use std::collections::BTreeMap;

const NAME_CHARS: &str = "_+=,.@-";
const NAME_PATTERN: &str = "[\\w+=,.@-]*";

pub(super) fn handle(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?.clone();
    let mut checks = Checks::default();
    checks.required(call, "RoleArn");
    checks.required(call, "RoleSessionName");
    let asked = common(call, &mut checks);
    checks.text(
        call,
        "ExternalId",
        (2, 1224),
        "_+=,.@:/-",
        "[\\w+=,.@:\\/-]*",
    );
    checks.text(call, "SourceIdentity", (2, 64), NAME_CHARS, NAME_PATTERN);
    checks.token_code(call);
    let packed = packed(world, call, &mut checks)?;
    checks.finish()?;

    let role_arn = call.param("RoleArn").unwrap_or_default();
    if split_role(role_arn).is_none() {
        return Err(ApiError::validation(format!("{role_arn} is invalid")));
    }
    match caller.kind {
        Kind::Root => {
            return Err(ApiError::denied(
                "Roles may not be assumed by root accounts.",
            ));
        }
        Kind::Federated => {
            return Err(ApiError::denied(
                "Cannot call AssumeRole with federated user credentials",
            ));
        }
        Kind::User | Kind::Session | Kind::Role => {}
    }
    let denied = || {
        ApiError::denied(format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            caller.arn
        ))
    };
    // A role that does not exist gets the same error as one that does not trust the caller.
    let role = world.roles.get(role_arn).cloned().ok_or_else(denied)?;
    world.authorise(&caller, "sts:AssumeRole", role_arn, &BTreeMap::new())?;
    let showed_code = check_mfa(world, call, &caller)?;
    let trusted = trusts(&role, &caller)
        && role
            .external_id
            .as_deref()
            .is_none_or(|wanted| call.param("ExternalId") == Some(wanted))
        && (!role.require_mfa || showed_code || caller.mfa);
    if !trusted || split_role(role_arn).is_none_or(|(partition, ..)| partition != caller.partition)
    {
        return Err(denied());
    }
    let seconds = asked.unwrap_or(3600);
    if matches!(caller.kind, Kind::Role | Kind::Session) && seconds > 3600 {
        return Err(ApiError::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    check_role_maximum(&role, seconds)?;
    let source_identity = source_identity(call, &caller)?;
    let mut transitive_tags = caller.transitive_tags.clone();
    if packed
        .tags
        .keys()
        .any(|key| transitive_tags.contains_key(key))
    {
        return Err(ApiError::new(
            400,
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
        ));
    }
    for key in &packed.transitive {
        transitive_tags.insert(key.clone(), packed.tags[key].clone());
    }
    let new = NewSession {
        policies: packed.policies,
        mfa: showed_code,
        transitive_tags,
        source_identity: source_identity.clone(),
        packed: packed.characters,
        ..new_session(
            role_arn,
            call.param("RoleSessionName").unwrap_or_default(),
            seconds,
        )
    };
    let session = world.issue(new);
    let mut body = format!("{}{}", role_user_xml(&session), credentials_xml(&session));
    if packed.characters > 0 {
        body.push_str(&format!(
            "<PackedPolicySize>{}</PackedPolicySize>",
            packed.percent
        ));
    }
    if let Some(identity) = source_identity {
        body.push_str(&format!(
            "<SourceIdentity>{}</SourceIdentity>",
            xml(&identity)
        ));
    }
    Ok(answer(call, &body))
}

/// The checks that both kinds of AssumeRole share; returns DurationSeconds, if set.
pub(super) fn common(call: &Call<'_>, checks: &mut Checks) -> Option<i64> {
    checks.text(call, "RoleArn", (20, 2048), "_+=,.@-:/", "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+");
    checks.text(call, "RoleSessionName", (2, 64), NAME_CHARS, NAME_PATTERN);
    checks.duration(call, 900, 43200)
}

pub(super) fn check_role_maximum(role: &Role, seconds: i64) -> Result<(), ApiError> {
    if seconds > role.max_session_duration {
        return Err(ApiError::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(())
}

/// A session of `role_arn` without session policies.
pub(super) fn new_session(role_arn: &str, name: &str, seconds: i64) -> NewSession {
    let (partition, account, path) = split_role(role_arn).unwrap_or_default();
    let role_name = path.rsplit('/').next().unwrap_or(path);
    NewSession {
        kind: Kind::Role,
        partition: partition.to_owned(),
        account: account.to_owned(),
        arn: format!("arn:{partition}:sts::{account}:assumed-role/{role_name}/{name}"),
        user_id: format!("{}:{name}", stable_id("AROA", role_arn)),
        identity: role_arn.to_owned(),
        policies: None,
        mfa: false,
        transitive_tags: BTreeMap::new(),
        source_identity: None,
        seconds,
        packed: 0,
    }
}

pub(super) fn role_user_xml(session: &Principal) -> String {
    format!(
        "<AssumedRoleUser><AssumedRoleId>{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser>",
        xml(&session.user_id),
        xml(&session.arn)
    )
}

fn trusts(role: &Role, caller: &Principal) -> bool {
    let root = format!("arn:{}:iam::{}:root", caller.partition, caller.account);
    role.trusted.is_empty()
        || role.trusted.iter().any(|who| {
            *who == caller.account || *who == caller.arn || *who == caller.identity || *who == root
        })
}

/// Whether the call has a correct code; a wrong one is an error.
pub(super) fn check_mfa(
    world: &mut World,
    call: &Call<'_>,
    caller: &Principal,
) -> Result<bool, ApiError> {
    let (serial, code) = match (call.param("SerialNumber"), call.param("TokenCode")) {
        (None, None) => return Ok(false),
        (Some(serial), Some(code)) => (serial, code),
        _ => {
            return Err(ApiError::denied(
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            ));
        }
    };
    let owner = caller.identity.replace(":user/", ":mfa/");
    let right_device = world.mfa.serials.contains(serial)
        && matches!(caller.kind, Kind::User | Kind::Root)
        && (!serial.starts_with("arn:") || serial == owner || caller.kind == Kind::Root);
    if !right_device {
        return Err(ApiError::denied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
        ));
    }
    if code != world.mfa.code || (world.mfa.single_use && !world.mfa.used.insert(code.to_owned())) {
        return Err(ApiError::denied(
            "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
        ));
    }
    Ok(true)
}

/// It cannot be changed later in a chain.
fn source_identity(call: &Call<'_>, caller: &Principal) -> Result<Option<String>, ApiError> {
    match (call.param("SourceIdentity"), &caller.source_identity) {
        (Some(new), Some(old)) if new != old => Err(ApiError::denied(format!(
            "User: {} is not authorized to perform: sts:SetSourceIdentity: the source identity cannot be changed",
            caller.arn
        ))),
        (Some(new), _) => Ok(Some(new.to_owned())),
        (None, old) => Ok(old.clone()),
    }
}
