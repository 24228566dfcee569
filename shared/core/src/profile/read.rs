//! The fields that every connector has, and the keys outside of them.

use std::time::Duration;

use toml::de::DeValue;

use super::auth::{self, Auth, ImplicitSource, Method};
use super::connector::{CacheMode, Connector, Endpoints, Limit, RegistryPattern};
use super::document::{Document, Parsed};
use super::table::Fields;
use super::{BUILT_IN, chain, is_connector_name};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::resource::{
    MAX_REGISTRY_ACCOUNTS, Partition, RegistryHost, Resource, ResourceType, check_account,
    check_region,
};
use crate::shown::shown;
use crate::suggest::nearest;

const COMMON_FIELDS: [&str; 16] = [
    "description",
    "enabled",
    "allowed_regions",
    "endpoint_url",
    "endpoints",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "allow_insecure_endpoint",
    "resource_type",
    "resource_id",
    "registries",
    "process_environment",
    "cache",
    "refresh_ahead",
    "lock_timeout",
    "region",
];

/// The fields that say how credentials are obtained, all methods together.
const AUTH_FIELDS: [&str; 28] = [
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

/// The services that `endpoints` may name, as AWS's own `services` sections name them.
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

/// Reads the keys outside the connectors; the answer is `default_connector`.
pub(super) fn root(document: &Document, env: &Env) -> Result<Option<String>> {
    let parsed = document.root()?;
    let mut fields = Fields::new(&parsed, env, None, &parsed.table, 0);
    if let Some(version) = fields.value("version") {
        match version.value {
            DeValue::Integer(number) if number.as_str() == "1" => {}
            DeValue::Integer(_) | DeValue::String(_) => {
                return Err(fields
                    .field_error(&version, "is not a supported version")
                    .fix("set version = 1, or install a newer aws-connector"));
            }
            other => return Err(fields.wrong_type(&version, "1", other)),
        }
    }
    let default = fields.checked("default_connector", connector_name)?;
    if let Some(connectors) = fields.value("connectors")
        && !matches!(connectors.value, DeValue::Table(_))
    {
        return Err(fields.wrong_type(&connectors, "a table", connectors.value));
    }
    fields.finish(&["version", "default_connector", "connectors"], |name| {
        (COMMON_FIELDS.contains(&name) || AUTH_FIELDS.contains(&name))
            .then(|| "is a connector field; move it below a [connectors.NAME] line".to_owned())
    })?;
    Ok(default.map(|at| at.value))
}

fn connector_name(text: &str) -> std::result::Result<String, String> {
    if is_connector_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{} is not a connector name (letters, digits, '.', '_', '-', at most 64)",
            shown(text)
        ))
    }
}

