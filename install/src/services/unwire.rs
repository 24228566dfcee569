//! Undoes `login`.

use std::collections::BTreeSet;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::is_connector_name;
use aws_connector_core::resource::ResourceType;

use super::profile_file::ProfileFile;
use crate::app::App;
use crate::wire::{Consent, Desk, aws_config, docker_config, kubeconfig, places};

/// Removes a connector from the three files, and registries that `login` added to it from the
/// connectors file if it is to be kept; returns what was removed.
pub(crate) fn unwire(
    app: &App,
    name: &str,
    kind: Option<ResourceType>,
    consent: Consent,
    is_kept: bool,
) -> Result<Vec<String>> {
    if !is_connector_name(name) {
        return Err(Error::usage(format!(
            "{} is not a valid connector name",
            aws_connector_core::shown::shown(name)
        ))
        .fix("run 'aws-connector list' to see the names"));
    }
    let mut desk = Desk::open(app)?;
    let mut gone = BTreeSet::new();
    let wanted = |kinds: &[ResourceType]| kind.is_none_or(|kind| kinds.contains(&kind));
    if wanted(&[ResourceType::AwsGeneric, ResourceType::S3Bucket]) {
        let path = places::aws_config(app)?;
        desk.clean(&path, |text, record| {
            let recorded = record.profiles.iter().filter(|(_, owner)| *owner == name);
            let recorded: Vec<String> = recorded.map(|(profile, _)| profile.clone()).collect();
            let mut after = text.to_owned();
            let mut profiles = aws_config::wired_for(text, name, &recorded);
            let for_buckets = |profile: &String| {
                let settings = aws_config::settings(text, profile).unwrap_or_default();
                let mut values = settings.iter().map(|(_, value)| value);
                values.any(|value| value.contains("--resource-type s3-bucket"))
            };
            // The profile of a connector for buckets needs no flag.
            if let Some(kind) = kind
                && profiles.iter().any(for_buckets)
            {
                let is_wanted = kind == ResourceType::S3Bucket;
                profiles.retain(|profile| for_buckets(profile) == is_wanted);
            }
            record
                .profiles
                .retain(|profile, _| !profiles.contains(profile));
            for profile in profiles.iter().rev() {
                after = aws_config::remove(&after, profile, name, consent.force)?;
                gone.insert(profile.clone());
            }
            Ok((!(record.created && after.trim().is_empty())).then_some(after))
        })?;
    }
    if wanted(&[ResourceType::DockerRegistry]) {
        let mut listed = Vec::new();
        for path in places::docker_configs(app)? {
            desk.clean(&path, |text, record| {
                let mine: Vec<String> = docker_config::wired(text)
                    .into_iter()
                    .filter(|host| {
                        record
                            .registries
                            .get(host)
                            .is_some_and(|owner| owner == name)
                    })
                    .collect();
                record.registries.retain(|_, owner| owner != name);
                listed.extend(
                    mine.iter()
                        .filter(|host| record.listed.remove(*host))
                        .cloned(),
                );
                gone.extend(mine.iter().cloned());
                if mine.is_empty() {
                    return Ok(Some(text.to_owned()));
                }
                docker_config::remove(text, &mine, record)
            })?;
        }
        if is_kept && !listed.is_empty() {
            let mut file = ProfileFile::open(app)?;
            file.unlist(name, &listed);
            desk.edit(file.path(), |_, _| Ok(Some(file.text())))?;
        }
    }
    if wanted(&[ResourceType::KubernetesCluster]) {
        for path in places::kubeconfigs(app)? {
            desk.clean(&path, |text, record| {
                let mut text = text.to_owned();
                for arn in kubeconfig::wired_for(&text, name)?.into_iter().rev() {
                    let rest = kubeconfig::remove(&text, &arn, record)?;
                    gone.insert(arn);
                    match rest {
                        Some(rest) => text = rest,
                        None => return Ok(None),
                    }
                }
                Ok(Some(text))
            })?;
        }
    }
    let changed = desk.apply(app, consent)?;
    Ok(if changed {
        gone.into_iter().collect()
    } else {
        Vec::new()
    })
}
