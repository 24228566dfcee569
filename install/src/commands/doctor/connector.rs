//! The steps of a connector: profile, secrets, source, session, identity, resources.

use aws_connector_aws::inventory::Identity;
use aws_connector_core::aws::Aws as _;
use aws_connector_core::credential::Session;
use aws_connector_core::error::Result;
use aws_connector_core::local_secret;
use aws_connector_core::profile::{Auth, Connector, KeyPair, Profile, SecretRef, Source};
use aws_connector_core::resource::{Resource, ResourceType, policy_lacks};
use chrono::Utc;

use super::{Finding, Report, trial};
use crate::app::App;
use crate::ask;
use crate::commands::list_resources;
use crate::commands::status::{expires_in, seconds_until};

/// A token that is longer makes cluster tokens too long.
const LONG_TOKEN: usize = 2300;

pub(super) fn check(
    app: &App,
    profile: &Profile,
    name: &str,
    kind: Option<ResourceType>,
    report: &mut Report<'_>,
) {
    let connector = report.step("profile", || {
        let connector = profile.connector(name)?;
        let finding = if connector.enabled {
            Finding::ok(format!("auth_method {}", connector.auth.id()))
        } else {
            Finding::failed("it is disabled", "set enabled = true in the profile")
        };
        Ok((connector, finding))
    });
    let Some(connector) = connector.filter(|connector| connector.enabled) else {
        return;
    };
    permissions(&connector, report);
    if matches!(connector.auth, Auth::Anonymous) {
        report.find("session", Finding::ok("none is needed: nothing is signed"));
        return;
    }
    secrets(app, &connector, report);
    source(app, profile, &connector, report);
    let session = report.step("session", || session(app, &connector));
    if let Some(session) = session {
        report.step("identity", || {
            let site = ask::site(app, profile, &connector)?;
            let identity = app
                .sdk
                .caller_identity(&site, &session, ask::call(app, name))?;
            let detail = format!("{}; in EKS, map {}", identity.arn, mapped(&identity.arn));
            Ok(((), Finding::ok(detail)))
        });
        clock(app, report);
        let kinds = kind.map_or_else(|| list_resources::types(&connector), |kind| vec![kind]);
        for kind in kinds {
            report.step(kind.id(), || {
                trial::resource(app, profile, &connector, kind)
            });
        }
    }
}

/// Who a connector makes its holder, by asking.
pub(super) fn identity(app: &App, profile: &Profile, name: &str) -> Result<Identity> {
    let connector = profile.connector(name)?;
    let own = own_resource(&connector);
    let session = ask::session(app, name, own)?;
    let site = ask::site(app, profile, &connector)?;
    app.sdk
        .caller_identity(&site, &session, ask::call(app, name))
}

/// The resource to ask for where a session for everything would be refused.
fn own_resource(connector: &Connector) -> Option<Resource> {
    let needs_one =
        matches!(&connector.auth, Auth::FederationToken { policies, .. } if policies.is_empty());
    (needs_one && connector.limit.is_none()).then_some(Resource::AnyBucket)
}

fn session(app: &App, connector: &Connector) -> Result<(Session, Finding)> {
    let session = ask::session(app, &connector.name, own_resource(connector))?;
    let end = session.expires_at.map_or_else(
        || "it does not end".to_owned(),
        |end| format!("ends in {}", expires_in(seconds_until(end, Utc::now()))),
    );
    let length = session
        .session_token
        .as_ref()
        .map_or(0, |token| token.expose().len());
    let finding = if length >= LONG_TOKEN {
        Finding::warning(
            format!(
                "{}; {end}; its session token has {length} characters, and from about 2550 on EKS refuses cluster tokens",
                session.access_key_id
            ),
            "shorten the policy, policy_arns or tags of the connector",
        )
    } else {
        Finding::ok(format!("{}; {end}", session.access_key_id))
    };
    Ok((session, finding))
}

