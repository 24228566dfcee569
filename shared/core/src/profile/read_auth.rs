//! The fields of each auth method: read, checked against what STS takes, turned into [`Auth`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::connector::{
    Auth, CredentialSource, ImplicitSource, KeyPair, Mfa, Policies, Role, Source,
};
use super::limits;
use super::secret_ref::{self, SecretRef};
use super::table::{At, Fields};
use crate::error::Result;
use crate::resource::{Arn, check_mfa_serial, check_policy_arn, check_role_arn};
use crate::shown::shown;
use crate::suggest::nearest;

/// Every auth method's name.
pub const METHODS: [&str; 7] = [
    "implicit",
    "secret-key",
    "sts-token",
    "iam-role",
    "session-token",
    "federation-token",
    "anonymous",
];

/// The fields that say how credentials are obtained, all methods together.
pub(super) const FIELDS: [&str; 28] = [
    "auth_method",
    "allow_implicit_auth_methods",
    "profile_name",
    "credential_source",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "access_keys",
    "expires_at",
    "expires_skew_tolerance",
    "source_connector",
    "source_profile",
    "role_arn",
    "role_session_name",
    "external_id",
    "policy",
    "policy_arns",
    "tags",
    "transitive_tag_keys",
    "source_identity",
    "duration",
    "mfa_serial",
    "mfa_process",
    "mfa_duration",
    "web_identity_token_file",
    "federation_name",
    "down_scope",
    "region",
];

pub(super) fn read(fields: &mut Fields<'_, '_>, down_scope: Option<bool>) -> Result<Auth> {
    let method = fields.string("auth_method")?.ok_or_else(|| {
        fields.error(&format!(
            "field 'auth_method' is required; use one of {}",
            METHODS.join(", ")
        ))
    })?;
    match method.value.as_str() {
        "anonymous" => Ok(Auth::Anonymous),
        "implicit" => implicit(fields, down_scope),
        "secret-key" => Ok(Auth::SecretKey {
            keys: required_keys(fields, "secret-key")?,
        }),
        "sts-token" => sts_token(fields),
        "iam-role" => iam_role(fields, down_scope),
        "session-token" => Ok(Auth::SessionToken {
            source: user_key_source(fields, "session-token")?,
            duration: limits::user_session(fields)?,
            mfa: mfa(fields)?,
        }),
        "federation-token" => federation_token(fields),
        unknown => {
            let near = nearest(unknown, METHODS)
                .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
            Err(fields.field_error(
                &method,
                &format!(
                    "{} is not one of {}{near}",
                    shown(unknown),
                    METHODS.join(", ")
                ),
            ))
        }
    }
}

fn implicit(fields: &mut Fields<'_, '_>, down_scope: Option<bool>) -> Result<Auth> {
    let profile = fields.string("profile_name")?;
    let pinned = fields.checked("credential_source", |text| {
        CredentialSource::ALL
            .into_iter()
            .find(|source| source.id() == text)
            .ok_or_else(|| {
                format!(
                    "{} is not one of {}",
                    shown(text),
                    CredentialSource::ALL.map(CredentialSource::id).join(", ")
                )
            })
    })?;
    let source = match (profile, pinned) {
        (Some(_), Some(pinned)) => {
            return Err(
                fields.field_error(&pinned, "cannot be combined with profile_name; keep one")
            );
        }
        (Some(profile), None) => ImplicitSource::Profile(profile.value),
        (None, Some(pinned)) => ImplicitSource::Pinned(pinned.value),
        (None, None) => ImplicitSource::Chain,
    };
    let allowed = fields
        .boolean("allow_implicit_auth_methods")?
        .unwrap_or(false)
        || source != ImplicitSource::Chain;
    let role = if fields.has("role_arn") {
        Some(role(fields, Chained::Unknown, down_scope)?)
    } else {
        None
    };
    Ok(Auth::Implicit {
        source,
        allowed,
        role,
    })
}

