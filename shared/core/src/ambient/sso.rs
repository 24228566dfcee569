//! IAM Identity Center in an AWS CLI profile: `sso_session`, or everything in the profile itself.

use super::Look;
use super::files::Section;
use super::ini::Kind;
use crate::error::Result;
use crate::plan::SsoPlan;
use crate::resource::check_region;
use crate::shown::shown;

/// The profile's settings; `None` if it names neither account nor role.
///
/// # Errors
/// A key is missing, or profile and session contradict each other.
pub(super) fn plan(look: &Look<'_>, section: &Section<'_>) -> Result<Option<SsoPlan>> {
    let account = section.get("sso_account_id")?;
    let role = section.get("sso_role_name")?;
    if account.is_none() && role.is_none() {
        return Ok(None);
    }
    let named = section.get("sso_session")?;
    let session = match named {
        None => None,
        Some((name, property)) => {
            let found = look
                .files()
                .section(Kind::SsoSession, name)?
                .ok_or_else(|| {
                    let error = look.files().unknown(Kind::SsoSession, name);
                    property.file.place(error, property.line)
                })?;
            Some(found)
        }
    };
    let value = |key: &str| -> Result<String> {
        let own = section.get(key)?;
        let theirs = match &session {
            Some(session) => session.get(key)?,
            None => None,
        };
        match (own, theirs) {
            (Some((own, property)), Some((theirs, _))) if own != theirs => Err(property
                .wrong("does not match the profile's sso_session")
                .fix(format!("remove {key} from the profile"))),
            (Some((value, _)), _) | (None, Some((value, _))) => Ok(value.to_owned()),
            (None, None) => Err(section
                .wrong(&format!("uses IAM Identity Center, but has no {key}"))
                .fix(format!(
                    "run 'aws configure sso --profile {}'",
                    shown(&section.name)
                ))),
        }
    };
    let region = value("sso_region")?;
    check_region(&region)
        .map_err(|error| section.wrong("has an invalid sso_region").because(error))?;
    let mut origin = String::new();
    section.origin(&mut origin);
    if let Some(session) = &session {
        session.origin(&mut origin);
    }
    Ok(Some(SsoPlan {
        profile: section.name.clone(),
        session_name: named.map(|(name, _)| name.to_owned()),
        start_url: value("sso_start_url")?,
        region,
        account_id: value("sso_account_id")?,
        role_name: value("sso_role_name")?,
        origin,
    }))
}
