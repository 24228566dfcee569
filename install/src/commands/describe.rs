//! `aws-connector describe`

use std::collections::BTreeMap;

use aws_connector_core::error::Result;
use aws_connector_core::profile::{
    Auth, CacheMode, Connector, ImplicitSource, KeyPair, Method, Origin, RegistryPattern, Source,
    field,
};
use aws_connector_core::resource::{Resource, ResourceType};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::services::flags::{resource, resource_type};
use crate::services::time::{expires_in_or_na, lifetime, seconds_until};
use crate::services::usage::Usage;
use crate::services::{calls, obtain};
use crate::ui::{self, or_na};

/// Show a connector, or the credentials that clients get from it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector describe dev\n  aws-connector describe dev --client --resource-type s3-bucket \\\n    --resource-id s3://data"
)]
pub(crate) struct Args {
    /// Connector name [default: AWS_CONNECTOR, then default_connector]
    name: Option<String>,
    /// Obtain credentials as a client would and show them without secrets
    #[arg(long)]
    client: bool,
    /// Resource type to obtain credentials for
    #[arg(long, value_name = "TYPE", requires = "client", value_parser = resource_type)]
    resource_type: Option<ResourceType>,
    /// Resource to obtain credentials for
    #[arg(long, value_name = "ID", requires = "client")]
    resource_id: Option<String>,
}

#[derive(Serialize)]
struct Document {
    name: String,
    description: Option<String>,
    labels: BTreeMap<String, String>,
    enabled: bool,
    auth_method: &'static str,
    /// Where the keys come from.
    source: String,
    role_arn: Option<String>,
    external_id: Option<String>,
    mfa_serial: Option<String>,
    /// Seconds.
    duration: Option<u64>,
    /// When its keys expire.
    expires_at: Option<DateTime<Utc>>,
    /// Seconds until its keys are refused.
    expires_in: Option<u64>,
    region: Option<String>,
    allowed_regions: Vec<String>,
    process_environment: Vec<String>,
    endpoint_url: Option<String>,
    resource_types: Vec<&'static str>,
    resource_id: Option<String>,
    registries: Vec<String>,
    /// Whether AWS limits sessions to the requested resource.
    down_scoped_by_aws: bool,
    cache: &'static str,
    /// What refers to it.
    used_by: Usage,
    client: Option<ClientDocument>,
}

#[derive(Serialize)]
struct ClientDocument {
    /// What they are for: a resource, all of a type, or `any`.
    resource: String,
    /// The auth method of a connector with these credentials.
    auth_method: &'static str,
    region: String,
    access_key_id: String,
    temporary: bool,
    identity: Option<String>,
    account: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    /// Seconds.
    expires_in: Option<u64>,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let name = app.name(args.name.as_deref(), &profile)?;
    let connector = profile.connector(&name)?;
    let mut document = document(&connector, Usage::of(app, &profile, &name));
    if args.client {
        let wanted = resource(args.resource_type, args.resource_id.as_deref())?;
        let resource = match (&wanted, args.resource_type) {
            (Some(wanted), Some(kind)) => wanted
                .canonical()
                .unwrap_or_else(|| format!("any {}", kind.id())),
            _ => limit(&document),
        };
        let region = match wanted.as_ref().and_then(Resource::region) {
            Some(region) => region.to_owned(),
            None => calls::site(app, &profile, &connector)?.region,
        };
        let session = obtain::session(app, &profile, &name, wanted)?;
        let method = match session.session_token {
            Some(_) => Method::StsToken,
            None => Method::SecretKey,
        };
        document.client = Some(ClientDocument {
            resource,
            auth_method: method.id(),
            region,
            temporary: session.session_token.is_some(),
            access_key_id: session.shown_key_id().to_owned(),
            identity: session.principal_arn.clone(),
            account: session.account_id.clone(),
            expires_at: session.expires_at,
            expires_in: session.expires_at.map(|end| seconds_until(end, Utc::now())),
        });
    }
    if app.ui.is_json() {
        ui::print_json(&document)?;
    } else {
        ui::print(&app.ui.table(["PROPERTY", "VALUE"], rows(&document)))?;
    }
    Ok(0)
}

/// What a client gets if it requests no resource.
fn limit(document: &Document) -> String {
    match (&document.resource_id, document.resource_types.as_slice()) {
        (Some(id), _) => id.clone(),
        (None, [kind]) => format!("any {kind}"),
        (None, _) => "any".to_owned(),
    }
}