fn sts_token(fields: &mut Fields<'_, '_>) -> Result<Auth> {
    let keys = required_keys(fields, "sts-token")?;
    let token = secret_ref::read(fields, "aws_session_token")?.ok_or_else(|| {
        fields.error("field 'aws_session_token' is required with auth_method sts-token")
    })?;
    let expires_at = fields.timestamp("expires_at")?;
    let tolerance = fields.duration("expires_skew_tolerance")?;
    if let (Some(tolerance), None) = (&tolerance, &expires_at) {
        return Err(fields.field_error(tolerance, "requires expires_at; add it"));
    }
    Ok(Auth::StsToken {
        keys,
        token,
        expires_at: expires_at.map(|at| at.value),
        expires_skew_tolerance: tolerance.map_or(Duration::from_secs(300), |at| at.value),
    })
}

fn iam_role(fields: &mut Fields<'_, '_>, down_scope: Option<bool>) -> Result<Auth> {
    let connector = fields.string("source_connector")?;
    let profile = fields.string("source_profile")?;
    let web_identity = fields.checked("web_identity_token_file", limits::path)?;
    let keys = keys(fields)?;
    let mut given: Vec<&str> = Vec::new();
    given.extend(connector.as_ref().map(|_| "source_connector"));
    given.extend(profile.as_ref().map(|_| "source_profile"));
    given.extend(web_identity.as_ref().map(|_| "web_identity_token_file"));
    given.extend(keys.as_ref().map(|_| "keys"));
    let (source, chained) = match (connector, profile, web_identity, keys) {
        (Some(name), None, None, None) => (Source::Connector(name.value), Chained::Unknown),
        (None, Some(name), None, None) => (Source::AwsProfile(name.value), Chained::Unknown),
        (None, None, Some(file), None) => (
            Source::WebIdentity {
                token_file: file.value,
            },
            Chained::WebIdentity,
        ),
        (None, None, None, Some(keys)) => {
            let token = secret_ref::read(fields, "aws_session_token")?;
            let chained = if token.is_some() {
                Chained::Yes
            } else {
                Chained::No
            };
            (Source::Keys { keys, token }, chained)
        }
        (None, None, None, None) => {
            return Err(fields.error(
                "iam-role requires a source; set source_connector, source_profile, \
                 web_identity_token_file, or aws_access_key_id and aws_secret_access_key",
            ));
        }
        _ => {
            return Err(fields.error(&format!(
                "iam-role allows one source, not {}; keep one",
                given.join(" and ")
            )));
        }
    };
    Ok(Auth::IamRole {
        source,
        role: role(fields, chained, down_scope)?,
    })
}

fn federation_token(fields: &mut Fields<'_, '_>) -> Result<Auth> {
    Ok(Auth::FederationToken {
        source: user_key_source(fields, "federation-token")?,
        duration: limits::user_session(fields)?,
        name: fields
            .checked("federation_name", |text| limits::name(text, 2, 32))?
            .map(|at| at.value),
        policies: policies(fields)?,
        tags: tags(fields)?,
    })
}

/// The pair that session-token and federation-token need: a user's long-lived keys.
fn user_key_source(fields: &mut Fields<'_, '_>, method: &str) -> Result<Source> {
    let connector = fields.string("source_connector")?;
    let profile = fields.string("source_profile")?;
    let keys = keys(fields)?;
    if fields.has("aws_session_token") {
        let token = fields.string("aws_session_token").ok().flatten();
        let what = format!(
            "{method} requires an IAM user's long-lived keys; remove the token or use iam-role"
        );
        return Err(match token {
            Some(token) => fields.field_error(&token, &what),
            None => fields.error(&what),
        });
    }
    match (connector, profile, keys) {
        (Some(name), None, None) => Ok(Source::Connector(name.value)),
        (None, Some(name), None) => Ok(Source::AwsProfile(name.value)),
        (None, None, Some(keys)) => {
            if let KeyPair::Separate {
                id: SecretRef::Literal(id),
                ..
            } = &keys
                && id.expose().starts_with("ASIA")
            {
                return Err(fields.error_in("aws_access_key_id", &format!(
                    "is a temporary key (ASIA…), but {method} requires an IAM user's long-lived \
                     keys; use sts-token or iam-role"
                )));
            }
            Ok(Source::Keys { keys, token: None })
        }
        (None, None, None) => Err(fields.error(&format!(
            "{method} requires a user's keys; set source_connector, source_profile, or \
             aws_access_key_id and aws_secret_access_key"
        ))),
        _ => Err(fields.error(&format!(
            "{method} allows one source; keep one of source_connector, source_profile and the \
             keys"
        ))),
    }
}

