//! Prompts for required fields without a flag; without a terminal, the error names the flag.

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::Method;
use dialoguer::{Input, Password};
use toml_edit::Value;

use crate::app::App;
use crate::commands::list_types;
use crate::profile_file::FieldList;
use crate::ui::{self, Ui};

/// Adds the fields that the auth method requires.
pub(super) fn complete(app: &App, found: &mut FieldList) -> Result<()> {
    if !has(found, "auth_method") {
        let ways = list_types::methods();
        let method = choose("--auth-method", "How does it obtain credentials?", &ways)?;
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
        // Parsing the connector reports anything else.
        Some(Method::Implicit | Method::Anonymous) | None => {}
    }
    Ok(())
}

/// Asks whether to store a secret in the keyring instead of the file.
pub(super) fn keyring_or_clear() -> Result<bool> {
    let ways = [
        ("keyring", "the platform's keyring"),
        ("file", "the connectors file, in plaintext"),
    ];
    let flag = "--secret-store keyring (or --store-plaintext)";
    Ok(choose(flag, "Where should the secret be stored?", &ways)? == "keyring")
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
    match choose(
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

fn cannot(flag: &str) -> Error {
    Error::usage("cannot prompt without a terminal").fix(format!("pass {flag}"))
}

fn unanswered(error: &dialoguer::Error, flag: &str) -> Error {
    Error::usage(format!("no answer: {error}")).fix(format!("pass {flag}"))
}

fn ask(found: &mut FieldList, key: &str, flag: &str, prompt: &str) -> Result<()> {
    if !Ui::can_ask() {
        return Err(cannot(flag));
    }
    let text: String = Input::new()
        .with_prompt(prompt)
        .interact_text()
        .map_err(|error| unanswered(&error, flag))?;
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
        .map_err(|error| unanswered(&error, flag))?;
    found.push((key.to_owned(), Value::from(text.trim())));
    Ok(())
}

/// Asks for one of several choices by name or number. Plain lines, since an interrupted menu leaves
/// the cursor hidden, and screen readers cannot read one.
fn choose<'a>(flag: &str, question: &str, ways: &[(&'a str, &str)]) -> Result<&'a str> {
    if !Ui::can_ask() {
        return Err(cannot(flag));
    }
    let width = ways.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut list = format!("{question}\n");
    for (number, (name, meaning)) in ways.iter().enumerate() {
        list.push_str(&format!("  {}  {name:<width$}  {meaning}\n", number + 1));
    }
    ui::tell(&list);
    let pick = |text: &str| {
        let by_number = text.trim().parse::<usize>().ok();
        let at = by_number.and_then(|number| number.checked_sub(1));
        let by_name = || ways.iter().find(|(name, _)| *name == text.trim());
        at.and_then(|at| ways.get(at)).or_else(by_name)
    };
    let answer: String = Input::new()
        .with_prompt(format!("Number (1-{})", ways.len()))
        .validate_with(|text: &String| match pick(text) {
            Some(_) => Ok(()),
            None => Err("not one of the choices"),
        })
        .interact_text()
        .map_err(|error| unanswered(&error, flag))?;
    let (name, _) = pick(&answer).ok_or_else(|| cannot(flag))?;
    Ok(name)
}