/// What STS or AWS will not enforce, or not allow, for this kind of session.
fn permissions(connector: &Connector, report: &mut Report<'_>) {
    let (policies, cut_down) = match &connector.auth {
        Auth::IamRole { role, .. }
        | Auth::Implicit {
            role: Some(role), ..
        } => (Some(&role.policies), connector.down_scope),
        Auth::FederationToken { policies, .. } => (Some(policies), connector.down_scope),
        _ => (None, false),
    };
    if let Some(policy) = policies.and_then(|policies| policies.inline.as_deref()) {
        let needed = [
            "ecr:GetAuthorizationToken",
            "eks:DescribeCluster",
            "s3:ListBucket",
        ];
        let lacks = policy_lacks(policy, &needed);
        if !lacks.is_empty() {
            report.find(
                "policy",
                Finding::warning(
                    format!(
                        "the connector's own policy does not grant {}",
                        lacks.join(", ")
                    ),
                    "add what its clients need, or remove policy to have it made for each resource",
                ),
            );
        }
    }
    if connector.limit.is_some() && !cut_down {
        report.find(
            "limit",
            Finding::warning(
                "the limit to a resource is kept by aws-connector alone, not by AWS",
                "use iam-role or federation-token without down_scope = false for a limit that AWS keeps",
            ),
        );
    }
    match connector.auth {
        Auth::FederationToken { .. } => report.find(
            "federation",
            Finding::warning(
                "EKS access entries refuse federated users, and IAM's API does too",
                "use iam-role for clusters",
            ),
        ),
        Auth::SessionToken { mfa: None, .. } => report.find(
            "session kind",
            Finding::warning(
                "AWS refuses IAM's API to session-token sessions without MFA",
                "set mfa_serial if the session is to call IAM",
            ),
        ),
        _ => {}
    }
}

/// Reads what lies on this machine, and names what does not.
fn secrets(app: &App, connector: &Connector, report: &mut Report<'_>) {
    let all = secrets_of(&connector.auth);
    if all.is_empty() {
        return;
    }
    report.step("secrets", || {
        for secret in &all {
            local_secret::read(secret, &app.env)?;
        }
        let mut places: Vec<String> = all.iter().map(|secret| secret.describe()).collect();
        places.dedup();
        Ok(((), Finding::ok(format!("from {}", places.join(", ")))))
    });
}

fn secrets_of(auth: &Auth) -> Vec<&SecretRef> {
    fn pair(keys: &KeyPair) -> Vec<&SecretRef> {
        match keys {
            KeyPair::Separate { id, secret } => vec![id, secret],
            KeyPair::Joined(joined) => vec![joined],
        }
    }
    fn of_source(source: &Source) -> Vec<&SecretRef> {
        match source {
            Source::Keys { keys, token } => pair(keys).into_iter().chain(token).collect(),
            _ => Vec::new(),
        }
    }
    match auth {
        Auth::SecretKey { keys } => pair(keys),
        Auth::StsToken { keys, token, .. } => pair(keys).into_iter().chain([token]).collect(),
        Auth::IamRole { source, role } => {
            let mut all = of_source(source);
            all.extend(&role.external_id);
            all
        }
        Auth::SessionToken { source, .. } | Auth::FederationToken { source, .. } => {
            of_source(source)
        }
        Auth::Implicit { role, .. } => role
            .iter()
            .filter_map(|role| role.external_id.as_ref())
            .collect(),
        Auth::Anonymous => Vec::new(),
    }
}

/// Who the source is, where it is a connector of its own.
fn source(app: &App, profile: &Profile, connector: &Connector, report: &mut Report<'_>) {
    let (Auth::IamRole { source, .. }
    | Auth::SessionToken { source, .. }
    | Auth::FederationToken { source, .. }) = &connector.auth
    else {
        return;
    };
    if let Source::Connector(name) = source {
        report.step("source identity", || {
            let identity = identity(app, profile, name)?;
            Ok(((), Finding::ok(format!("'{name}' is {}", identity.arn))))
        });
    }
}

fn clock(app: &App, report: &mut Report<'_>) {
    let Some(date) = app.sdk.server_date() else {
        return;
    };
    let offset = (date.said - date.heard_at).num_seconds();
    if offset.abs() >= 60 {
        report.find(
            "clock",
            Finding::warning(
                format!(
                    "this machine's clock is {} s {} AWS's; aws-connector allows for it, other programs do not",
                    offset.abs(),
                    if offset > 0 { "behind" } else { "ahead of" }
                ),
                "set this machine's clock, for example by NTP",
            ),
        );
    }
}

/// The ARN that EKS's access entries and `aws-auth` know a principal by.
fn mapped(arn: &str) -> String {
    match arn.split_once(":assumed-role/") {
        Some((head, tail)) => format!(
            "{}:role/{}",
            head.replacen(":sts:", ":iam:", 1),
            tail.split('/').next().unwrap_or_default()
        ),
        None => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::mapped;

    #[test]
    fn eks_knows_a_role_without_its_session() {
        assert_eq!(
            mapped("arn:aws:sts::123456789012:assumed-role/dev/alice"),
            "arn:aws:iam::123456789012:role/dev"
        );
        assert_eq!(mapped("arn:aws:iam::1:user/a"), "arn:aws:iam::1:user/a");
    }
}