fn required_keys(fields: &mut Fields<'_, '_>, method: &str) -> Result<KeyPair> {
    keys(fields)?.ok_or_else(|| {
        fields.error(&format!(
            "{method} requires aws_access_key_id and aws_secret_access_key, or access_keys"
        ))
    })
}

fn keys(fields: &mut Fields<'_, '_>) -> Result<Option<KeyPair>> {
    let id = secret_ref::read(fields, "aws_access_key_id")?;
    let secret = secret_ref::read(fields, "aws_secret_access_key")?;
    let joined = secret_ref::read(fields, "access_keys")?;
    match (id, secret, joined) {
        (None, None, None) => Ok(None),
        (None, None, Some(joined)) => Ok(Some(KeyPair::Joined(joined))),
        (Some(id), Some(secret), None) => {
            if let SecretRef::Literal(id) = &id {
                match &secret {
                    SecretRef::Literal(secret) => limits::key_pair(id.expose(), secret.expose()),
                    _ => limits::access_key_id(id.expose()),
                }
                .map_err(|e| fields.error_in("aws_access_key_id", &e))?;
            }
            Ok(Some(KeyPair::Separate { id, secret }))
        }
        (Some(_), None, None) => {
            Err(fields.error("field 'aws_secret_access_key' is required with aws_access_key_id"))
        }
        (None, Some(_), None) => {
            Err(fields.error("field 'aws_access_key_id' is required with aws_secret_access_key"))
        }
        _ => Err(fields.error(
            "access_keys holds both keys; remove aws_access_key_id and aws_secret_access_key",
        )),
    }
}

/// Whether the role is assumed from another session, which bounds its duration.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chained {
    No,
    Yes,
    WebIdentity,
    Unknown,
}

fn role(fields: &mut Fields<'_, '_>, chained: Chained, down_scope: Option<bool>) -> Result<Role> {
    let arn = fields
        .checked("role_arn", |text| {
            check_role_arn(text).map(|_| text.to_owned())
        })?
        .ok_or_else(|| {
            fields.error(
                "field 'role_arn' is required with auth_method iam-role, such as \
                 arn:aws:iam::123456789012:role/NAME",
            )
        })?;
    if chained == Chained::WebIdentity {
        for field in [
            "external_id",
            "tags",
            "transitive_tag_keys",
            "source_identity",
            "mfa_serial",
        ] {
            if fields.has(field) {
                return Err(fields.error_in(
                    field,
                    "not allowed with web_identity_token_file: AssumeRoleWithWebIdentity does \
                     not accept it; remove one of the two",
                ));
            }
        }
    }
    let session_name = fields.checked("role_session_name", limits::session_name_template)?;
    let external_id = secret_ref::read(fields, "external_id")?;
    if let Some(SecretRef::Literal(text)) = &external_id {
        limits::external_id(text.expose()).map_err(|e| fields.error_in("external_id", &e))?;
    }
    let policies = policies(fields)?;
    let tags = tags(fields)?;
    let transitive = transitive_tag_keys(fields)?;
    let source_identity = fields.checked("source_identity", |text| limits::name(text, 2, 64))?;
    let duration = limits::role_duration(fields)?;
    let mfa = mfa(fields)?;
    let value = duration.as_ref().map_or(limits::HOUR, |at| at.value);
    if let Some(duration) = &duration
        && chained == Chained::Yes
        && value > limits::HOUR
    {
        return Err(fields.field_error(
            duration,
            "STS limits a role assumed with temporary keys to 1h; shorten it or use long-lived \
             keys",
        ));
    }
    if chained == Chained::Yes
        && let Some(mfa) = &mfa
    {
        return Err(fields.error_in(
            "mfa_serial",
            &format!(
                "STS does not accept an MFA code ({}) with temporary keys; use long-lived keys",
                mfa.serial
            ),
        ));
    }
    let one_session = down_scope == Some(false) || !policies.is_empty();
    if mfa.is_some() && value > limits::HOUR && !one_session {
        return Err(fields.error_in(
            "duration",
            "a role with mfa_serial and a duration over 1h would prompt for a code for each \
             resource; set down_scope = false (one session for all), or a duration of at most \
             1h",
        ));
    }
    Ok(Role {
        arn: arn.value,
        session_name: session_name.map(|at| at.value),
        external_id,
        policies,
        tags,
        transitive_tag_keys: transitive,
        source_identity: source_identity.map(|at| at.value),
        duration: value,
        mfa,
    })
}

