//! Clusters: kubeconfig entries.

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::request::ClusterRef;
use aws_connector_core::resource::{Resource, ResourceType};

use super::job::{Document, Job};
use crate::services::{calls, obtain};
use crate::ui;
use crate::wire::{Desk, kubeconfig, places, read_or_empty, resolve};

/// How to wire a cluster.
pub(super) struct Ways<'a> {
    /// The name of the user and the context.
    pub(super) alias: Option<&'a str>,
    /// Leave the current context as it is.
    pub(super) keep_context: bool,
    /// kubectl's exec API version.
    pub(super) api: &'a str,
}

pub(super) fn login(job: &Job<'_>, wanted: Resource, ways: &Ways<'_>) -> Result<Document> {
    let name = &job.connector.name;
    let site = calls::site(job.app, job.profile, job.connector)?;
    let wanted = match wanted {
        Resource::Cluster { .. } => wanted,
        _ => the_only_one(job)?,
    };
    let Resource::Cluster {
        name: cluster,
        account,
        region,
        partition,
    } = wanted.clone()
    else {
        return Err(Error::usage("--resource-id is not a cluster"));
    };
    let region = region.unwrap_or_else(|| site.region.clone());
    let session = obtain::session(job.app, job.profile, name, Some(wanted))?;
    let info = job.app.sdk.describe_cluster(
        &site.in_region(&region),
        &session,
        &cluster,
        calls::context(job.app, job.profile, name),
    )?;
    // Checks that a token can be obtained, and fills the cache for kubectl.
    let cluster_ref = ClusterRef {
        name: cluster.clone(),
        account,
        region: Some(region.clone()),
        partition,
    };
    obtain::cluster_token(job.app, job.profile, name, &cluster_ref)?;
    let path = file(job, &info.arn)?;
    let text = read_or_empty(&resolve(&path)?);
    let context = match ways.alias {
        Some(alias) => alias.to_owned(),
        None => kubeconfig::free_name(&text, &info.arn, name),
    };
    let before = current(job)?;
    let entry = kubeconfig::Entry {
        arn: info.arn.clone(),
        name: context.clone(),
        server: info.endpoint,
        certificate_authority: info.certificate_authority,
        cluster,
        region,
        connector: name.clone(),
        command: places::binary(job.app, "aws-connector-eks-token")?
            .display()
            .to_string(),
        api: ways.api.to_owned(),
        make_current: !ways.keep_context,
    };
    let mut desk = Desk::open(job.app)?;
    job.explained(&entry.by_hand(), || {
        desk.edit(&path, |text, record| {
            kubeconfig::add(text, &entry, job.consent.force, record)
        })
    })?;
    let changed = desk.apply(job.app, job.consent)?;
    let now = current(job)?;
    if let Some(now) = now.as_ref().filter(|now| **now != context)
        && !ways.keep_context
    {
        ui::tell(&format!(
            "The current context is still {now}: an earlier file in KUBECONFIG sets it.\n"
        ));
    }
    Ok(Document {
        connector: name.clone(),
        resource_type: ResourceType::KubernetesCluster.id(),
        try_this: format!(
            "kubectl --context {} get namespaces",
            places::quoted(&context)
        ),
        wired: vec![context.clone()],
        changed,
        switched: before != now,
        current_context: now,
    })
}

/// The current context: kubectl uses the first file that sets it.
fn current(job: &Job<'_>) -> Result<Option<String>> {
    for path in places::kubeconfigs(job.app)? {
        let text = read_or_empty(&resolve(&path)?);
        if let Some(context) = kubeconfig::current(&text) {
            return Ok(Some(context));
        }
    }
    Ok(None)
}

/// The first file that already has the cluster, else the first.
fn file(job: &Job<'_>, arn: &str) -> Result<std::path::PathBuf> {
    let all = places::kubeconfigs(job.app)?;
    for path in &all {
        let text = read_or_empty(&resolve(path)?);
        if text.contains(arn) {
            return Ok(path.clone());
        }
    }
    all.into_iter()
        .next()
        .ok_or_else(|| Error::local("KUBECONFIG contains no path"))
}

fn the_only_one(job: &Job<'_>) -> Result<Resource> {
    let name = &job.connector.name;
    let site = calls::site(job.app, job.profile, job.connector)?;
    let session = obtain::session(job.app, job.profile, name, Some(Resource::AnyCluster))?;
    let all = job
        .app
        .sdk
        .clusters(&site, &session, calls::context(job.app, job.profile, name))?;
    match all.as_slice() {
        [only] => Resource::parse(ResourceType::KubernetesCluster, Some(only))
            .map_err(|error| Error::local(error.to_string())),
        [] => Err(Error::new(
            Kind::NoCredentials,
            format!("no EKS clusters found in {}", site.region),
        )
        .of(name)
        .fix("pass --resource-id with the ARN of a cluster in another region")),
        many => Err(Error::usage(format!(
            "found {} EKS clusters in {}: {}",
            many.len(),
            site.region,
            many.iter().take(10).cloned().collect::<Vec<_>>().join(", ")
        ))
        .of(name)
        .fix("pass --resource-id NAME")),
    }
}
