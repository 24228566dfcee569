//! `aws-connector login` and `aws-connector logout`

mod cluster;
mod logout;
mod registry;

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::resource::{Resource, ResourceType};
use serde::Serialize;

pub(crate) use logout::{LogoutArgs, logout, unwire};

use crate::app::{App, resource};
use crate::ask;
use crate::ui;
use crate::wire::{Consent, Desk, aws_config, docker_config, kubeconfig, places};

/// Wire a connector into the AWS CLI, Docker or kubectl
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector login dev\n  aws-connector login dev --resource-type docker-registry\n  aws-connector login dev --resource-type kubernetes-cluster --resource-id prod"
)]
pub(crate) struct Args {
    /// Connector name [default: AWS_CONNECTOR, then default_connector]
    name: Option<String>,
    /// Resource type to wire [default: the connector's own]
    #[arg(long, value_name = "TYPE", value_parser = super::resource_type)]
    resource_type: Option<ResourceType>,
    /// Bucket, cluster or registry
    #[arg(long, value_name = "ID")]
    resource_id: Option<String>,
    /// Switch the current context to it
    #[arg(long)]
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

/// What login did.
#[derive(Serialize)]
struct Document {
    connector: String,
    resource_type: &'static str,
    /// The profile, the registries or the cluster's ARN.
    wired: Vec<String>,
    /// Whether any file was changed.
    changed: bool,
    /// A command to try.
    try_this: String,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let name = app.name(args.name.as_deref(), &profile)?;
    if !profile.has_file() {
        return Err(Error::profile("no connectors file found")
            .fix("run 'aws-connector register NAME' first"));
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
        ResourceType::AwsGeneric | ResourceType::S3Bucket => job.aws(kind, wanted, args)?,
        ResourceType::DockerRegistry => registry::login(&job, &wanted)?,
        ResourceType::KubernetesCluster => {
            cluster::login(&job, wanted, args.set_current, &args.exec_api)?
        }
    };
    if app.ui.is_json() {
        ui::print_json(&document)?;
    } else {
        ui::print(&format!(
            "{} {} for connector '{name}'.\nTry: {}\n",
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

/// The inputs of a login.
struct Job<'a> {
    app: &'a App,
    profile: &'a Profile,
    connector: &'a Connector,
    consent: Consent,
}

impl Job<'_> {
    /// Wires a profile of the AWS CLI.
    fn aws(&self, kind: ResourceType, wanted: Resource, args: &Args) -> Result<Document> {
        let name = &self.connector.name;
        // A connector that is limited to a type needs no flag for it.
        let explicit = self.connector.limit.is_none() && kind != ResourceType::AwsGeneric;
        let asked = (explicit || args.resource_id.is_some()).then(|| wanted.clone());
        ask::session(self.app, name, asked.clone())?;
        let program = places::binary(self.app, "aws-connector-credential-process")?;
        let mut command = format!(
            "{} --connector {name}",
            places::quoted(&program.display().to_string())
        );
        if asked.is_some() {
            command.push_str(&format!(" --resource-type {}", kind.id()));
            if let Some(id) = wanted.canonical() {
                command.push_str(&format!(" --resource-id {}", places::quoted(&id)));
            }
        }
        let site = ask::site(self.app, self.profile, self.connector)?;
        let entry = aws_config::Entry {
            connector: name.clone(),
            command,
            region: Some(wanted.region().map_or(site.region, str::to_owned)),
            endpoint_url: self.connector.endpoints.all.clone(),
        };
        let mut desk = Desk::open(self.app)?;
        let path = places::aws_config(self.app)?;
        self.explained(&entry.by_hand(), || {
            desk.edit(&path, |text, _| {
                aws_config::add(text, &entry, self.consent.force).map(Some)
            })
        })?;
        let changed = desk.apply(self.app, self.consent)?;
        let wired = aws_config::profile_name(name);
        Ok(Document {
            connector: name.clone(),
            resource_type: kind.id(),
            try_this: match kind {
                ResourceType::S3Bucket => format!(
                    "aws --profile {wired} s3 ls{}",
                    wanted
                        .canonical()
                        .map_or_else(String::new, |id| format!(" {id}"))
                ),
                _ => format!("aws --profile {wired} sts get-caller-identity"),
            },
            wired: vec![wired],
            changed,
        })
    }

    /// Prints what to add by hand if a file cannot be edited.
    fn explained(&self, by_hand: &str, edit: impl FnOnce() -> Result<()>) -> Result<()> {
        edit().map_err(|error| {
            if error.kind != Kind::Local {
                return error;
            }
            ui::tell(&format!("Lines to add by hand:\n\n{by_hand}\n"));
            error.fix("add the lines above by hand, or correct the file and retry")
        })
    }
}
