//! Parses a connector, including the fields that every connector has.

use std::time::Duration;

use toml::de::DeValue;

use super::auth::{self, Auth, ImplicitSource};
use super::connector::{CacheMode, Connector, Endpoints, Expiry};
use super::field::{self, Field};
use super::file_text::Parsed;
use super::refusal::not_allowed;
use super::resources::{allowed_regions, limit, region, registries};
use super::root::connector_name;
use super::table::Fields;
use super::{BUILT_IN, chain};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::resource::{Partition, ResourceType};
use crate::shown::shown;
use crate::url::endpoint;

/// The services that `endpoints` may name, named as in AWS's `services` sections.
pub(crate) const SERVICES: [&str; 8] = [
    "sts",
    "ecr",
    "ecr_public",
    "eks",
    "ssm",
    "s3",
    "sso",
    "sso_oidc",
];

/// Parses one connector; also returns whether it contains a plaintext secret.
pub(super) fn connector(parsed: &Parsed<'_>, name: &str, env: &Env) -> Result<(Connector, bool)> {
    let missing = || Error::profile(format!("connector {} not found", shown(name)));
    let Some(DeValue::Table(all)) = parsed.table.get("connectors").map(|value| value.get_ref())
    else {
        return Err(missing());
    };
    let (key, value) = all
        .iter()
        .find(|(key, _)| key.get_ref().as_ref() == name)
        .ok_or_else(missing)?;
    let at = key.span().start;
    if let Err(error) = connector_name(name) {
        return Err(parsed.error(at, &error));
    }
    let DeValue::Table(table) = value.get_ref() else {
        return Err(parsed
            .error(at, "a connector must be a table: [connectors.NAME]")
            .of(name));
    };
    let mut fields = Fields::new(parsed, env, Some(name), table, at);
    fields.refuse_unknown(field::NAMES)?;

    let description = fields.value(&field::DESCRIPTION)?;
    let labels = fields.value(&field::LABELS)?;
    let enabled = fields.value(&field::ENABLED)?.unwrap_or(true);
    let region = fields.checked(&field::REGION, region)?;
    let allowed_regions =
        allowed_regions(&mut fields, region.as_ref().map(|at| at.value.as_str()))?;
    let endpoints = endpoints(&mut fields)?;
    let down_scope = fields.value(&field::DOWN_SCOPE)?;
    let auth = auth::read(&mut fields, down_scope)?;
    let expiry = expiry(&mut fields, &auth)?;
    if let Some(region) = &region
        && let here = Partition::of_region(&region.value)
        && let Some(there) = auth.role_partition()
        && here != there
    {
        return Err(fields.field_error(
            region,
            &format!(
                "region {} is in partition {}, but role_arn is in {}",
                region.value,
                here.id(),
                there.id()
            ),
        ));
    }
    let limit = limit(
        &mut fields,
        region.as_ref().map(|at| at.value.as_str()),
        &allowed_regions,
    )?;
    let registries = registries(&mut fields)?;
    let process_environment = process_environment(&mut fields, &auth)?;
    let cache = fields.value(&field::CACHE)?.unwrap_or(CacheMode::Files);
    let refresh_ahead = fields.value(&field::REFRESH_AHEAD)?.unwrap_or(true);
    let lock_timeout = fields
        .value(&field::LOCK_TIMEOUT)?
        .unwrap_or(Duration::from_secs(30));
    if down_scope.is_some() && !auth.takes_policy() {
        return Err(fields.error_in(
            &field::DOWN_SCOPE,
            &format!("{} sessions cannot be down-scoped; remove it", auth.id()),
        ));
    }
    if auth.needs_policy()
        && (down_scope == Some(false)
            || limit
                .as_ref()
                .is_some_and(|l| l.resource_type == ResourceType::AwsGeneric))
    {
        return Err(fields.error(
            "a federation-token session without a policy has no permissions; set policy or \
             policy_arns, or set resource_type to something other than aws-generic",
        ));
    }
    let method = auth.method();
    fields.finish(field::NAMES, |field| Some(not_allowed(field, method)))?;
    let has_literal = chain::holds_literal(&auth);
    Ok((
        Connector {
            name: name.to_owned(),
            description,
            labels: labels.map_or_else(Default::default, |labels| labels.0.into_iter().collect()),
            enabled,
            down_scope: down_scope.unwrap_or(true),
            auth,
            expiry,
            region: region.map(|at| at.value),
            allowed_regions,
            endpoints,
            limit,
            registries,
            process_environment,
            cache,
            refresh_ahead,
            lock_timeout,
        },
        has_literal,
    ))
}

