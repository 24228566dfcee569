//! `aws-connector login`

mod aws;
mod cluster;
mod job;
mod registry;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::{BUILT_IN, Connector};
use aws_connector_core::resource::{Resource, ResourceType};

use crate::app::App;
use crate::services::flags::{entry_name, resource, resource_type};
use crate::ui;
use crate::wire::Consent;
use job::Job;

/// Wire a connector into the AWS CLI, Docker or kubectl
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector login dev\n  aws-connector login dev --resource-type docker-registry\n  aws-connector login dev --resource-type kubernetes-cluster --resource-id prod"
)]
pub(crate) struct Args {
    /// Connector name [default: AWS_CONNECTOR, then default_connector]
    name: Option<String>,
    /// What to wire [default: the connector's type]
    #[arg(long, value_name = "TYPE", value_parser = resource_type)]
    resource_type: Option<ResourceType>,
    /// Bucket, cluster or registry
    #[arg(long, value_name = "ID")]
    resource_id: Option<String>,
    /// Name of the AWS CLI profile
    #[arg(long, value_name = "PROFILE", value_parser = entry_name)]
    profile_name: Option<String>,
    /// Name of the context [default: the cluster's ARN]
    #[arg(long, value_name = "NAME", value_parser = entry_name)]
    alias: Option<String>,
    /// Keep the current context
    #[arg(long)]
    keep_context: bool,
    /// The default, and accepted for older scripts
    #[arg(long, hide = true, conflicts_with = "keep_context")]
    set_current: bool,
    /// kubectl exec API version; v1beta1 before 1.22
    #[arg(long, value_name = "VERSION", default_value = "v1", value_parser = ["v1", "v1beta1"])]
    exec_api: String,
    /// Write without asking
    #[arg(long, short)]
    yes: bool,
    /// Replace entries that aws-connector did not write
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let name = app.name(args.name.as_deref(), &profile)?;
    if !profile.has_file() {
        let what = match name == BUILT_IN {
            true => {
                "no connectors file found, and the built-in connector 'implicit' cannot be wired"
            }
            false => "no connectors file found",
        };
        return Err(
            Error::profile(what).fix("run 'aws-connector register NAME --auto-configure' first")
        );
    }
    let connector = profile.connector(&name)?;
    let kind = args
        .resource_type
        .or_else(|| connector.limit.as_ref().map(|limit| limit.resource_type))
        .unwrap_or(ResourceType::AwsGeneric);
    let wanted = match resource(Some(kind), args.resource_id.as_deref())? {
        Some(wanted) if args.resource_id.is_none() => own(&connector, wanted),
        Some(wanted) => wanted,
        None => Resource::Generic { region: None },
    };
    let job = Job {
        app,
        profile: &profile,
        connector: &connector,
        consent: Consent {
            yes: args.yes,
            force: args.force,
        },
    };
    let document = match kind {
        ResourceType::AwsGeneric | ResourceType::S3Bucket => {
            let profile_name = args.profile_name.as_deref();
            aws::login(
                &job,
                kind,
                &wanted,
                args.resource_id.is_some(),
                profile_name,
            )?
        }
        ResourceType::DockerRegistry => registry::login(&job, &wanted)?,
        ResourceType::KubernetesCluster => {
            let ways = cluster::Ways {
                alias: args.alias.as_deref(),
                keep_context: args.keep_context,
                api: &args.exec_api,
            };
            cluster::login(&job, wanted, &ways)?
        }
    };
    if app.ui.is_json() {
        ui::print_json(&document)?;
    } else {
        let switched = match &document.current_context {
            Some(context) if document.switched => {
                format!("Switched the current context to {context}.\n")
            }
            _ => String::new(),
        };
        ui::print(&format!(
            "{} {} for connector '{name}'.\n{switched}Try: {}\n",
            if document.changed {
                "Wired"
            } else {
                "Already wired:"
            },
            document.wired.join(", "),
            document.try_this
        ))?;
    }
    Ok(0)
}

/// Narrows a resource type to the connector's own resource.
fn own(connector: &Connector, wanted: Resource) -> Resource {
    connector
        .limit
        .as_ref()
        .and_then(|limit| limit.resource.clone())
        .filter(|own| own.resource_type() == wanted.resource_type())
        .unwrap_or(wanted)
}
