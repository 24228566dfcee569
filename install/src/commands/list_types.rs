//! `aws-connector list-types`

use aws_connector_core::error::Result;
use aws_connector_core::profile::Method;
use aws_connector_core::resource::ResourceType;
use serde::Serialize;

use crate::app::App;
use crate::ui;

/// List the resource types and auth methods
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aws-connector list-types --output json")]
pub(crate) struct Args {}

#[derive(Serialize)]
struct Document {
    resource_types: Vec<TypeRow>,
    auth_methods: Vec<MethodRow>,
}

#[derive(Serialize)]
struct TypeRow {
    resource_type: &'static str,
    ids: &'static str,
    clients: &'static str,
}

#[derive(Serialize)]
struct MethodRow {
    auth_method: &'static str,
    source: &'static str,
    duration: Option<Durations>,
    session_policy: &'static str,
}

/// Seconds.
#[derive(Clone, Copy, Serialize)]
struct Durations {
    min: u32,
    default: u32,
    max: u32,
}

pub(crate) fn run(app: &App, _: &Args) -> Result<u8> {
    let document = Document {
        resource_types: ResourceType::ALL.map(type_row).into(),
        auth_methods: Method::ALL.map(method_row).into(),
    };
    if app.ui.is_json() {
        ui::print_json(&document)?;
        return Ok(0);
    }
    let types = document
        .resource_types
        .iter()
        .map(|row| [row.resource_type, row.ids, row.clients].map(str::to_owned));
    let methods = document.auth_methods.iter().map(|row| {
        let seconds = row.duration.map_or_else(
            || "N/A".to_owned(),
            |Durations { min, default, max }| format!("{min} / {default} / {max}"),
        );
        [
            row.auth_method.to_owned(),
            row.source.to_owned(),
            seconds,
            row.session_policy.to_owned(),
        ]
    });
    let head = ["RESOURCE TYPE", "IDS", "CLIENTS"];
    let types = app.ui.table(head, types.collect());
    let head = [
        "AUTH METHOD",
        "KEYS FROM",
        "SECONDS (MIN / DEFAULT / MAX)",
        "DOWN-SCOPED",
    ];
    let methods = app.ui.table(head, methods.collect());
    ui::print(&format!("{types}\n{methods}"))?;
    Ok(0)
}

fn type_row(kind: ResourceType) -> TypeRow {
    let (ids, clients) = match kind {
        ResourceType::AwsGeneric => ("REGION", "AWS CLI, SDKs"),
        ResourceType::S3Bucket => ("s3://BUCKET, ARN, BUCKET", "AWS CLI, SDKs"),
        ResourceType::KubernetesCluster => ("NAME, ARN", "kubectl, helm"),
        ResourceType::DockerRegistry => ("HOST[/REPO], ARN", "docker, podman, skopeo"),
    };
    TypeRow {
        resource_type: kind.id(),
        ids,
        clients,
    }
}

/// Each auth method with the source of its keys.
pub(crate) fn methods() -> [(&'static str, &'static str); Method::ALL.len()] {
    Method::ALL
        .map(method_row)
        .map(|row| (row.auth_method, row.source))
}

fn method_row(method: Method) -> MethodRow {
    const ROLE: Option<Durations> = durations(900, 3600, 43_200);
    const USER: Option<Durations> = durations(900, 43_200, 129_600);
    let (source, duration, session_policy) = match method {
        Method::Implicit => (
            "ambient credentials, or an AWS CLI profile",
            ROLE,
            "with role_arn",
        ),
        Method::SecretKey => ("an access key pair, returned unchanged", None, "no"),
        Method::StsToken => ("temporary keys, returned unchanged", None, "no"),
        Method::IamRole => ("keys, another connector, or a web identity", ROLE, "yes"),
        Method::SessionToken => ("an IAM user's key pair", USER, "no"),
        Method::FederationToken => ("an IAM user's key pair", USER, "yes"),
        Method::Anonymous => ("none", None, "no"),
    };
    MethodRow {
        auth_method: method.id(),
        source,
        duration,
        session_policy,
    }
}

const fn durations(min: u32, default: u32, max: u32) -> Option<Durations> {
    Some(Durations { min, default, max })
}
