//! The steps of a connector: definition, endpoints, secrets, source, session, identity, resources.

use std::time::Duration;

use aws_connector_aws::inventory::Identity;
use aws_connector_core::aws::Aws as _;
use aws_connector_core::clock::Origin;
use aws_connector_core::credential::Session;
use aws_connector_core::error::Result;
use aws_connector_core::profile::duration::show;
use aws_connector_core::profile::{Connector, Profile};
use aws_connector_core::resource::{Resource, ResourceType};
use chrono::Utc;

use super::report::{Finding, Report};
use super::{caveats, reach, secrets, trial};
use crate::app::App;
use crate::progress::Progress;
use crate::services::inventory::{self, Ask, Reachable};
use crate::services::time::{expires_in, seconds_until};
use crate::services::{calls, connectors, obtain, verify};

/// A longer session token makes cluster tokens too long.
const LONG_TOKEN: usize = 2300;

pub(super) fn check(
    app: &App,
    profile: &Profile,
    name: &str,
    kind: Option<ResourceType>,
    only: Option<&Resource>,
    report: &mut Report<'_>,
) {
    let connector = report.step("connector", || {
        let connector = profile.connector(name)?;
        let finding = if connector.enabled {
            Finding::ok(format!("auth_method {}", connector.auth.id()))
        } else {
            Finding::failed(
                "it is disabled: all requests are refused",
                format!("run 'aws-connector update {name} --unset enabled', or set enabled = true"),
            )
        };
        Ok((connector, finding))
    });
    let Some(connector) = connector.filter(|connector| connector.enabled) else {
        return;
    };
    caveats::of_method(&connector, report);
    let kinds = kind.map_or_else(|| connectors::resource_types(&connector), |kind| vec![kind]);
    reach::check(app, profile, &connector, &kinds, report);
    if !connector.auth.has_credentials() {
        report.find(
            "session",
            Finding::ok("not needed: requests are not signed"),
        );
        return;
    }
    secrets::check(app, &connector, report);
    source(app, profile, &connector, report);
    let session = report.step("session", || session(app, profile, &connector));
    if let Some(session) = &session {
        let identity = report.step("identity", || {
            let site = calls::site(app, profile, &connector)?;
            let identity =
                app.sdk
                    .caller_identity(&site, session, calls::context(app, profile, name))?;
            let finding = Finding::ok(shown(&identity));
            Ok((identity, finding))
        });
        if let Some(identity) = identity {
            caveats::of_identity(&connector, session, &identity, report);
        }
    }
    clock(app, report);
    if session.is_some() {
        for kind in kinds {
            let ask = Ask {
                connector: &connector,
                kind,
                only,
            };
            if kind == ResourceType::DockerRegistry {
                trial::registries(app, profile, &ask, report);
                continue;
            }
            let mut found = None;
            report.step(kind.id(), || {
                let _progress = Progress::show(&app.env, &format!("trying {}", kind.id()));
                let listed = inventory::one(app, profile, &ask);
                found = Some(Reachable::new(&ask, listed.clone()));
                trial::resource(app, profile, &ask, listed?)
            });
            found.into_iter().for_each(|found| report.reach(found));
        }
    }
}

/// The identity that signs the connector's call to STS.
fn source(app: &App, profile: &Profile, connector: &Connector, report: &mut Report<'_>) {
    if connector.auth.source().is_none() {
        return;
    }
    report.step("source identity", || {
        let Some((site, session)) =
            obtain::source(app, profile, connector, verify::own_resource(connector))?
        else {
            return Ok(((), Finding::ok("a web identity token")));
        };
        let call = calls::context(app, profile, &connector.name);
        let identity = app.sdk.caller_identity(&site, &session, call)?;
        let finding = if identity.arn.ends_with(":root") {
            Finding::warning(
                format!(
                    "{}: the account's root user cannot assume roles",
                    identity.arn
                ),
                "use the keys of an IAM user or a role",
            )
        } else {
            Finding::ok(format!(
                "{}, access key {}",
                identity.arn,
                session.shown_key_id()
            ))
        };
        Ok(((), finding))
    });
}

fn session(app: &App, profile: &Profile, connector: &Connector) -> Result<(Session, Finding)> {
    let session = obtain::session(
        app,
        profile,
        &connector.name,
        verify::own_resource(connector),
    )?;
    let end = match (session.expires_at, &session.session_token) {
        (Some(end), _) => format!("expires in {}", expires_in(seconds_until(end, Utc::now()))),
        (None, Some(_)) => "expires at an unknown time".to_owned(),
        (None, None) => "does not expire".to_owned(),
    };
    let length = session
        .session_token
        .as_ref()
        .map_or(0, |token| token.expose().len());
    let finding = if length >= LONG_TOKEN {
        Finding::warning(
            format!(
                "{}, {end}; its session token has {length} characters, and EKS rejects cluster tokens from about 2550",
                session.shown_key_id()
            ),
            "shorten the policy, policy_arns or tags of the connector",
        )
    } else {
        Finding::ok(format!("{}, {end}", session.shown_key_id()))
    };
    Ok((session, finding))
}

/// The offset of this machine's clock, from the last trusted response.
fn clock(app: &App, report: &mut Report<'_>) {
    let Some(date) = app.sdk.server_date() else {
        return;
    };
    let offset = (date.said - date.heard_at).num_seconds();
    let (whose, fix) = match date.origin {
        Origin::Aws => (
            "AWS; aws-connector corrects for it, other programs do not",
            "set this machine's clock, for example with NTP",
        ),
        Origin::Endpoint => (
            "the custom endpoint; aws-connector corrects for it in calls to that endpoint",
            "set the clock that is wrong, for example with NTP",
        ),
        Origin::Untrusted => return,
    };
    let finding = if offset.abs() < 60 {
        Finding::ok("within a minute of AWS")
    } else {
        let way = if offset > 0 { "behind" } else { "ahead of" };
        let length = show(Duration::from_secs(offset.unsigned_abs()));
        Finding::warning(format!("{length} {way} {whose}"), fix)
    };
    report.find("clock", finding);
}

fn shown(identity: &Identity) -> String {
    let arn = &identity.arn;
    match mapped(arn) {
        Some(mapped) if mapped != *arn => format!("{arn}; in EKS, map {mapped}"),
        Some(_) => format!("{arn}, the ARN to map in EKS"),
        None => arn.clone(),
    }
}

/// The ARN of a principal in EKS access entries and `aws-auth`; `None` if EKS cannot map it.
fn mapped(arn: &str) -> Option<String> {
    if arn.contains(":federated-user/") || arn.ends_with(":root") {
        return None;
    }
    Some(match arn.split_once(":assumed-role/") {
        Some((head, tail)) => format!(
            "{}:role/{}",
            head.replacen(":sts:", ":iam:", 1),
            tail.split('/').next().unwrap_or_default()
        ),
        None => arn.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::mapped;

    #[test]
    fn eks_maps_a_role_without_its_session_name() {
        for (arn, known) in [
            (
                "arn:aws:sts::123456789012:assumed-role/dev/alice",
                Some("arn:aws:iam::123456789012:role/dev"),
            ),
            ("arn:aws:iam::1:user/a", Some("arn:aws:iam::1:user/a")),
            ("arn:aws:sts::1:federated-user/a", None),
            ("arn:aws:iam::1:root", None),
        ] {
            assert_eq!(mapped(arn).as_deref(), known, "{arn}");
        }
    }
}
