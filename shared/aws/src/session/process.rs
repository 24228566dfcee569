//! Runs the `credential_process` of an AWS CLI profile without a shell, and checks its output.

use aws_connector_core::ambient::split_command;
use aws_connector_core::aws::Call;
use aws_connector_core::command;
use aws_connector_core::credential::Session;
use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::mfa::extend_chain;
use aws_connector_core::plan::ProcessPlan;
use aws_connector_core::protocol::credential_process;
use aws_connector_core::shown::shown;

pub(super) fn obtain(env: &Env, plan: &ProcessPlan, call: Call<'_>) -> Result<Session> {
    let argv = split_command(&plan.command)
        .filter(|argv| !argv.is_empty())
        .ok_or_else(|| {
            fail(
                "the command line is empty, or has an unclosed quote or a trailing backslash"
                    .to_owned(),
            )
        })?;
    let chain = extend_chain(env, call.serving, call.connector);
    let output = command::run(&argv, &chain, call.deadline)?;
    let name = argv.first().map_or("", String::as_str);
    credential_process::read(&output, call.now).map_err(|what| {
        fail(format!("command {} {what}", shown(name)))
            .fix("run the command yourself and check its output")
    })
}

fn fail(what: String) -> Error {
    Error::new(Kind::NoCredentials, format!("credential_process: {what}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use chrono::{DateTime, Utc};
    use std::time::{Duration, Instant};

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z")
            .unwrap()
            .to_utc()
    }

    #[test]
    fn the_command_runs_without_a_shell() {
        let plan = |command: &str| ProcessPlan {
            command: command.to_owned(),
            origin: String::new(),
            environment: Vec::new(),
        };
        let call = Call {
            connector: "dev",
            serving: "dev",
            now: now(),
            deadline: Instant::now() + Duration::from_secs(20),
        };
        let document =
            r#"{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"$HOME;x"}"#;
        let session = obtain(
            &Env::fixed([]),
            &plan(&format!("printf %s '{document}'")),
            call,
        )
        .unwrap();
        assert_eq!(session.secret_access_key.expose(), "$HOME;x");
        for bad in ["", "  ", "echo 'x"] {
            let error = obtain(&Env::fixed([]), &plan(bad), call)
                .unwrap_err()
                .to_string();
            assert!(error.contains("command line"), "{error}");
        }
    }
}
