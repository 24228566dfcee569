//! Reads a secret from the output of a command.

use aws_connector_core::aws::Call;
use aws_connector_core::command;
use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::mfa::extend_chain;
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::shown;

pub(super) fn fetch(env: &Env, argv: &[String], call: Call<'_>) -> Result<Secret> {
    let chain = extend_chain(env, call.serving, call.connector);
    let output = command::run(argv, &chain, call.deadline)?;
    let place = format!(
        "the output of command {}",
        shown(argv.first().map_or("", String::as_str))
    );
    let text = std::str::from_utf8(&output)
        .map_err(|_| Error::new(Kind::NoCredentials, format!("{place} is not text")))?;
    super::found(text, &place)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::time::{Duration, Instant};

    use super::*;

    fn run(argv: &[&str]) -> Result<Secret> {
        let call = Call {
            connector: "dev",
            serving: "dev",
            now: chrono::Utc::now(),
            deadline: Instant::now() + Duration::from_secs(20),
        };
        let argv: Vec<_> = argv.iter().map(|&word| word.to_owned()).collect();
        fetch(&Env::fixed([]), &argv, call)
    }

    #[test]
    fn the_output_is_the_secret() {
        assert_eq!(run(&["echo", "a b"]).unwrap().expose(), "a b");
        assert_eq!(
            run(&["sh", "-c", "echo $AWS_CONNECTOR_CHAIN"])
                .unwrap()
                .expose(),
            "dev"
        );
    }

    #[test]
    fn missing_or_non_text_output_is_an_error_that_names_the_command() {
        for argv in [&["true"][..], &["printf", r"\n"], &["printf", r"\377"]] {
            let error = run(argv).unwrap_err();
            assert_eq!(error.kind, Kind::NoCredentials);
            assert!(error.what.contains(argv[0]), "{error}");
        }
    }
}
