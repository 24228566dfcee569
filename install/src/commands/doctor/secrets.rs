//! Where a connector's secrets are, and whether those on this machine can be read.

use aws_connector_core::local_secret;
use aws_connector_core::profile::{Connector, Profile, SecretRef};
use aws_connector_core::shown::shown;

use super::{Finding, Report};
use crate::app::App;

/// Reads the secrets on this machine, and names the others.
pub(super) fn check(app: &App, connector: &Connector, report: &mut Report<'_>) {
    let all = connector.auth.secrets();
    if all.is_empty() {
        return;
    }
    report.step("secrets", || {
        let mut places: Vec<String> = Vec::new();
        let mut in_file = false;
        for (_, secret) in all {
            if matches!(secret, SecretRef::Literal(_)) {
                in_file = true;
                continue;
            }
            let here = local_secret::read(secret, &app.env)?.is_some();
            let later = if here { "" } else { " (read when needed)" };
            places.push(format!("{}{later}", secret.describe()));
        }
        places.dedup();
        if places.is_empty() && in_file {
            places.push("the connectors file".to_owned());
        }
        Ok(((), Finding::ok(format!("from {}", places.join(", ")))))
    });
}

/// The keyring entries of a deleted connector. They may be the only copy, and used elsewhere, so
/// their owner has to delete them.
pub(crate) fn left_behind(profile: &Profile, name: &str) -> Option<String> {
    let connector = profile.connector(name).ok()?;
    let secrets = connector.auth.secrets();
    let kept = secrets.into_iter().filter_map(|(_, secret)| match secret {
        SecretRef::Keyring(entry) => Some(shown(entry)),
        _ => None,
    });
    let kept: Vec<String> = kept.collect();
    (!kept.is_empty()).then(|| {
        let list = kept.join(", ");
        format!("Its keyring entries remain: {list}. Delete them if nothing else uses them.\n")
    })
}
