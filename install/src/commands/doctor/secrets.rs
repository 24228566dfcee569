//! Where a connector's secrets are, and whether those on this machine can be read.

use aws_connector_core::local_secret;
use aws_connector_core::profile::{Connector, SecretRef};

use super::report::{Finding, Report};
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
