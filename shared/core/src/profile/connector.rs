//! A connector as parsed; invalid combinations cannot be represented.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use toml::de::DeValue;

use super::auth::Auth;
use super::table::{At, Fields};
use super::value::{Kind, Value};
use crate::error::Result;
use crate::resource::{Partition, RegistryHost, Resource, ResourceType};
use crate::shown::shown;
use crate::suggest::nearest;

/// One `[connectors.NAME]` of the connectors file.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Its name.
    pub name: String,
    /// Free text for `list` and `describe`.
    pub description: Option<String>,
    /// `labels`, to select connectors by.
    pub labels: BTreeMap<String, String>,
    /// If false, every request is refused, even if it is cached.
    pub enabled: bool,
    /// How its credentials are obtained.
    pub auth: Auth,
    /// When the keys in it expire, if they do.
    pub expiry: Option<Expiry>,
    /// Its region, unless a flag or the request names another.
    pub region: Option<String>,
    /// Further regions that a request may name.
    pub allowed_regions: Vec<String>,
    /// Endpoints in place of AWS's own.
    pub endpoints: Endpoints,
    /// The only resources that it serves; `None` for any.
    pub limit: Option<Limit>,
    /// Variables that determine what a `credential_process` prints.
    pub process_environment: Vec<String>,
    /// The registries that it serves, in file order.
    pub registries: Vec<RegistryPattern>,
    /// Whether sessions are limited to their resource, if STS supports that.
    pub down_scope: bool,
    /// Where its sessions are cached.
    pub cache: CacheMode,
    /// Whether sessions are refreshed in the background before they expire.
    pub refresh_ahead: bool,
    /// How long to wait for another process that is minting the same session.
    pub lock_timeout: Duration,
}

impl Connector {
    /// Its partition as far as the connectors file shows: from its region, else its role.
    pub(crate) fn partition(&self) -> Option<Partition> {
        if let Some(region) = &self.region {
            return Some(Partition::of_region(region));
        }
        self.auth.role_partition()
    }
}

/// When the keys in a connector expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// `expires_at`
    pub at: DateTime<Utc>,
    /// `expires_skew_tolerance`: the minimum remaining lifetime of keys to return.
    pub tolerance: Duration,
}

impl Expiry {
    /// When the keys are refused.
    pub fn end(&self) -> DateTime<Utc> {
        let tolerance = TimeDelta::from_std(self.tolerance).unwrap_or(TimeDelta::MAX);
        self.at
            .checked_sub_signed(tolerance)
            .unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// The resources a connector is limited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The type.
    pub resource_type: ResourceType,
    /// One resource of that type; `None` for all of them.
    pub resource: Option<Resource>,
}

/// An item of `registries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryPattern {
    /// One registry host.
    Host(RegistryHost),
    /// Every private registry of an account (12 digits).
    Account(String),
}

/// Where a connector's entries are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMode {
    /// In files in the cache directory.
    Files,
    /// In files, encrypted with a key from the platform's keyring.
    Keyring,
    /// Not cached.
    Off,
}

impl Value for CacheMode {
    const KIND: Kind = Kind::OneOf(|| CACHE_MODES.into());

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        fields.read_as(
            &found.with(String::read(fields, found)?),
            |text| match text {
                "files" | "on" => Ok(Self::Files),
                "keyring" => Ok(Self::Keyring),
                "off" => Ok(Self::Off),
                other => Err(format!(
                    "{} is not one of {}{}",
                    shown(other),
                    CACHE_MODES.join(", "),
                    nearest(other, CACHE_MODES)
                        .map_or_else(String::new, |near| format!("; did you mean '{near}'?"))
                )),
            },
        )
    }
}

const CACHE_MODES: [&str; 3] = ["files", "keyring", "off"];

/// Endpoint settings, named as in AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// `endpoint_url`: for every service.
    pub all: Option<String>,
    /// `endpoints.SERVICE`: for one service (`sts`, `ecr`, `ecr_public`, `eks`, `ssm`, `s3`,
    /// `sso`, `sso_oidc`).
    pub by_service: BTreeMap<&'static str, String>,
    /// Whether to use AWS's FIPS endpoints; `None` leaves it to the environment or AWS CLI profile.
    pub use_fips: Option<bool>,
    /// As `use_fips`, for dual-stack endpoints.
    pub use_dual_stack: Option<bool>,
    /// Whether `http://` is accepted for other machines.
    pub allow_insecure: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_refused_their_tolerance_before_they_expire() {
        let end = |at, tolerance| {
            let expiry = Expiry {
                at,
                tolerance: Duration::from_secs(tolerance),
            };
            expiry.end().timestamp()
        };
        assert_eq!(end(DateTime::UNIX_EPOCH + TimeDelta::hours(1), 300), 3300);
        assert_eq!(end(DateTime::<Utc>::MIN_UTC, 300), 0);
    }
}