fn policies(fields: &mut Fields<'_, '_>) -> Result<Policies> {
    let inline = fields.json("policy")?;
    if let Some(policy) = &inline {
        let length = policy.value.chars().count();
        if length > 2048 {
            return Err(fields.field_error(
                policy,
                &format!(
                    "is {length} characters long; STS allows at most 2048; shorten it or use \
                     policy_arns"
                ),
            ));
        }
    }
    let arns = fields.strings("policy_arns")?;
    if let Some(arns) = &arns {
        for arn in &arns.value {
            check_policy_arn(arn).map_err(|e| fields.field_error(arns, &e.to_string()))?;
        }
        if arns.value.is_empty() || arns.value.len() > 10 {
            return Err(fields.field_error(
                arns,
                &format!("lists {} policies; STS allows 1 to 10", arns.value.len()),
            ));
        }
    }
    Ok(Policies {
        inline: inline.map(|at| at.value),
        arns: arns.map_or_else(Vec::new, |at| at.value),
    })
}

fn tags(fields: &mut Fields<'_, '_>) -> Result<BTreeMap<String, String>> {
    let Some(tags) = fields.string_map("tags")? else {
        return Ok(BTreeMap::new());
    };
    limits::tags(&tags.value).map_err(|e| fields.field_error(&tags, &e))?;
    Ok(tags.value.into_iter().collect())
}

fn transitive_tag_keys(fields: &mut Fields<'_, '_>) -> Result<Vec<String>> {
    let Some(keys) = fields.strings("transitive_tag_keys")? else {
        return Ok(Vec::new());
    };
    if keys.value.len() > 50 {
        return Err(fields.field_error(&keys, "lists more than 50 keys"));
    }
    if let Some(bad) = keys.value.iter().find(|key| key.chars().count() > 128) {
        return Err(fields.field_error(
            &keys,
            &format!("{} is longer than 128 characters", shown(bad)),
        ));
    }
    let mut keys = keys.value;
    keys.sort();
    keys.dedup();
    Ok(keys)
}

fn mfa(fields: &mut Fields<'_, '_>) -> Result<Option<Mfa>> {
    let serial = fields.checked("mfa_serial", |text| {
        check_mfa_serial(text).map(|()| text.to_owned())
    })?;
    let process = match fields.value("mfa_process") {
        Some(found) => Some(At {
            value: secret_ref::command(fields, &found, found.value)?,
            field: "mfa_process",
            at: found.at,
        }),
        None => None,
    };
    let duration = limits::mfa_duration(fields)?;
    let Some(serial) = serial else {
        if let Some(process) = process {
            return Err(fields.field_error(&process, "requires mfa_serial; add it"));
        }
        if let Some(duration) = duration {
            return Err(fields.field_error(&duration, "requires mfa_serial; add it"));
        }
        return Ok(None);
    };
    Ok(Some(Mfa {
        serial: serial.value,
        process: process.map(|at| at.value),
        duration: duration.map_or(Duration::from_secs(43_200), |at| at.value),
    }))
}

/// Whether a role's ARN and a region are in different partitions.
pub(super) fn partition_clash(auth: &Auth, region: &str) -> Option<String> {
    let arn = match auth {
        Auth::IamRole { role, .. }
        | Auth::Implicit {
            role: Some(role), ..
        } => &role.arn,
        _ => return None,
    };
    let there = Arn::parse(arn).ok()?.partition;
    let here = crate::resource::Partition::of_region(region);
    (there != here).then(|| {
        format!(
            "region {region} is in partition {}, but role_arn is in {}",
            here.id(),
            there.id()
        )
    })
}
