//! `--auto-configure`: derives a connector from the AWS settings of this machine. The connector
//! refers to secrets where they are, unless a flag says where to store them.

use aws_connector_core::ambient;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::local_secret;
use aws_connector_core::plan::{How, KeysPlan, PlannedKeys, PlannedSecret, Site};
use aws_connector_core::profile::{Endpoints, ImplicitSource, Method};
use toml_edit::{InlineTable, Value};

use super::edit::{get, remove, set};
use super::{endpoints, temporary};
use crate::app::App;
use crate::services::fields::{FieldList, Fields};
use crate::wire::{aws_config, places, read_or_empty};

/// Fills in the fields that no flag set.
pub(super) fn complete(app: &App, name: &str, flags: &Fields, found: &mut FieldList) -> Result<()> {
    let named = flags
        .source_profile
        .clone()
        .or_else(|| flags.profile_name.clone());
    let keys_in_env = app.env.get("AWS_ACCESS_KEY_ID").is_some();
    let profile = match named {
        Some(name) => Some(name),
        None if keys_in_env => None,
        None => Some(
            app.env
                .get("AWS_PROFILE")
                .or_else(|| app.env.get("AWS_DEFAULT_PROFILE"))
                .unwrap_or_else(|| "default".to_owned()),
        ),
    };
    let region = ambient::environment_region(&app.env)
        .or_else(|| ambient::profile_region(profile.as_deref(), &app.env));
    if let Some(region) = &region {
        set(found, "region", Value::from(region.as_str()));
    }
    let Some(region) = get(found, "region").or(region) else {
        // A missing profile has no region either: report the missing profile.
        if let Some(profile) = &profile {
            let site = Site::new("us-east-1", &Endpoints::default(), &app.env)?;
            let source = ImplicitSource::Profile(profile.clone());
            if let Err(error) = ambient::resolve(&source, "auto-configure", &site, &app.env) {
                surroundings(app, found, error)?;
            }
        }
        return Err(Error::usage("no region is configured").fix("pass --region"));
    };
    let role_given = get(found, "role_arn").is_some();
    let asked = get(found, "auth_method").and_then(|text| Method::parse(&text));
    let is_stored = flags.secret_store.is_some() || flags.store_plaintext;
    match (asked, profile) {
        (Some(Method::Implicit), None) => {
            if get(found, "profile_name").is_none() {
                set(found, "credential_source", Value::from("Environment"));
            }
            Ok(())
        }
        (Some(Method::Implicit), Some(profile)) => implicit(app, &profile, &region, found),
        (Some(Method::StsToken), profile) => {
            // Derive the connector that obtains the keys, then store what it obtains.
            remove(found, "auth_method");
            match profile {
                None => environment(app, false, found, role_given),
                Some(profile) => from_profile(app, &profile, &region, found, role_given),
            }?;
            let is_triple = get(found, "auth_method").as_deref() == Some(Method::StsToken.id());
            if is_triple && !is_stored {
                return Ok(());
            }
            // The keys are obtained with the endpoints of their profile.
            endpoints::complete(app, flags, found)?;
            temporary::obtain(app, name, found)
        }
        (_, None) => environment(app, is_stored, found, role_given),
        (Some(Method::SecretKey), Some(profile)) => {
            copied(app, &profile, &region, found, role_given)
        }
        (_, Some(profile)) if is_stored => copied(app, &profile, &region, found, role_given),
        (_, Some(profile)) => from_profile(app, &profile, &region, found, role_given),
    }
}

/// Refers to an AWS CLI profile of any kind; a role is assumed with its credentials.
fn implicit(app: &App, profile: &str, region: &str, found: &mut FieldList) -> Result<()> {
    if get(found, "credential_source").is_some() {
        return Ok(());
    }
    let site = Site::new(region, &Endpoints::default(), &app.env)?;
    let source = ImplicitSource::Profile(profile.to_owned());
    if let Err(error) = ambient::resolve(&source, "auto-configure", &site, &app.env) {
        return surroundings(app, found, error);
    }
    remove(found, "source_profile");
    set(found, "profile_name", Value::from(profile));
    Ok(())
}

/// The auth method for keys: with a role, a session of it; else temporary keys unchanged, and for
/// long-lived keys a session of their user. Clients get long-lived keys only on request.
fn method(role_given: bool, temporary: bool) -> Value {
    Value::from(match (role_given, temporary) {
        (true, _) => "iam-role",
        (false, true) => "sts-token",
        (false, false) => "session-token",
    })
}

fn environment(app: &App, is_stored: bool, found: &mut FieldList, role_given: bool) -> Result<()> {
    let mut keys = vec![
        ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
        ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ];
    let temporary = app.env.get("AWS_SESSION_TOKEN").is_some();
    if temporary {
        keys.push(("aws_session_token", "AWS_SESSION_TOKEN"));
    }
    set(found, "auth_method", method(role_given, temporary));
    for (key, variable) in keys {
        let value = match app.env.get(variable) {
            Some(text) if is_stored => Value::from(text),
            _ => {
                let mut table = InlineTable::new();
                table.insert("env", Value::from(variable));
                Value::InlineTable(table)
            }
        };
        set(found, key, value);
    }
    Ok(())
}