/// When the keys in a connector expire.
fn expiry(fields: &mut Fields<'_, '_>, auth: &Auth) -> Result<Option<Expiry>> {
    let at = fields.get(&field::EXPIRES_AT)?;
    let tolerance = fields.get(&field::EXPIRES_SKEW_TOLERANCE)?;
    let has_keys = auth.origin().keys().is_some();
    let no_keys = "requires keys in the connector; remove it";
    match (at, tolerance) {
        (None, None) => Ok(None),
        (Some(at), _) if !has_keys => Err(fields.field_error(&at, no_keys)),
        (None, Some(tolerance)) if !has_keys => Err(fields.field_error(&tolerance, no_keys)),
        (None, Some(tolerance)) => {
            Err(fields.field_error(&tolerance, "requires expires_at; add it"))
        }
        (Some(at), tolerance) => Ok(Some(Expiry {
            at: at.value,
            tolerance: tolerance.map_or(Duration::from_secs(300), |at| at.value),
        })),
    }
}

fn endpoints(fields: &mut Fields<'_, '_>) -> Result<Endpoints> {
    let allow_insecure = fields
        .value(&field::ALLOW_INSECURE_ENDPOINT)?
        .unwrap_or(false);
    let check = |text: &str| endpoint(text, allow_insecure);
    let all = fields
        .checked(&field::ENDPOINT_URL, check)?
        .map(|at| at.value);
    let mut by_service = std::collections::BTreeMap::new();
    if let Some(mut table) = fields.services(&field::ENDPOINTS)? {
        for service in SERVICES {
            if let Some(url) = table.checked(&Field::named(service), check)? {
                by_service.insert(service, url.value);
            }
        }
        table.finish(&SERVICES, |_| None)?;
    }
    Ok(Endpoints {
        all,
        by_service,
        use_fips: fields.value(&field::USE_FIPS_ENDPOINT)?,
        use_dual_stack: fields.value(&field::USE_DUALSTACK_ENDPOINT)?,
        allow_insecure,
    })
}

/// Reads `process_environment`: names of variables; only for a connector that can use an AWS CLI profile.
fn process_environment(fields: &mut Fields<'_, '_>, auth: &Auth) -> Result<Vec<String>> {
    let Some(list) = fields.get(&field::PROCESS_ENVIRONMENT)? else {
        return Ok(Vec::new());
    };
    let is_name = |text: &str| {
        !text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if let Some(bad) = list.value.iter().find(|name| !is_name(name)) {
        return Err(fields.field_error(
            &list,
            &format!(
                "{} is not the name of an environment variable (letters, digits and _)",
                // The value after `=` may be a secret, so it is not shown.
                shown(&match bad.split_once('=') {
                    Some((name, _)) => format!("{name}=…"),
                    None => bad.clone(),
                })
            ),
        ));
    }
    if !auth.is_ambient() {
        return Err(fields.field_error(
            &list,
            "requires source_profile or auth_method \"implicit\": only an AWS CLI profile has a credential_process; remove it",
        ));
    }
    let mut names = list.value;
    names.sort();
    names.dedup();
    Ok(names)
}

/// The connector that is used without a connectors file. Like every ambient source, it requires
/// consent.
pub(super) fn built_in() -> Connector {
    Connector {
        name: BUILT_IN.to_owned(),
        description: Some("built in: uses the ambient credentials".to_owned()),
        labels: std::collections::BTreeMap::new(),
        enabled: true,
        auth: Auth::Implicit {
            source: ImplicitSource::Chain,
            allowed: false,
            role: None,
        },
        expiry: None,
        region: None,
        allowed_regions: Vec::new(),
        endpoints: Endpoints::default(),
        limit: None,
        registries: Vec::new(),
        process_environment: Vec::new(),
        down_scope: true,
        cache: CacheMode::Files,
        refresh_ahead: true,
        lock_timeout: Duration::from_secs(30),
    }
}
