//! The role of an AWS CLI profile: the credentials that assume it, and the arguments.

use std::time::Duration;

use super::aws_profile::Path;
use super::environment::HOUR;
use super::files::Section;
use super::{Look, chain};
use crate::error::Result;
use crate::plan::{How, PlannedSecret, Site, Step};
use crate::profile::{CredentialSource, Mfa, SecretRef, limits};
use crate::resource::{Arn, check_mfa_serial, check_region, check_role_arn};
use crate::secret::Secret;
use crate::shown::shown;

/// How long the session of one MFA code lasts, as the default of a connector's `mfa_duration`.
const MFA_SESSION: Duration = Duration::from_secs(12 * 3600);

/// The sources that a profile's `credential_source` may name.
const SOURCES: [CredentialSource; 3] = [
    CredentialSource::Environment,
    CredentialSource::EcsContainer,
    CredentialSource::Ec2InstanceMetadata,
];

/// `role_arn` with `source_profile` or `credential_source`.
///
/// # Errors
/// A key is missing or invalid, here or in a source profile.
pub(super) fn step(path: &mut Path, look: &Look<'_>, section: &Section<'_>) -> Result<Step> {
    let (arn, site) = arn_and_site(look, section)?;
    let session_name = section.get("role_session_name")?.map(|(name, _)| name);
    let mut call = look.role_call(arn, session_name);
    if let Some((id, property)) = section.get("external_id")? {
        limits::external_id(id).map_err(|what| property.wrong(&what))?;
        call.external_id = Some(PlannedSecret::Local(SecretRef::Literal(Secret::new(id))));
    }
    if let Some((text, property)) = section.get("duration_seconds")? {
        call.duration = text
            .parse()
            .ok()
            .filter(|seconds| (900..=43_200).contains(seconds))
            .map(Duration::from_secs)
            .ok_or_else(|| {
                property.wrong(&format!(
                    "is {}; it must be 900 to 43200 seconds",
                    shown(text)
                ))
            })?;
    }
    if let Some((serial, property)) = section.get("mfa_serial")? {
        check_mfa_serial(serial)
            .map_err(|error| property.wrong(&format!("is invalid: {error}")))?;
        call.mfa = Some(Mfa {
            serial: serial.to_owned(),
            process: None,
            duration: MFA_SESSION,
        });
    }
    let mut source = source(path, look, section)?;
    if call.duration > HOUR
        && matches!(
            source.how,
            How::AssumeRole { .. } | How::WebIdentity { .. } | How::Sso(_)
        )
        && let Some(property) = section.property("duration_seconds")
    {
        return Err(property
            .wrong(
                "is more than 3600, but the source is itself a role, and STS limits chained \
                 roles to one hour",
            )
            .fix("set it to 3600 or less"));
    }
    if call.duration <= HOUR && is_user_key(&source) {
        // One code serves every scope: it goes into a session that then assumes the roles.
        if let Some(mfa) = call.mfa.take() {
            let how = How::SessionToken {
                source: Box::new(source),
                duration: mfa.duration,
                mfa: Some(mfa),
            };
            source = Step::new(look.connector, &site, how);
        }
    }
    let source = Box::new(source);
    let how = How::AssumeRole { source, call };
    Ok(Step::new(look.connector, &site, how))
}

/// `role_arn` with `web_identity_token_file`. Like botocore, reads no other setting except
/// `role_session_name`.
///
/// # Errors
/// The role is missing or invalid.
pub(super) fn web_identity(
    look: &Look<'_>,
    section: &Section<'_>,
    token_file: &str,
) -> Result<Step> {
    let (arn, site) = arn_and_site(look, section)?;
    let session_name = section.get("role_session_name")?.map(|(name, _)| name);
    let how = How::WebIdentity {
        token_file: token_file.to_owned(),
        call: look.role_call(arn, session_name),
    };
    Ok(Step::new(look.connector, &site, how))
}

/// GetSessionToken accepts only a user's own keys. Other sources may or may not provide them, so
/// there the code goes into the AssumeRole call, which accepts any credentials.
fn is_user_key(source: &Step) -> bool {
    matches!(&source.how, How::Keys(keys) if keys.token.is_none())
}

fn source(path: &mut Path, look: &Look<'_>, section: &Section<'_>) -> Result<Step> {
    match (
        section.get("source_profile")?,
        section.get("credential_source")?,
    ) {
        (Some((name, property)), None) => path.source(look, name, property),
        (None, Some((name, property))) => {
            let source = SOURCES
                .into_iter()
                .find(|source| source.id().eq_ignore_ascii_case(name))
                .ok_or_else(|| {
                    property.wrong(&format!(
                        "is {}; it must be one of {}",
                        shown(name),
                        SOURCES.map(CredentialSource::id).join(", ")
                    ))
                })?;
            chain::only(look, source).map_err(|error| property.file.place(error, property.line))
        }
        (Some((_, property)), Some(_)) => Err(property
            .wrong("and credential_source cannot be combined")
            .fix("keep one of them")),
        (None, None) => Err(section
            .wrong("has role_arn, but neither source_profile nor credential_source")
            .fix(
                "set source_profile to the profile whose keys assume the role (it can be the \
                 same profile)",
            )),
    }
}

/// The role, and the site for its STS call: in the profile's own region if it has one.
fn arn_and_site(look: &Look<'_>, section: &Section<'_>) -> Result<(String, Site)> {
    let Some((arn, property)) = section.get("role_arn")? else {
        return Err(section
            .wrong("has web_identity_token_file, but no role_arn")
            .fix("add role_arn"));
    };
    check_role_arn(arn).map_err(|error| property.wrong(&format!("is invalid: {error}")))?;
    let site = match section.get("region")? {
        None => look.site.clone(),
        Some((region, property)) => {
            check_region(region)
                .map_err(|error| property.wrong(&format!("is invalid: {error}")))?;
            look.site.in_region(region)
        }
    };
    if let Ok(parsed) = Arn::parse(arn)
        && parsed.partition != site.partition
    {
        return Err(property
            .wrong(&format!(
                "is in partition {}, but region {} is in {}",
                parsed.partition.id(),
                site.region,
                site.partition.id()
            ))
            .fix("set the profile's region to one in the role's partition"));
    }
    Ok((arn.to_owned(), site))
}
