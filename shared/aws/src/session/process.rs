//! The `credential_process` of an AWS CLI profile: run without a shell, believed only so far.

use aws_connector_core::ambient::split_command;
use aws_connector_core::aws::Call;
use aws_connector_core::command;
use aws_connector_core::credential::Session;
use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::mfa::extend_chain;
use aws_connector_core::plan::ProcessPlan;
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::shown;
use chrono::{DateTime, Utc};
use serde_json::Value;

pub(super) fn obtain(env: &Env, plan: &ProcessPlan, call: Call<'_>) -> Result<Session> {
    let argv = split_command(&plan.command)
        .filter(|argv| !argv.is_empty())
        .ok_or_else(|| {
            fail("the command line is empty, or a quote or backslash in it is open".to_owned())
        })?;
    let chain = extend_chain(env, call.connector);
    let output = command::run(&argv, &chain, call.deadline)?;
    let name = argv.first().map_or("", String::as_str);
    read(&output, call.now).map_err(|what| {
        fail(format!("command {} {what}", shown(name)))
            .fix("run the command by hand and see what it prints")
    })
}

fn fail(what: String) -> Error {
    Error::new(Kind::NoCredentials, format!("credential_process: {what}"))
}

/// The session in the output; an error never quotes it.
fn read(output: &[u8], now: DateTime<Utc>) -> std::result::Result<Session, String> {
    let Ok(Value::Object(mut document)) = serde_json::from_slice(output) else {
        return Err("did not print one JSON object".to_owned());
    };
    match document.get("Version") {
        Some(version) if version.as_u64() == Some(1) => {}
        Some(_) => return Err("printed a Version other than 1".to_owned()),
        None => return Err("printed no Version".to_owned()),
    }
    let mut text = |field: &str| match document.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(format!("printed a {field} that is empty or no string")),
    };
    let access_key_id = text("AccessKeyId")?.ok_or("printed no AccessKeyId")?;
    let secret = text("SecretAccessKey")?.map(Secret::new);
    let session_token = text("SessionToken")?.map(Secret::new);
    let account_id = text("AccountId")?;
    let expires_at = match text("Expiration")? {
        None => None,
        Some(text) => Some(
            DateTime::parse_from_rfc3339(&text)
                .map_err(|_| "printed an Expiration that is not RFC 3339")?
                .to_utc(),
        ),
    };
    if let Some(end) = expires_at.filter(|end| *end <= now) {
        let end = end.format("%FT%TZ");
        return Err(format!("printed credentials that expired at {end}"));
    }
    Ok(Session {
        access_key_id,
        secret_access_key: secret.ok_or("printed no SecretAccessKey")?,
        session_token,
        expires_at,
        account_id,
        principal_arn: None,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::time::{Duration, Instant};

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z")
            .unwrap()
            .to_utc()
    }

    fn of(text: &str) -> std::result::Result<Session, String> {
        read(text.as_bytes(), now())
    }

    #[test]
    fn temporary_and_long_lived_keys_are_taken() {
        let session = of(
            r#"{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"s","SessionToken":"t",
                "Expiration":"2026-03-01T14:00:00+01:00","AccountId":"123456789012","x":1}"#,
        )
        .unwrap();
        assert_eq!(session.access_key_id, "ASIA1");
        assert_eq!(
            session.expires_at.unwrap().to_rfc3339(),
            "2026-03-01T13:00:00+00:00"
        );
        assert_eq!(session.account_id.as_deref(), Some("123456789012"));
        let session = of(r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s"}"#).unwrap();
        assert_eq!((session.session_token, session.expires_at), (None, None));
    }

    #[test]
    fn what_is_not_the_document_is_refused_without_quoting_it() {
        for (text, why) in [
            ("", "JSON object"),
            ("s3cret", "JSON object"),
            ("[]", "JSON object"),
            (
                r#"{"AccessKeyId":"A","SecretAccessKey":"s3cret"}"#,
                "no Version",
            ),
            (
                r#"{"Version":2,"AccessKeyId":"A","SecretAccessKey":"s3cret"}"#,
                "other than 1",
            ),
            (
                r#"{"Version":"1","AccessKeyId":"A","SecretAccessKey":"s3cret"}"#,
                "other than 1",
            ),
            (
                r#"{"Version":1,"SecretAccessKey":"s3cret"}"#,
                "no AccessKeyId",
            ),
            (r#"{"Version":1,"AccessKeyId":"A"}"#, "no SecretAccessKey"),
            (
                r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":["s3cret"]}"#,
                "SecretAccessKey",
            ),
            (
                r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s3cret","Expiration":"soon"}"#,
                "RFC 3339",
            ),
            (
                r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s3cret","Expiration":"2026-03-01T11:00:00Z"}"#,
                "expired at 2026-03-01T11:00:00Z",
            ),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn the_command_runs_without_a_shell() {
        let plan = |command: &str| ProcessPlan {
            command: command.to_owned(),
            origin: String::new(),
        };
        let call = Call {
            connector: "dev",
            now: now(),
            deadline: Instant::now() + Duration::from_secs(20),
        };
        let document = r#"{"Version":1,"AccessKeyId":"$HOME;x","SecretAccessKey":"s"}"#;
        let session = obtain(
            &Env::fixed([]),
            &plan(&format!("printf %s '{document}'")),
            call,
        )
        .unwrap();
        assert_eq!(session.access_key_id, "$HOME;x");
        for bad in ["", "  ", "echo 'x"] {
            let error = obtain(&Env::fixed([]), &plan(bad), call)
                .unwrap_err()
                .to_string();
            assert!(error.contains("command line"), "{error}");
        }
    }
}
