//! What a connector refers to: source connectors, and the connectors that fetch its secrets.
//! Here a cycle, a missing link and what STS would refuse come out before any call.

use super::connector::{Auth, Connector, KeyPair, Source};
use super::{Profile, SecretRef, limits};
use crate::error::{Kind, Result};

/// Checks everything that `connector` refers to, to any depth.
pub(super) fn check(profile: &Profile, connector: &Connector) -> Result<()> {
    walk(profile, connector, &mut vec![connector.name.clone()])
}

fn walk(profile: &Profile, connector: &Connector, path: &mut Vec<String>) -> Result<()> {
    let mut next = Vec::new();
    if let Some(name) = source_connector(&connector.auth) {
        next.push((name.to_owned(), "source_connector"));
    }
    for (secret_field, secret) in secrets(&connector.auth) {
        if let SecretRef::Ssm {
            connector: Some(name),
            ..
        } = secret
        {
            next.push((name.clone(), secret_field));
        }
    }
    for (name, field) in next {
        if let Some(start) = path.iter().position(|seen| *seen == name) {
            let mut cycle = path.iter().skip(start).cloned().collect::<Vec<_>>();
            cycle.push(name);
            let what = format!("credential loop: {}", cycle.join(" -> "));
            return Err(profile
                .field_error(&connector.name, field, &what)
                .fix("change one of these"));
        }
        let source = profile
            .connector_alone(&name)
            .map_err(|error| match &error.connector {
                Some(_) => error,
                // The error has no connector because the name was not found.
                None => {
                    let mut placed = profile.field_error(&connector.name, field, &error.summary());
                    placed.fix = error.fix;
                    placed
                }
            })?;
        if !source.enabled {
            let mut error =
                profile.field_error(&connector.name, field, &format!("'{name}' is disabled"));
            error.kind = Kind::Refused;
            return Err(error.fix(format!("set enabled = true in [connectors.{name}]")));
        }
        if field == "source_connector" {
            suits(profile, connector, &source)?;
        } else if matches!(source.auth, Auth::Anonymous) {
            return Err(profile
                .field_error(
                    &connector.name,
                    field,
                    &format!("'{name}' has no credentials"),
                )
                .fix("use a connector with another auth_method"));
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

/// The first field that makes us run a command, or read or send something that whoever wrote the
/// file may not be allowed to read: the field, and what is not done with it as root.
pub(super) fn reach(connector: &Connector) -> Option<(&'static str, &'static str)> {
    const COMMAND: &str = "a command is not allowed to run";
    let Connector {
        auth, endpoints, ..
    } = connector;
    let (source, mfa) = match auth {
        Auth::IamRole { source, role } => (Some(source), role.mfa.as_ref()),
        Auth::Implicit { role, .. } => (None, role.as_ref().and_then(|role| role.mfa.as_ref())),
        Auth::SessionToken { source, mfa, .. } => (Some(source), mfa.as_ref()),
        Auth::FederationToken { source, .. } => (Some(source), None),
        Auth::Anonymous | Auth::SecretKey { .. } | Auth::StsToken { .. } => (None, None),
    };
    let secrets = secrets(auth);
    let referred = secrets.iter().find_map(|(field, secret)| {
        let what = match secret {
            SecretRef::Command(_) => COMMAND,
            SecretRef::Env(_) => "an environment variable must not be read",
            SecretRef::File(_) => "a secret file must not be read",
            SecretRef::Keyring(_) => "the keyring must not be read",
            SecretRef::Literal(_) | SecretRef::Ssm { .. } => return None,
        };
        Some((*field, what))
    });
    if referred.is_some() {
        return referred;
    }
    if mfa.is_some_and(|mfa| mfa.process.is_some()) {
        return Some(("mfa_process", COMMAND));
    }
    if matches!(source, Some(Source::WebIdentity { .. })) {
        return Some(("web_identity_token_file", "a token file must not be read"));
    }
    // Ambient credentials may be a bearer token, which STS is sent as it is.
    let ambient = matches!(auth, Auth::Implicit { .. })
        || matches!(source, Some(Source::AwsProfile(_)))
        || secrets.iter().any(|(_, secret)| {
            matches!(
                secret,
                SecretRef::Ssm {
                    connector: None,
                    ..
                }
            )
        });
    let field = match (&endpoints.all, endpoints.by_service.is_empty()) {
        (Some(_), _) => "endpoint_url",
        (None, false) => "endpoints",
        (None, true) => return None,
    };
    ambient.then_some((field, "ambient credentials are not sent to it"))
}

/// Whether the file itself holds something confidential; an access key id is not.
pub(super) fn holds_literal(auth: &Auth) -> bool {
    secrets(auth)
        .into_iter()
        .any(|(field, secret)| field != "aws_access_key_id" && secret.is_literal())
}

/// Every secret of a connector, with its field.
fn secrets(auth: &Auth) -> Vec<(&'static str, &SecretRef)> {
    fn pair(keys: &KeyPair) -> Vec<(&'static str, &SecretRef)> {
        match keys {
            KeyPair::Separate { id, secret } => {
                vec![("aws_access_key_id", id), ("aws_secret_access_key", secret)]
            }
            KeyPair::Joined(joined) => vec![("access_keys", joined)],
        }
    }
    let mut found = match auth {
        Auth::SecretKey { keys } => pair(keys),
        Auth::StsToken { keys, token, .. } => {
            let mut all = pair(keys);
            all.push(("aws_session_token", token));
            all
        }
        Auth::IamRole { source, .. }
        | Auth::SessionToken { source, .. }
        | Auth::FederationToken { source, .. } => match source {
            Source::Keys { keys, token } => {
                let mut all = pair(keys);
                all.extend(token.iter().map(|token| ("aws_session_token", token)));
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
        found.extend(role.external_id.iter().map(|id| ("external_id", id)));
    }
    found
}

/// Whether STS takes `connector`'s call from `source`'s credentials.
fn suits(profile: &Profile, connector: &Connector, source: &Connector) -> Result<()> {
    let refuse = |field: &str, what: &str, fix: &str| {
        Err(profile.field_error(&connector.name, field, what).fix(fix))
    };
    let from = format!("'{}' ({})", source.name, source.auth.id());
    match source.auth {
        Auth::Anonymous => {
            let what = format!("{from} has no credentials");
            return refuse("source_connector", &what, "use another connector");
        }
        Auth::FederationToken { .. } => {
            return refuse(
                "source_connector",
                &format!(
                    "{from} cannot be a source: a federation session can only call \
                     sts:GetCallerIdentity"
                ),
                "use a connector with another auth_method",
            );
        }
        _ => {}
    }
    if let (Some(there), Some(here)) = (source.partition(), connector.partition())
        && there != here
    {
        return refuse(
            "source_connector",
            &format!(
                "{from} is in partition {}, but this connector is in {}",
                there.id(),
                here.id()
            ),
            "use a connector in the same partition",
        );
    }
    let own_keys = matches!(
        source.auth,
        Auth::SecretKey { .. } | Auth::Implicit { role: None, .. }
    );
    match &connector.auth {
        Auth::SessionToken { .. } | Auth::FederationToken { .. } if !own_keys => refuse(
            "source_connector",
            &format!(
                "{} requires an IAM user's long-lived keys, but {from} provides temporary ones",
                connector.auth.id()
            ),
            "use a secret-key connector",
        ),
        Auth::IamRole { role, .. } if !own_keys && role.duration > limits::HOUR => refuse(
            "duration",
            &format!(
                "STS limits role chaining to 1h, and source_connector {from} provides temporary \
                 keys"
            ),
            "set a duration of at most 1h, or use a secret-key source",
        ),
        Auth::IamRole { role, .. } if !own_keys && role.mfa.is_some() => refuse(
            "mfa_serial",
            &format!(
                "STS accepts an MFA code only with a user's long-lived keys, but \
                 source_connector {from} provides temporary ones"
            ),
            "put mfa_serial on the first connector of the chain (session-token), or use a secret-key source",
        ),
        _ => Ok(()),
    }
}