/// Copies the keys of an AWS CLI profile.
fn copied(
    app: &App,
    profile: &str,
    region: &str,
    found: &mut FieldList,
    role_given: bool,
) -> Result<()> {
    let site = Site::new(region, &Endpoints::default(), &app.env)?;
    let source = ImplicitSource::Profile(profile.to_owned());
    let step = ambient::resolve(&source, "auto-configure", &site, &app.env)?;
    let is_asked = get(found, "auth_method").is_some();
    let none = || {
        Error::refused(format!(
            "AWS CLI profile '{profile}' has no keys of its own to copy"
        ))
        .fix(if is_asked {
            "pass --auth-method implicit: the connector then refers to the profile"
        } else {
            "omit --secret-store and --store-plaintext: the connector then refers to the profile"
        })
    };
    let How::Keys(KeysPlan {
        keys: PlannedKeys::Separate { id, secret },
        token,
        ..
    }) = step.how
    else {
        return Err(none());
    };
    let read = |secret: PlannedSecret| match secret {
        PlannedSecret::Local(secret) => local_secret::read(&secret, &app.env)?.ok_or_else(none),
        PlannedSecret::Ssm { .. } => Err(none()),
    };
    set(found, "auth_method", method(role_given, token.is_some()));
    remove(found, "source_profile");
    remove(found, "profile_name");
    set(found, "aws_access_key_id", Value::from(read(id)?.expose()));
    set(
        found,
        "aws_secret_access_key",
        Value::from(read(secret)?.expose()),
    );
    if let Some(token) = token {
        set(
            found,
            "aws_session_token",
            Value::from(read(token)?.expose()),
        );
    }
    Ok(())
}

fn from_profile(
    app: &App,
    profile: &str,
    region: &str,
    found: &mut FieldList,
    role_given: bool,
) -> Result<()> {
    let site = Site::new(region, &Endpoints::default(), &app.env)?;
    let source = ImplicitSource::Profile(profile.to_owned());
    let step = match ambient::resolve(&source, "auto-configure", &site, &app.env) {
        Ok(step) => step,
        Err(error) => return surroundings(app, found, error),
    };
    let long_lived = matches!(&step.how, How::Keys(keys) if keys.token.is_none());
    if role_given {
        set(found, "auth_method", Value::from("iam-role"));
        set(found, "source_profile", Value::from(profile));
        return Ok(());
    }
    if long_lived {
        set(found, "auth_method", Value::from("session-token"));
        set(found, "source_profile", Value::from(profile));
        return Ok(());
    }
    if matches!(step.how, How::AssumeRole { .. })
        && get(found, "auth_method").is_none_or(|asked| asked == Method::IamRole.id())
        && role_of(app, profile, found)?
    {
        return Ok(());
    }
    match get(found, "auth_method").and_then(|asked| Method::parse(&asked)) {
        Some(method @ (Method::SessionToken | Method::FederationToken)) => {
            return Err(Error::refused(format!(
                "{} requires long-lived keys, and AWS CLI profile '{profile}' has temporary ones",
                method.id()
            ))
            .fix("use --auth-method implicit, or sts-token to store a copy"));
        }
        Some(Method::IamRole) => {
            set(found, "source_profile", Value::from(profile));
            return Ok(());
        }
        _ => {}
    }
    // The profile renews its temporary keys: read them each time, since a copy would expire.
    set(found, "auth_method", Value::from("implicit"));
    remove(found, "source_profile");
    set(found, "profile_name", Value::from(profile));
    Ok(())
}

/// Copies the role settings of an AWS CLI profile that assumes a role with another profile's keys;
/// returns whether the profile does that.
fn role_of(app: &App, profile: &str, found: &mut FieldList) -> Result<bool> {
    let text = read_or_empty(&places::aws_config(app)?);
    let Some(settings) = aws_config::settings(&text, profile) else {
        return Ok(false);
    };
    let setting = |key: &str| {
        settings
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    let (Some(source), Some(role)) = (setting("source_profile"), setting("role_arn")) else {
        return Ok(false);
    };
    set(found, "auth_method", Value::from("iam-role"));
    remove(found, "source_profile");
    found.push(("source_profile".to_owned(), Value::from(source)));
    set(found, "role_arn", Value::from(role));
    for (key, theirs) in [
        ("external_id", "external_id"),
        ("mfa_serial", "mfa_serial"),
        ("role_session_name", "role_session_name"),
    ] {
        if let Some(value) = setting(theirs) {
            set(found, key, Value::from(value));
        }
    }
    if let Some(seconds) = setting("duration_seconds").and_then(|text| text.parse::<i64>().ok()) {
        set(found, "duration", Value::from(seconds));
    }
    Ok(true)
}

/// Without an AWS CLI profile: another ambient source, pinned by name.
fn surroundings(app: &App, found: &mut FieldList, error: Error) -> Result<()> {
    let set_in_env = |name: &str| app.env.get(name).is_some();
    let source = if set_in_env("AWS_WEB_IDENTITY_TOKEN_FILE") {
        "WebIdentity"
    } else if set_in_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        || set_in_env("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    {
        "EcsContainer"
    } else {
        return Err(Error::new(Kind::NoCredentials, error.summary())
        .context("no credentials found to configure from")
        .fix("run 'aws configure' first, name a profile with --source-profile, or pass --auth-method implicit --credential-source Ec2InstanceMetadata on an EC2 instance"));
    };
    set(found, "auth_method", Value::from("implicit"));
    set(found, "credential_source", Value::from(source));
    Ok(())
}
