//! What STS accepts, checked when the file is read: lengths, character sets, durations. Source: the
//! STS API reference, and observed behavior of the service.

use std::time::Duration;

use super::duration::show;
use super::field::{self, Field};
use super::table::{At, Fields};
use crate::credential::{are_swapped, is_access_key_id, is_like_secret_access_key};
use crate::error::Result;
use crate::shown::shown;

/// The longest session of a role that is assumed from another session.
pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// `duration` of a role: 900 to 43200 seconds.
pub(super) fn role_duration(fields: &mut Fields<'_, '_>) -> Result<Option<At<Duration>>> {
    bounded(fields, &field::DURATION, 900, 43_200)
}

/// `duration` of GetSessionToken and GetFederationToken: 900 to 129600 seconds, 43200 by default.
pub(super) fn user_session(fields: &mut Fields<'_, '_>) -> Result<Duration> {
    Ok(bounded(fields, &field::DURATION, 900, 129_600)?
        .map_or(Duration::from_secs(43_200), |at| at.value))
}

/// `mfa_duration`: up to the longest GetSessionToken session.
pub(super) fn mfa_duration(fields: &mut Fields<'_, '_>) -> Result<Option<At<Duration>>> {
    bounded(fields, &field::MFA_DURATION, 900, 129_600)
}

fn bounded(
    fields: &mut Fields<'_, '_>,
    field: &Field<Duration>,
    min: u64,
    max: u64,
) -> Result<Option<At<Duration>>> {
    let Some(found) = fields.get(field)? else {
        return Ok(None);
    };
    let seconds = found.value.as_secs();
    if seconds < min || seconds > max {
        return Err(fields.field_error(
            &found,
            &format!(
                "is {seconds}s; STS allows {} to {} ({min} to {max} seconds)",
                show(Duration::from_secs(min)),
                show(Duration::from_secs(max))
            ),
        ));
    }
    Ok(Some(found))
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// A path that may start with `~/`.
pub(super) fn path(text: &str) -> std::result::Result<String, String> {
    if text.starts_with('~') && !text.starts_with("~/") {
        return Err(format!(
            "{}: ~user is not supported; use an absolute path",
            shown(text)
        ));
    }
    Ok(text.to_owned())
}

/// A session name, source identity or federation name.
pub(super) fn name(text: &str, min: usize, max: usize) -> std::result::Result<String, String> {
    if text.len() < min || text.len() > max || !text.chars().all(is_name_char) {
        return Err(format!(
            "{} must be {min} to {max} characters: letters, digits and _+=,.@-",
            shown(text)
        ));
    }
    Ok(text.to_owned())
}

/// The placeholders of a `role_session_name`.
pub const SESSION_NAME_PLACEHOLDERS: [&str; 4] = ["{connector}", "{user}", "{host}", "{client}"];

/// A `role_session_name` with placeholders; the result is cleaned when it is used.
pub(super) fn session_name_template(text: &str) -> std::result::Result<String, String> {
    let mut plain = text.to_owned();
    for placeholder in SESSION_NAME_PLACEHOLDERS {
        plain = plain.replace(placeholder, "xx");
    }
    if plain.contains(['{', '}']) {
        return Err(format!(
            "{} has an unknown placeholder; supported: {}",
            shown(text),
            SESSION_NAME_PLACEHOLDERS.join(", ")
        ));
    }
    if plain == text {
        return name(text, 2, 64);
    }
    if !plain.chars().all(is_name_char) {
        return Err(format!(
            "{} must contain only letters, digits and _+=,.@-",
            shown(text)
        ));
    }
    Ok(text.to_owned())
}

/// An external id: 2 to 1224 characters.
pub fn external_id(text: &str) -> std::result::Result<(), String> {
    let fits = (2..=1224).contains(&text.len())
        && text
            .chars()
            .all(|c| is_name_char(c) || c == ':' || c == '/');
    if fits {
        Ok(())
    } else {
        // It may be confidential, so it is not shown.
        Err("must be 2 to 1224 characters: letters, digits and _+=,.@:/-".to_owned())
    }
}

/// An access key id: 16 to 128 word characters.
pub fn access_key_id(text: &str) -> std::result::Result<(), String> {
    // A malformed id may be a secret, so it is not shown.
    if is_like_secret_access_key(text) {
        Err(SWAPPED.to_owned())
    } else if is_access_key_id(text) {
        Ok(())
    } else {
        Err("is not an access key id (16 to 128 letters and digits, such as AKIA…)".to_owned())
    }
}

/// An access key id and its secret.
pub fn key_pair(id: &str, secret: &str) -> std::result::Result<(), String> {
    if are_swapped(id, secret) {
        return Err(SWAPPED.to_owned());
    }
    access_key_id(id)
}

const SWAPPED: &str = "looks swapped with the secret access key; swap the two values";

/// Session tags: at most 50, keys of 1 to 128, values of at most 256 characters, no key twice.
pub(super) fn tags(pairs: &[(String, String)]) -> std::result::Result<(), String> {
    if pairs.len() > 50 {
        return Err(format!("has {} tags; STS allows at most 50", pairs.len()));
    }
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    for (at, (key, value)) in pairs.iter().enumerate() {
        let length = key.chars().count();
        if !(1..=128).contains(&length) || !key.chars().all(allowed) {
            return Err(format!(
                "key {} is not 1 to 128 letters, digits, spaces and _.:/=+-@",
                shown(key)
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(format!(
                "key {} starts with aws:, which AWS reserves",
                shown(key)
            ));
        }
        if value.chars().count() > 256 || !value.chars().all(allowed) {
            return Err(format!(
                "value of {} must be at most 256 letters, digits, spaces and _.:/=+-@",
                shown(key)
            ));
        }
        if pairs
            .iter()
            .take(at)
            .any(|(other, _)| other.eq_ignore_ascii_case(key))
        {
            return Err(format!("duplicate key {} (STS ignores case)", shown(key)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AKIAIOSFODNN7EXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00";

    #[test]
    fn a_swapped_pair_is_reported_without_its_values() {
        assert_eq!(key_pair(ID, SECRET), Ok(()));
        assert_eq!(key_pair(ID, "a-short-one"), Ok(()));
        assert_eq!(access_key_id("LKIAQAAAAAAAAAAAAAAA"), Ok(()));
        let slashed = SECRET.replace('X', "/");
        for (id, secret) in [
            (SECRET, ID),
            (SECRET, "anything"),
            (&*slashed, ID),
            ("a_short_secret_in_place_of_an_id", ID),
        ] {
            let told = key_pair(id, secret).err().unwrap_or_default();
            assert!(told.contains("swapped"), "{id}: {told}");
            assert!(!told.contains(id) && !told.contains(secret), "{told}");
        }
        assert!(access_key_id("short").is_err());
    }
}
