//! Checks what a connector refers to: source connectors, and connectors that fetch its secrets.
//! Detects loops, missing connectors and combinations that STS rejects before any call.

use super::auth::{Auth, Source, Yields};
use super::connector::Connector;
use super::{Profile, SecretRef, field, limits};
use crate::error::{Kind, Result};

/// Checks everything that `connector` refers to, recursively.
pub(super) fn check(profile: &Profile, connector: &Connector) -> Result<()> {
    walk(profile, connector, &mut vec![connector.name.clone()])
}

fn walk(profile: &Profile, connector: &Connector, path: &mut Vec<String>) -> Result<()> {
    let mut next = Vec::new();
    if let Some(name) = connector.auth.source_connector() {
        next.push((name.to_owned(), field::SOURCE_CONNECTOR.name()));
    }
    for (secret_field, secret) in connector.auth.secrets() {
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
        if field == field::SOURCE_CONNECTOR.name() {
            suits(profile, connector, &source)?;
        } else if !source.auth.has_credentials() {
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

/// The first field that would make root run a command, or read or send something that the file's
/// author may not be allowed to read. Returns the field, and what root does not do.
pub(super) fn reach(connector: &Connector) -> Option<(&'static str, &'static str)> {
    const COMMAND: &str = "a command is not allowed to run";
    let Connector {
        auth, endpoints, ..
    } = connector;
    let secrets = auth.secrets();
    let referred = secrets.iter().find_map(|(field, secret)| {
        let what = match secret {
            SecretRef::Command(_) => COMMAND,
            SecretRef::Env(_) => "an environment variable must not be read",
            SecretRef::File(_) => "a secret file must not be read",
            SecretRef::Keyring(_) => "the desktop keyring must not be read",
            SecretRef::Literal(_) | SecretRef::Ssm { .. } => return None,
        };
        Some((*field, what))
    });
    if referred.is_some() {
        return referred;
    }
    if auth.mfa().is_some_and(|mfa| mfa.process.is_some()) {
        return Some((field::MFA_PROCESS.name(), COMMAND));
    }
    if matches!(auth.source(), Some(Source::WebIdentity { .. })) {
        return Some((
            field::WEB_IDENTITY_TOKEN_FILE.name(),
            "a token file must not be read",
        ));
    }
    // Ambient credentials may be a bearer token, which goes to the STS endpoint as is.
    let ambient = auth.is_ambient()
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
        (Some(_), _) => field::ENDPOINT_URL.name(),
        (None, false) => field::ENDPOINTS.name(),
        (None, true) => return None,
    };
    ambient.then_some((field, "ambient credentials are not sent to it"))
}

/// Whether the file itself contains a secret; an access key id is not one.
pub(super) fn holds_literal(auth: &Auth) -> bool {
    auth.secrets()
        .into_iter()
        .any(|(field, secret)| field != field::AWS_ACCESS_KEY_ID.name() && secret.is_literal())
}

/// Whether STS accepts `connector`'s call with `source`'s credentials.
fn suits(profile: &Profile, connector: &Connector, source: &Connector) -> Result<()> {
    let refuse = |field: &str, what: &str, fix: &str| {
        Err(profile.field_error(&connector.name, field, what).fix(fix))
    };
    let from = format!("'{}' ({})", source.name, source.auth.id());
    match source.auth.yields() {
        Yields::Nothing => {
            let what = format!("{from} has no credentials");
            return refuse(
                field::SOURCE_CONNECTOR.name(),
                &what,
                "use another connector",
            );
        }
        Yields::FederationSession => {
            return refuse(
                field::SOURCE_CONNECTOR.name(),
                &format!(
                    "{from} cannot be a source: a federation session can only call \
                     sts:GetCallerIdentity"
                ),
                "use a connector with another auth_method",
            );
        }
        Yields::UserKeys | Yields::Session => {}
    }
    if let (Some(there), Some(here)) = (source.partition(), connector.partition())
        && there != here
    {
        return refuse(
            field::SOURCE_CONNECTOR.name(),
            &format!(
                "{from} is in partition {}, but this connector is in {}",
                there.id(),
                here.id()
            ),
            "use a connector in the same partition",
        );
    }
    if source.auth.yields() == Yields::UserKeys {
        return Ok(());
    }
    let method = connector.auth.method();
    if method.requires_user_keys() {
        return refuse(
            field::SOURCE_CONNECTOR.name(),
            &format!(
                "{} requires an IAM user's long-lived keys, but {from} provides temporary ones",
                method.id()
            ),
            "use a secret-key connector",
        );
    }
    match connector.auth.role() {
        Some(role) if role.duration > limits::HOUR => refuse(
            field::DURATION.name(),
            &format!(
                "STS limits role chaining to 1h, and source_connector {from} provides temporary \
                 keys"
            ),
            "set a duration of at most 1h, or use a secret-key source",
        ),
        Some(role) if role.mfa.is_some() => refuse(
            field::MFA_SERIAL.name(),
            &format!(
                "STS accepts an MFA code only with a user's long-lived keys, but \
                 source_connector {from} provides temporary ones"
            ),
            "put mfa_serial on the first connector of the chain (session-token), or use a secret-key source",
        ),
        _ => Ok(()),
    }
}
