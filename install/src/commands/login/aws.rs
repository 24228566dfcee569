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
    profile_name: Option<&str>,
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
    let wired = profile_name.map_or_else(|| default_name(job, kind, wanted, has_id), str::to_owned);
    let entry = aws_config::Entry {
        profile: wired.clone(),
        connector: name.clone(),
        command,
        region: Some(wanted.region().map_or(site.region, str::to_owned)),
        endpoints: endpoints::for_file(job.app, job.connector)?,
    };
    let mut desk = Desk::open(job.app)?;
    let path = places::aws_config(job.app)?;
    job.explained(&entry.by_hand(), || {
        desk.edit(&path, |text, record| {
            let text = aws_config::add(text, &entry, job.consent.force)?;
            if profile_name.is_some() {
                record.profiles.insert(wired.clone(), name.clone());
            }
            Ok(Some(text))
        })
    })?;
    let changed = desk.apply(job.app, job.consent)?;
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
        current_context: None,
        switched: false,
    })
}

/// The profile's name: one for all of the connector's sessions, and one for each narrower request.
fn default_name(job: &Job<'_>, kind: ResourceType, wanted: &Resource, has_id: bool) -> String {
    let mut name = aws_config::profile_name(&job.connector.name);
    if kind == ResourceType::S3Bucket {
        if job.connector.limit.is_none() {
            name.push_str("-s3");
        }
        if let Resource::Bucket { name: bucket, .. } = wanted
            && has_id
        {
            name.push_str(&format!("-{bucket}"));
        }
    }
    name
}