/// Reads one connector; also says whether it holds a secret in clear.
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
    let known: Vec<&'static str> = COMMON_FIELDS.into_iter().chain(AUTH_FIELDS).collect();
    fields.refuse_unknown(&known)?;

    let description = fields.string("description")?.map(|at| at.value);
    let enabled = fields.boolean("enabled")?.unwrap_or(true);
    let region = fields.checked("region", region)?;
    let allowed_regions =
        allowed_regions(&mut fields, region.as_ref().map(|at| at.value.as_str()))?;
    let endpoints = endpoints(&mut fields)?;
    let down_scope = fields.boolean("down_scope")?;
    let auth = auth::read(&mut fields, down_scope)?;
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
    let cache = cache_mode(&mut fields)?;
    let refresh_ahead = fields.boolean("refresh_ahead")?.unwrap_or(true);
    let lock_timeout = fields
        .duration("lock_timeout")?
        .map_or(Duration::from_secs(30), |at| at.value);
    if down_scope.is_some() && !auth.takes_policy() {
        return Err(fields.error_in(
            "down_scope",
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
    fields.finish(&known, |field| {
        AUTH_FIELDS
            .contains(&field)
            .then(|| not_allowed(field, method))
    })?;
    let has_literal = chain::holds_literal(&auth);
    Ok((
        Connector {
            name: name.to_owned(),
            description,
            enabled,
            down_scope: down_scope.unwrap_or(true),
            auth,
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

fn not_allowed(field: &str, method: Method) -> String {
    use Method::{FederationToken, Implicit, SecretKey, SessionToken, StsToken};
    let (reason, instead) = match (field, method) {
        ("duration", SecretKey | StsToken) => (", whose keys are returned as they are", ""),
        ("duration", Implicit) => (" without role_arn", ""),
        ("mfa_serial" | "mfa_process" | "mfa_duration", FederationToken) => (
            ": GetFederationToken does not accept an MFA code",
            ", or use session-token",
        ),
        ("policy" | "policy_arns" | "tags", SessionToken) => (
            ": GetSessionToken does not accept policies or tags",
            ", or use federation-token or iam-role",
        ),
        ("policy" | "policy_arns", Implicit) => (" without role_arn", ""),
        ("role_arn", SecretKey | StsToken | SessionToken | FederationToken) => (
            ", which does not assume a role",
            ", or use auth_method = \"iam-role\"",
        ),
        ("aws_access_key_id" | "aws_secret_access_key" | "aws_session_token", Implicit) => (
            ", which uses ambient keys",
            ", or use secret-key or sts-token",
        ),
        _ => ("", ""),
    };
    let method = method.id();
    format!("not allowed with auth_method {method}{reason}; remove it{instead}")
}

fn region(text: &str) -> std::result::Result<String, String> {
    check_region(text)
        .map(|()| text.to_owned())
        .map_err(|error| error.to_string())
}

fn allowed_regions(fields: &mut Fields<'_, '_>, own: Option<&str>) -> Result<Vec<String>> {
    let Some(list) = fields.strings("allowed_regions")? else {
        return Ok(Vec::new());
    };
    for name in &list.value {
        region(name).map_err(|error| fields.field_error(&list, &error))?;
        let (there, here) = (Partition::of_region(name), own.map(Partition::of_region));
        if here.is_some_and(|here| here != there) {
            return Err(fields.field_error(
                &list,
                &format!(
                    "{name} is in another partition ({}) than the connector's region",
                    there.id()
                ),
            ));
        }
    }
    Ok(list.value)
}

fn endpoints(fields: &mut Fields<'_, '_>) -> Result<Endpoints> {
    let allow_insecure = fields.boolean("allow_insecure_endpoint")?.unwrap_or(false);
    let check = |text: &str| endpoint(text, allow_insecure);
    let all = fields.checked("endpoint_url", check)?.map(|at| at.value);
    let mut by_service = std::collections::BTreeMap::new();
    if let Some(mut table) = fields.table("endpoints", "endpoints.")? {
        for service in SERVICES {
            if let Some(url) = table.checked(service, check)? {
                by_service.insert(service, url.value);
            }
        }
        table.finish(&SERVICES, |_| None)?;
    }
    Ok(Endpoints {
        all,
        by_service,
        use_fips: fields.boolean("use_fips_endpoint")?,
        use_dual_stack: fields.boolean("use_dualstack_endpoint")?,
        allow_insecure,
    })
}

/// An endpoint URL: https, or http where it cannot leave the machine.
///
/// # Errors
/// A text that says what is allowed.
pub fn endpoint(text: &str, allow_insecure: bool) -> std::result::Result<String, String> {
    let wrong = || {
        // A password before the host stays unsaid.
        let text = match text.rsplit_once('@') {
            Some((_, rest)) => shown(&format!("…@{rest}")),
            None => shown(text),
        };
        format!("{text} is not a URL such as https://sts.example.com")
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.is_empty()
        || authority.contains('@')
        || !text.chars().all(|c| c.is_ascii_graphic())
    {
        return Err(wrong());
    }
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(host, _)| host),
        None => authority
            .split_once(':')
            .map_or(authority, |(host, _)| host),
    };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "http" if allow_insecure || is_loopback(host) => {}
        "http" => {
            return Err(format!(
                "{} would send credentials unencrypted; use https, or set allow_insecure_endpoint = true",
                shown(text)
            ));
        }
        _ => return Err(wrong()),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn limit(
    fields: &mut Fields<'_, '_>,
    region: Option<&str>,
    allowed_regions: &[String],
) -> Result<Option<Limit>> {
    let resource_type = fields.checked("resource_type", ResourceType::parse)?;
    let id = fields.string("resource_id")?;
    let Some(resource_type) = resource_type else {
        return match id {
            Some(id) => Err(fields.field_error(&id, "requires resource_type")),
            None => Ok(None),
        };
    };
    let resource = match &id {
        None => None,
        Some(id) => {
            let resource = Resource::parse(resource_type.value, Some(&id.value))
                .map_err(|error| fields.field_error(id, &error.to_string()))?;
            if let (Some(there), Some(here)) = (resource.region(), region)
                && there != here
                && !allowed_regions.iter().any(|allowed| allowed == there)
            {
                return Err(fields.field_error(
                    id,
                    &format!(
                        "is in {there}, but the connector's region is {here}; change one, or \
                         add {there} to allowed_regions"
                    ),
                ));
            }
            if let (Some(there), Some(here)) =
                (resource.partition(), region.map(Partition::of_region))
                && there != here
            {
                return Err(fields.field_error(
                    id,
                    &format!(
                        "is in partition {}, but the connector is in {}",
                        there.id(),
                        here.id()
                    ),
                ));
            }
            Some(resource)
        }
    };
    Ok(Some(Limit {
        resource_type: resource_type.value,
        resource,
    }))
}

/// Names of variables, for a connector that can use an AWS CLI profile.
fn process_environment(fields: &mut Fields<'_, '_>, auth: &Auth) -> Result<Vec<String>> {
    let Some(list) = fields.strings("process_environment")? else {
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
                // Not shown: what follows may be a secret.
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

fn registries(fields: &mut Fields<'_, '_>) -> Result<Vec<RegistryPattern>> {
    let Some(list) = fields.strings("registries")? else {
        return Ok(Vec::new());
    };
    let registries: Vec<RegistryPattern> = list
        .value
        .iter()
        .map(|text| {
            if text.bytes().all(|b| b.is_ascii_digit()) {
                check_account(text)
                    .map(|()| RegistryPattern::Account(text.clone()))
                    .map_err(|error| fields.field_error(&list, &error.to_string()))
            } else {
                RegistryHost::parse(text)
                    .map(RegistryPattern::Host)
                    .ok_or_else(|| {
                        fields.field_error(
                            &list,
                            &format!("{} is neither an ECR host such as 123456789012.dkr.ecr.us-east-1.amazonaws.com nor a 12-digit account", shown(text)),
                        )
                    })
            }
        })
        .collect::<Result<_>>()?;
    let mut accounts: Vec<&str> = registries
        .iter()
        .filter_map(|pattern| match pattern {
            RegistryPattern::Host(host) => host.account(),
            RegistryPattern::Account(account) => Some(account),
        })
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    if accounts.len() > MAX_REGISTRY_ACCOUNTS {
        return Err(fields.field_error(
            &list,
            &format!(
                "lists {} accounts; a session policy has room for {MAX_REGISTRY_ACCOUNTS}; \
                 split them between several connectors",
                accounts.len()
            ),
        ));
    }
    Ok(registries)
}

fn cache_mode(fields: &mut Fields<'_, '_>) -> Result<CacheMode> {
    let mode = fields.checked("cache", |text| match text {
        "files" | "on" => Ok(CacheMode::Files),
        "keyring" => Ok(CacheMode::Keyring),
        "off" => Ok(CacheMode::Off),
        other => Err(format!(
            "{} is not one of files, keyring, off{}",
            shown(other),
            nearest(other, ["files", "keyring", "off"])
                .map_or_else(String::new, |near| format!("; did you mean '{near}'?"))
        )),
    })?;
    Ok(mode.map_or(CacheMode::Files, |at| at.value))
}

/// The connector that is used without a connectors file. It requires the same consent as every
/// ambient source.
pub(super) fn built_in() -> Connector {
    Connector {
        name: BUILT_IN.to_owned(),
        description: Some("built in: uses the ambient credentials".to_owned()),
        enabled: true,
        auth: Auth::Implicit {
            source: ImplicitSource::Chain,
            allowed: false,
            role: None,
        },
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
