//! `aws-connector list-types`

use aws_connector_core::error::Result;
use aws_connector_core::resource::ResourceType;
use serde::Serialize;

use crate::app::App;
use crate::services::auth_methods::{self, AuthMethod, Durations};
use crate::ui;

/// List the resource types and auth methods
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aws-connector list-types --output json")]
pub(crate) struct Args {}

#[derive(Serialize)]
struct Document {
    resource_types: Vec<TypeRow>,
    auth_methods: Vec<AuthMethod>,
}

#[derive(Serialize)]
struct TypeRow {
    resource_type: &'static str,
    ids: &'static str,
    clients: &'static str,
}

pub(crate) fn run(app: &App, _: &Args) -> Result<u8> {
    let document = Document {
        resource_types: ResourceType::ALL.map(type_row).into(),
        auth_methods: auth_methods::all().into(),
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
