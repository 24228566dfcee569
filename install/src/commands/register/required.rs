//! Prompts for required fields without a flag; without a terminal, the error names the flag.

use aws_connector_core::error::Result;
use aws_connector_core::profile::Method;
use toml_edit::Value;

use crate::app::App;
use crate::prompt;
use crate::services::auth_methods;
use crate::services::fields::FieldList;

/// Adds the fields that the auth method requires.
pub(super) fn complete(app: &App, found: &mut FieldList) -> Result<()> {
    if !has(found, "auth_method") {
        let ways = auth_methods::with_sources();
        let method = prompt::choose("--auth-method", "How does it obtain credentials?", &ways)?;
        found.insert(0, ("auth_method".to_owned(), Value::from(method)));
    }
    let method = found
        .iter()
        .find(|(key, _)| key == "auth_method")
        .and_then(|(_, value)| Method::parse(value.as_str()?));
    let ambient = aws_connector_core::ambient::environment_region(&app.env);
    let signs = method != Some(Method::Anonymous);
    if !has(found, "region") && ambient.is_none() && signs && !from_profile(found) {
        ask(found, "region", "--region", "Region")?;
    }
    match method {
        Some(Method::IamRole) => {
            if !has(found, "role_arn") {
                ask(found, "role_arn", "--role-arn", "ARN of the role")?;
            }
            source(found)?;
        }
        Some(Method::SessionToken | Method::FederationToken) => source(found)?,
        Some(Method::SecretKey) => keys(found)?,
        Some(Method::StsToken) => {
            keys(found)?;
            if !has(found, "aws_session_token") {
                secret(found, "aws_session_token", "--token-from", "Session token")?;
            }
        }
        // Parsing the connector reports other missing fields.
        Some(Method::Implicit | Method::Anonymous) | None => {}
    }
    Ok(())
}

fn has(found: &[(String, Value)], key: &str) -> bool {
    found.iter().any(|(name, _)| name == key)
}

/// Whether the region may come from an AWS CLI profile.
fn from_profile(found: &[(String, Value)]) -> bool {
    has(found, "source_profile") || has(found, "profile_name")
}

fn source(found: &mut FieldList) -> Result<()> {
    let given = [
        "source_profile",
        "source_connector",
        "aws_access_key_id",
        "access_keys",
        "web_identity_token_file",
    ];
    if given.iter().any(|key| has(found, key)) {
        return if has(found, "aws_access_key_id") {
            keys(found)
        } else {
            Ok(())
        };
    }
    let ways = [
        ("profile", "the keys of an AWS CLI profile"),
        ("connector", "the session of another connector"),
        ("key", "its own access key"),
    ];
    match prompt::choose(
        "--source-profile (or --source-connector, or --access-key-id)",
        "Which credentials call STS?",
        &ways,
    )? {
        "profile" => ask(
            found,
            "source_profile",
            "--source-profile",
            "AWS CLI profile",
        ),
        "connector" => ask(found, "source_connector", "--source-connector", "Connector"),
        _ => keys(found),
    }
}

fn keys(found: &mut FieldList) -> Result<()> {
    if has(found, "access_keys") {
        return Ok(());
    }
    if !has(found, "aws_access_key_id") {
        ask(
            found,
            "aws_access_key_id",
            "--access-key-id",
            "Access key id",
        )?;
    }
    if !has(found, "aws_secret_access_key") {
        secret(
            found,
            "aws_secret_access_key",
            "--secret-from",
            "Secret access key",
        )?;
    }
    Ok(())
}

fn ask(found: &mut FieldList, key: &str, flag: &str, question: &str) -> Result<()> {
    let text = prompt::text(flag, question)?;
    found.push((key.to_owned(), Value::from(text)));
    Ok(())
}

fn secret(found: &mut FieldList, key: &str, flag: &str, question: &str) -> Result<()> {
    let text = prompt::secret(flag, question)?;
    found.push((key.to_owned(), Value::from(text)));
    Ok(())
}
