//! Undoes `login`.

use std::collections::BTreeSet;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::is_connector_name;
use aws_connector_core::resource::ResourceType;

use crate::app::App;
use crate::wire::{Consent, Desk, aws_config, docker_config, kubeconfig, places};

/// Removes a connector from the three files; returns what was removed.
pub(crate) fn unwire(
    app: &App,
    name: &str,
    kind: Option<ResourceType>,
    consent: Consent,
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
            if !text.contains(&aws_config::profile_name(name)) {
                return Ok(Some(text.to_owned()));
            }
            let after = aws_config::remove(text, name, consent.force)?;
            if after != text {
                gone.insert(aws_config::profile_name(name));
            }
            Ok((!(record.created && after.trim().is_empty())).then_some(after))
        })?;
    }
    if wanted(&[ResourceType::DockerRegistry]) {
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
                gone.extend(mine.iter().cloned());
                if mine.is_empty() {
                    return Ok(Some(text.to_owned()));
                }
                docker_config::remove(text, &mine, record)
            })?;
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
