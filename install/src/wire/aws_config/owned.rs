//! Which sections `login` wrote, and may therefore replace or remove.

use aws_connector_core::ambient::ini::{Ini, Kind, Property, Section};
use aws_connector_core::error::{Error, Result};

use super::read::{calls_for, calls_us, find, profile_name, properties};

/// The keys that we write.
const KEYS: [&str; 6] = [
    "credential_process",
    "region",
    "endpoint_url",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "services",
];

/// Whether we wrote a section for a connector: a profile that calls us for it, and a services section
/// with a name of ours or one that a profile of ours with the same name uses.
pub(super) fn is_ours(ini: &Ini, kind: Kind, name: &str, connector: &str) -> Result<bool> {
    if kind == Kind::Services && name.starts_with(&profile_name("")) {
        return Ok(true);
    }
    let Some(section) = find(ini, Kind::Profile, name)? else {
        return Ok(false);
    };
    let all = properties(section)?;
    if kind == Kind::Profile {
        return Ok(calls_for(&all, connector));
    }
    let uses = |property: &Property<'_>| {
        property.key.eq_ignore_ascii_case("services")
            && property.value().ok().flatten() == Some(name)
    };
    Ok(calls_us(&all) && all.iter().any(uses))
}

/// Fails unless we wrote all of the section.
pub(super) fn require_ours(
    section: Section<'_>,
    kind: Kind,
    is_ours: bool,
    entry: (&str, &str),
) -> Result<()> {
    let (name, connector) = entry;
    let line = section.line();
    if kind == Kind::Services {
        // It has only endpoints, and every service is allowed.
        let refused = || {
            Error::refused(format!(
                "line {line}: section [{}] already exists and was not written by aws-connector for connector '{connector}'",
                section.header()
            ))
            .fix("choose another --profile-name, or pass --force to replace the section")
        };
        return is_ours.then_some(()).ok_or_else(refused);
    }
    let all = properties(section)?;
    let is_known = |property: &&Property<'_>| {
        KEYS.iter()
            .any(|key| property.key.eq_ignore_ascii_case(key))
    };
    let foreign = all.iter().find(|property| !is_known(property));
    if is_ours && foreign.is_none() {
        return Ok(());
    }
    Err(Error::refused(match foreign {
        Some(property) => format!(
            "line {line}: AWS CLI profile '{name}' contains '{}', which aws-connector did not write",
            property.key.to_ascii_lowercase()
        ),
        None => format!(
            "line {line}: AWS CLI profile '{name}' already exists and was not written by aws-connector for connector '{connector}'"
        ),
    })
    .fix("remove it, or pass --force to replace the profile"))
}
