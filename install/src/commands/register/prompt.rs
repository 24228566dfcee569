//! What flags left out is asked for, or named by its flag where nobody can be asked.

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::METHODS;
use dialoguer::{Input, Password, Select};
use toml_edit::Value;

use crate::app::App;
use crate::profile_file::FieldList;
use crate::ui::Ui;

/// Completes the fields that every connector of its method needs.
pub(super) fn complete(app: &App, found: &mut FieldList) -> Result<()> {
    if !has(found, "auth_method") {
        let method = choose(
            "--auth-method",
            "How are its credentials obtained?",
            &METHODS,
        )?;
        found.insert(0, ("auth_method".to_owned(), Value::from(method)));
    }
    let method = found
        .iter()
        .find(|(key, _)| key == "auth_method")
        .and_then(|(_, value)| value.as_str())
        .unwrap_or_default()
        .to_owned();
    let ambient = aws_connector_core::ambient::environment_region(&app.env);
    if !has(found, "region") && ambient.is_none() && method != "anonymous" && !from_profile(found) {
        ask(found, "region", "--region", "Region")?;
    }
    match method.as_str() {
        "iam-role" => {
            if !has(found, "role_arn") {
                ask(found, "role_arn", "--role-arn", "ARN of the role")?;
            }
            source(found)?;
        }
        "session-token" | "federation-token" => source(found)?,
        "secret-key" | "sts-token" => {
            keys(found)?;
            if method == "sts-token" && !has(found, "aws_session_token") {
                secret(found, "aws_session_token", "--token-from", "Session token")?;
            }
        }
        // What is missing, or unknown, the profile's reader says best.
        _ => {}
    }
    Ok(())
}

/// Whether a secret goes into the keyring rather than into the file in clear.
pub(super) fn keyring_or_clear() -> Result<bool> {
    let ways = ["in the keyring", "in the profile file, in clear"];
    let flag = "--secret-store keyring (or --store-plaintext)";
    Ok(choose(flag, "Where is the secret to be kept?", &ways)? == ways[0])
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
    ];
    if given.iter().any(|key| has(found, key)) {
        return if has(found, "aws_access_key_id") {
            keys(found)
        } else {
            Ok(())
        };
    }
    let ways = ["an AWS CLI profile", "another connector", "an access key"];
    match choose(
        "--source-profile (or --source-connector, or --access-key-id)",
        "Whose keys make the call?",
        &ways,
    )? {
        "an AWS CLI profile" => ask(
            found,
            "source_profile",
            "--source-profile",
            "AWS CLI profile",
        ),
        "another connector" => ask(found, "source_connector", "--source-connector", "Connector"),
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

fn cannot(flag: &str) -> Error {
    Error::usage("there is no terminal to ask on").fix(format!("pass {flag}"))
}

fn ask(found: &mut FieldList, key: &str, flag: &str, prompt: &str) -> Result<()> {
    if !Ui::can_ask() {
        return Err(cannot(flag));
    }
    let text: String = Input::new()
        .with_prompt(prompt)
        .interact_text()
        .map_err(|_| cannot(flag))?;
    found.push((key.to_owned(), Value::from(text.trim())));
    Ok(())
}

fn secret(found: &mut FieldList, key: &str, flag: &str, prompt: &str) -> Result<()> {
    if !Ui::can_ask() {
        return Err(cannot(flag));
    }
    let text = Password::new()
        .with_prompt(prompt)
        .interact()
        .map_err(|_| cannot(flag))?;
    found.push((key.to_owned(), Value::from(text.trim())));
    Ok(())
}

fn choose<'a>(flag: &str, prompt: &str, ways: &[&'a str]) -> Result<&'a str> {
    if !Ui::can_ask() {
        return Err(cannot(flag));
    }
    let at = Select::new()
        .with_prompt(prompt)
        .items(ways)
        .default(0)
        .interact()
        .map_err(|_| cannot(flag))?;
    ways.get(at).copied().ok_or_else(|| cannot(flag))
}