fn document(connector: &Connector, used_by: Usage) -> Document {
    let auth = &connector.auth;
    let limit = connector.limit.as_ref();
    Document {
        name: connector.name.clone(),
        description: connector.description.clone(),
        labels: connector.labels.clone(),
        enabled: connector.enabled,
        auth_method: auth.id(),
        source: source(auth),
        role_arn: auth.role().map(|role| role.arn.clone()),
        external_id: auth
            .role()
            .and_then(|role| role.external_id.as_ref())
            .map(|secret| format!("from {}", secret.describe())),
        mfa_serial: auth.mfa().map(|mfa| mfa.serial.clone()),
        duration: auth.duration().map(|duration| duration.as_secs()),
        expires_at: connector.expiry.map(|expiry| expiry.at),
        expires_in: lifetime(connector),
        region: connector.region.clone(),
        allowed_regions: connector.allowed_regions.clone(),
        process_environment: connector.process_environment.clone(),
        endpoint_url: connector.endpoints.all.clone(),
        resource_types: match limit {
            Some(limit) => vec![limit.resource_type.id()],
            None => ResourceType::ALL.map(ResourceType::id).into(),
        },
        resource_id: limit
            .and_then(|limit| limit.resource.as_ref())
            .and_then(|resource| resource.canonical()),
        registries: connector.registries.iter().map(registry).collect(),
        down_scoped_by_aws: auth.takes_policy() && connector.down_scope,
        cache: match connector.cache {
            CacheMode::Files => "files",
            CacheMode::Keyring => "keyring",
            CacheMode::Off => "off",
        },
        used_by,
        client: None,
    }
}

fn registry(pattern: &RegistryPattern) -> String {
    match pattern {
        RegistryPattern::Host(host) => host.host(),
        RegistryPattern::Account(account) => account.clone(),
    }
}

fn source(auth: &Auth) -> String {
    match auth.origin() {
        Origin::Nothing => "none".to_owned(),
        Origin::Ambient(ImplicitSource::Chain) => "ambient credentials".to_owned(),
        Origin::Ambient(ImplicitSource::Pinned(one)) => one.id().to_owned(),
        Origin::Own { keys, .. } | Origin::Source(Source::Keys { keys, .. }) => pair(keys),
        Origin::Source(Source::Connector(name)) => format!("connector {name}"),
        Origin::Ambient(ImplicitSource::Profile(name))
        | Origin::Source(Source::AwsProfile(name)) => format!("AWS CLI profile {name}"),
        Origin::Source(Source::WebIdentity { token_file }) => {
            format!("web identity token {token_file}")
        }
    }
}

fn pair(keys: &KeyPair) -> String {
    match keys {
        KeyPair::Separate { secret, .. } => format!("keys, the secret from {}", secret.describe()),
        KeyPair::Joined(joined) => format!("keys from {}", joined.describe()),
    }
}

fn rows(document: &Document) -> Vec<[String; 2]> {
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let some = |value: &Option<String>| or_na(value.as_deref());
    let list = |values: &[String]| match values {
        [] => "N/A".to_owned(),
        values => values.join(", "),
    };
    let seconds = |value: Option<u64>| value.map_or_else(|| "N/A".to_owned(), |s| format!("{s}s"));
    let labels = document.labels.iter();
    let labels: Vec<String> = labels
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let mut rows = vec![
        ("name", document.name.clone()),
        (field::DESCRIPTION.name(), some(&document.description)),
        (field::LABELS.name(), list(&labels)),
        (field::ENABLED.name(), yes_no(document.enabled)),
        (field::AUTH_METHOD.name(), document.auth_method.to_owned()),
        ("source", document.source.clone()),
        (field::ROLE_ARN.name(), some(&document.role_arn)),
        (field::EXTERNAL_ID.name(), some(&document.external_id)),
        (field::MFA_SERIAL.name(), some(&document.mfa_serial)),
        (field::DURATION.name(), seconds(document.duration)),
        ("expires_in", expires_in_or_na(document.expires_in)),
        (field::REGION.name(), some(&document.region)),
        (
            field::ALLOWED_REGIONS.name(),
            list(&document.allowed_regions),
        ),
        (
            field::PROCESS_ENVIRONMENT.name(),
            list(&document.process_environment),
        ),
        (field::ENDPOINT_URL.name(), some(&document.endpoint_url)),
        ("resource_types", document.resource_types.join(", ")),
        (
            field::RESOURCE_ID.name(),
            document
                .resource_id
                .clone()
                .unwrap_or_else(|| "any".to_owned()),
        ),
        (field::REGISTRIES.name(), list(&document.registries)),
        (
            "down_scoped_by_aws",
            if document.down_scoped_by_aws {
                "yes, to the requested resource"
            } else {
                "no; limits are enforced by aws-connector only"
            }
            .to_owned(),
        ),
        (field::CACHE.name(), document.cache.to_owned()),
        ("used_by", list(&document.used_by.lines())),
    ];
    if let Some(client) = &document.client {
        let kind = if client.temporary {
            "yes"
        } else {
            "no; long-lived keys, returned unchanged"
        };
        rows.extend([
            ("client resource", client.resource.clone()),
            ("client auth_method", client.auth_method.to_owned()),
            ("client region", client.region.clone()),
            ("client access_key_id", client.access_key_id.clone()),
            ("client temporary", kind.to_owned()),
            ("client identity", some(&client.identity)),
            ("client account", some(&client.account)),
            ("client expires_in", expires_in_or_na(client.expires_in)),
        ]);
    }
    rows.into_iter()
        .map(|(name, value)| [name.to_owned(), value])
        .collect()
}
