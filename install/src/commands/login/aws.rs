//! AWS CLI profiles.

use aws_connector_core::error::Result;
use aws_connector_core::resource::{Resource, ResourceType};

use super::job::{Document, Job};
use crate::services::{calls, endpoints, obtain};
use crate::wire::{Desk, aws_config, places};

/// Wires a profile of the AWS CLI.
pub(super) fn login(
    job: &Job<'_>,
    kind: ResourceType,
    wanted: &Resource,
    has_id: bool,
) -> Result<Document> {
    let name = &job.connector.name;
    // A connector that is limited to a type needs no flag for it.
    let explicit = job.connector.limit.is_none() && kind != ResourceType::AwsGeneric;
    let asked = (explicit || has_id).then(|| wanted.clone());
    obtain::session(job.app, job.profile, name, asked.clone())?;
    let program = places::binary(job.app, "aws-connector-credential-process")?;
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
    let site = calls::site(job.app, job.profile, job.connector)?;
    let entry = aws_config::Entry {
        connector: name.clone(),
        command,
        region: Some(wanted.region().map_or(site.region, str::to_owned)),
        endpoints: endpoints::for_file(job.app, job.connector)?,
    };
    let mut desk = Desk::open(job.app)?;
    let path = places::aws_config(job.app)?;
    job.explained(&entry.by_hand(), || {
        desk.edit(&path, |text, _| {
            aws_config::add(text, &entry, job.consent.force).map(Some)
        })
    })?;
    let changed = desk.apply(job.app, job.consent)?;
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
