//! `--auto-configure`: the rules by which what is found becomes a connector. Nothing secret is
//! copied; the connector refers to where the keys lie.

use aws_connector_core::ambient;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::plan::{How, Site};
use aws_connector_core::profile::{Endpoints, ImplicitSource};
use toml_edit::{InlineTable, Value};

use super::fields::Fields;
use crate::app::App;
use crate::profile_file::FieldList;
use crate::wire::{aws_config, places};

/// Fills in what no flag said.
pub(super) fn complete(app: &App, flags: &Fields, found: &mut FieldList) -> Result<()> {
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
    let region = get(found, "region")
        .or(region)
        .ok_or_else(|| Error::usage("no region is configured").fix("pass --region"))?;
    let role_given = get(found, "role_arn").is_some();
    match profile {
        None => environment(app, found, role_given),
        Some(profile) => from_profile(app, &profile, &region, found, role_given),
    }
}

fn environment(app: &App, found: &mut FieldList, role_given: bool) -> Result<()> {
    let temporary = app.env.get("AWS_SESSION_TOKEN").is_some();
    let method = match (role_given, temporary) {
        (true, _) => "iam-role",
        (false, true) => "sts-token",
        (false, false) => "session-token",
    };
    set(found, "auth_method", Value::from(method));
    set(found, "aws_access_key_id", from_env("AWS_ACCESS_KEY_ID"));
    set(
        found,
        "aws_secret_access_key",
        from_env("AWS_SECRET_ACCESS_KEY"),
    );
    if temporary {
        set(found, "aws_session_token", from_env("AWS_SESSION_TOKEN"));
    }
    Ok(())
}

fn from_env(name: &str) -> Value {
    let mut table = InlineTable::new();
    table.insert("env", Value::from(name));
    Value::InlineTable(table)
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
        Err(error) => return surroundings(app, &site, found, error),
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
    if matches!(step.how, How::AssumeRole { .. }) && role_of(app, profile, found)? {
        return Ok(());
    }
    // Temporary keys that the profile renews: taken from there each time, so that they never go
    // stale in a copy.
    set(found, "auth_method", Value::from("implicit"));
    remove(found, "source_profile");
    set(found, "profile_name", Value::from(profile));
    Ok(())
}

/// Takes over a role that an AWS CLI profile assumes by another profile's keys; says whether the
/// profile is of that kind.
fn role_of(app: &App, profile: &str, found: &mut FieldList) -> Result<bool> {
    let text = std::fs::read_to_string(places::aws_config(app)?).unwrap_or_default();
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

/// No AWS CLI profile: what the rest of the surroundings offers, pinned by name.
fn surroundings(app: &App, _: &Site, found: &mut FieldList, error: Error) -> Result<()> {
    let set_in_env = |name: &str| app.env.get(name).is_some();
    let source = if set_in_env("AWS_WEB_IDENTITY_TOKEN_FILE") {
        "WebIdentity"
    } else if set_in_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        || set_in_env("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    {
        "EcsContainer"
    } else {
        return Err(Error::new(
            Kind::NoCredentials,
            format!("nothing to configure from was found: {}", error.what),
        )
        .fix("run 'aws configure' first, name a profile with --source-profile, or pass --auth-method implicit --credential-source Ec2InstanceMetadata on an EC2 instance"));
    };
    set(found, "auth_method", Value::from("implicit"));
    set(found, "credential_source", Value::from(source));
    Ok(())
}

fn get(found: &[(String, Value)], key: &str) -> Option<String> {
    let (_, value) = found.iter().find(|(name, _)| name == key)?;
    value.as_str().map(str::to_owned)
}

/// Sets a field that no flag set.
fn set(found: &mut FieldList, key: &str, value: Value) {
    if !found.iter().any(|(name, _)| name == key) {
        found.push((key.to_owned(), value));
    }
}

fn remove(found: &mut FieldList, key: &str) {
    found.retain(|(name, _)| name != key);
}
