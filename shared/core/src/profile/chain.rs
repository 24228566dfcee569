//! What a connector refers to: source connectors, and the connectors that fetch its secrets.
//! Here a cycle, a missing link and what STS would refuse come out before any call.

use super::connector::{Auth, Connector, KeyPair, Source};
use super::{Profile, SecretRef, limits};
use crate::error::{Error, Result};

/// Checks everything that `connector` refers to, to any depth.
pub(super) fn check(profile: &Profile, connector: &Connector) -> Result<()> {
    walk(profile, connector, &mut vec![connector.name.clone()])
}

fn walk(profile: &Profile, connector: &Connector, path: &mut Vec<String>) -> Result<()> {
    let mut next = Vec::new();
    if let Some(name) = source_connector(&connector.auth) {
        next.push((name.to_owned(), "source_connector"));
    }
    for secret in secrets(&connector.auth) {
        if let SecretRef::Ssm {
            connector: Some(name),
            ..
        } = secret
        {
            next.push((name.clone(), "ssm connector"));
        }
    }
    for (name, field) in next {
        if let Some(start) = path.iter().position(|seen| *seen == name) {
            let mut cycle = path.iter().skip(start).cloned().collect::<Vec<_>>();
            cycle.push(name);
            return Err(Error::profile(format!(
                "connectors refer to each other in a circle: {}",
                cycle.join(" -> ")
            ))
            .of(&connector.name)
            .fix(format!("change one {field} of them")));
        }
        let source = profile
            .connector_alone(&name)
            .map_err(|error| match &error.connector {
                Some(_) => error,
                None => {
                    let what = format!("{field}: {}", error.what);
                    Error { what, ..error }.of(&connector.name)
                }
            })?;
        if !source.enabled {
            return Err(Error::refused(format!("its {field} '{name}' is disabled"))
                .of(&connector.name)
                .fix(format!("set enabled = true in [connectors.{name}]")));
        }
        if field == "source_connector" {
            suits(connector, &source)?;
        } else if matches!(source.auth, Auth::Anonymous) {
            return Err(
                Error::profile(format!("its {field} '{name}' has no credentials"))
                    .of(&connector.name)
                    .fix("name a connector with another auth_method"),
            );
        }
        path.push(name);
        walk(profile, &source, path)?;
        path.pop();
    }
    Ok(())
}

fn source_connector(auth: &Auth) -> Option<&str> {
    match auth {
        Auth::IamRole { source, .. }
        | Auth::SessionToken { source, .. }
        | Auth::FederationToken { source, .. } => match source {
            Source::Connector(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// Every secret of a connector.
fn secrets(auth: &Auth) -> Vec<&SecretRef> {
    fn pair(keys: &KeyPair) -> Vec<&SecretRef> {
        match keys {
            KeyPair::Separate { id, secret } => vec![id, secret],
            KeyPair::Joined(joined) => vec![joined],
        }
    }
    let mut found = match auth {
        Auth::SecretKey { keys } => pair(keys),
        Auth::StsToken { keys, token, .. } => {
            let mut all = pair(keys);
            all.push(token);
            all
        }
        Auth::IamRole { source, .. }
        | Auth::SessionToken { source, .. }
        | Auth::FederationToken { source, .. } => match source {
            Source::Keys { keys, token } => {
                let mut all = pair(keys);
                all.extend(token);
                all
            }
            _ => Vec::new(),
        },
        Auth::Anonymous | Auth::Implicit { .. } => Vec::new(),
    };
    if let Auth::IamRole { role, .. }
    | Auth::Implicit {
        role: Some(role), ..
    } = auth
    {
        found.extend(&role.external_id);
    }
    found
}

/// Whether STS takes `connector`'s call from `source`'s credentials.
fn suits(connector: &Connector, source: &Connector) -> Result<()> {
    let refuse = |what: String, fix: &str| Err(Error::profile(what).of(&connector.name).fix(fix));
    let from = format!("source_connector '{}' ({})", source.name, source.auth.id());
    match source.auth {
        Auth::Anonymous => {
            return refuse(
                format!("{from} has no credentials"),
                "name another connector",
            );
        }
        Auth::FederationToken { .. } => {
            return refuse(
                format!(
                    "{from} cannot be a source: STS lets a federation session do nothing but name itself"
                ),
                "name a connector with another auth_method",
            );
        }
        _ => {}
    }
    match &connector.auth {
        Auth::SessionToken { .. } | Auth::FederationToken { .. } => match source.auth {
            Auth::SecretKey { .. } | Auth::Implicit { role: None, .. } => Ok(()),
            _ => refuse(
                format!(
                    "{} takes an IAM user's own keys only, but {from} gives temporary ones, which STS refuses",
                    connector.auth.id()
                ),
                "name a secret-key connector",
            ),
        },
        Auth::IamRole { role, .. } => {
            let temporary = !matches!(
                source.auth,
                Auth::SecretKey { .. } | Auth::Implicit { role: None, .. }
            );
            if temporary && role.duration > limits::HOUR {
                return refuse(
                    format!(
                        "field 'duration': STS lets temporary keys assume a role for at most 1h (role chaining), and {from} gives temporary keys"
                    ),
                    "set a duration of at most 1h, or use a secret-key source",
                );
            }
            if temporary && role.mfa.is_some() {
                return refuse(
                    format!(
                        "field 'mfa_serial': STS takes an MFA code from a user's own keys only, but {from} gives temporary ones"
                    ),
                    "put mfa_serial on the first connector of the chain (session-token), or use a secret-key source",
                );
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
