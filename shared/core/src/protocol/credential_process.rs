//! `credential_process`: the document that AWS SDKs read from an external process, version 1.
//! Source: botocore's `ProcessProvider`, and the SDK reference on process credential providers.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::flags::Flags;
use super::{Input, Output, Protocol, Todo, VERSION, timestamp, unexpected};
use crate::credential::{Session, are_swapped};
use crate::error::{Error, Result};
use crate::request::{Client, Request, Wants};
use crate::resource::{Resource, ResourceType};
use crate::secret::Secret;
use crate::serve::Delivered;

const HELP: &str = "\
Prints a connector's AWS credentials, for credential_process in ~/.aws/config.

Usage: aws-connector-credential-process [--connector NAME] [--resource-type TYPE [--resource-id ID]]

  --connector NAME      the connector (default: AWS_CONNECTOR, then default_connector)
  --resource-type TYPE  down-scope the session to aws-generic, s3-bucket, kubernetes-cluster
                        or docker-registry
  --resource-id ID      the resource of that type (name, URL or ARN)
  -h, --help            print help
  -V, --version         print version

Example, in ~/.aws/config:
  [profile dev]
  credential_process = /usr/local/bin/aws-connector-credential-process --connector dev

Environment: AWS_CONNECTOR_FILE, AWS_CONNECTOR_CACHE_DIR, AWS_CONNECTOR_CACHE=off,
  AWS_CONNECTOR_REFRESH=1, AWS_CONNECTOR_REFRESH_AHEAD=off, AWS_CONNECTOR_LOG=debug
";

/// The protocol.
#[derive(Debug)]
pub struct CredentialProcess;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
}

impl Protocol for CredentialProcess {
    type Context = ();
    const CLIENT: Client = Client::CredentialProcess;

    fn parse(input: &Input<'_>) -> Result<Todo<()>> {
        let mut flags = Flags::parse(input.args, &["connector", "resource-type", "resource-id"])?;
        if flags.help {
            return Ok(Todo::Answer(Output::document(HELP.to_owned())));
        }
        if flags.version {
            let text = format!("aws-connector-credential-process {VERSION}\n");
            return Ok(Todo::Answer(Output::document(text)));
        }
        let id = flags.take("resource-id");
        let resource = match flags.take("resource-type") {
            Some(name) => {
                let usage = |flag: &str, error: crate::resource::ResourceError| {
                    Error::usage(format!("--{flag}")).because(error)
                };
                let kind = ResourceType::parse(&name).map_err(|e| usage("resource-type", e))?;
                Some(Resource::parse(kind, id.as_deref()).map_err(|e| usage("resource-id", e))?)
            }
            None if id.is_some() => {
                return Err(Error::usage("--resource-id requires --resource-type")
                    .fix("add --resource-type"));
            }
            None => None,
        };
        Ok(Todo::Serve(
            Box::new(Request {
                connector: flags.take("connector"),
                wants: Wants::Session { resource },
                client: Client::CredentialProcess,
                may_prompt: true,
            }),
            (),
        ))
    }

    fn render((): &(), delivered: &Delivered) -> Result<Output> {
        let Delivered::Session(session) = delivered else {
            return Err(unexpected());
        };
        let document = Document {
            version: 1,
            access_key_id: &session.access_key_id,
            secret_access_key: session.secret_access_key.expose(),
            session_token: session.session_token.as_ref().map(|token| token.expose()),
            expiration: session.expires_at.map(timestamp),
            account_id: session.account_id.as_deref(),
        };
        let mut text = serde_json::to_string(&document)
            .map_err(|error| Error::local("cannot write the document").because(error))?;
        text.push('\n');
        Ok(Output::document(text))
    }

    fn render_error(_: Option<&()>, error: &Error) -> Output {
        Output::failure(error)
    }
}

/// Parses such a document from another program's output.
///
/// # Errors
/// The output is not a JSON object of version 1 with valid, unexpired keys. The text completes `the
/// program …` and never quotes the output.
pub fn read(output: &[u8], now: DateTime<Utc>) -> std::result::Result<Session, String> {
    let Ok(Value::Object(mut document)) = serde_json::from_slice(output) else {
        return Err("did not print a JSON object".to_owned());
    };
    match document.get("Version") {
        Some(version) if version.as_u64() == Some(1) => {}
        Some(_) => return Err("printed a Version other than 1".to_owned()),
        None => return Err("printed no Version".to_owned()),
    }
    let mut text = |field: &str| match document.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(format!("printed a {field} that is empty or not a string")),
    };
    let access_key_id = text("AccessKeyId")?.ok_or("printed no AccessKeyId")?;
    let secret = text("SecretAccessKey")?.map(Secret::new);
    let session_token = text("SessionToken")?.map(Secret::new);
    let secret = secret.ok_or("printed no SecretAccessKey")?;
    if are_swapped(&access_key_id, secret.expose()) {
        return Err("printed an AccessKeyId and a SecretAccessKey that look swapped".to_owned());
    }
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
    let session = Session {
        access_key_id,
        secret_access_key: secret,
        session_token,
        expires_at,
        account_id,
        principal_arn: None,
        obtained_at: None,
    };
    match session.flaw() {
        Some(flaw) => Err(format!("printed credentials with {flaw}")),
        None => Ok(session),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::env::Env;

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z")
            .unwrap()
            .to_utc()
    }

    fn of(text: &str) -> std::result::Result<Session, String> {
        read(text.as_bytes(), now())
    }

    #[test]
    fn temporary_and_long_lived_keys_are_accepted() {
        let session = of(
            r#"{"Version":1,"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"s",
                "SessionToken":"t","Expiration":"2026-03-01T14:00:00+01:00","AccountId":"123456789012","x":1}"#,
        )
        .unwrap();
        assert_eq!(session.access_key_id, "ASIAIOSFODNN7EXAMPLE");
        assert_eq!(
            session.expires_at.unwrap().to_rfc3339(),
            "2026-03-01T13:00:00+00:00"
        );
        assert_eq!(session.account_id.as_deref(), Some("123456789012"));
        let session =
            of(r#"{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"s"}"#)
                .unwrap();
        assert_eq!((session.session_token, session.expires_at), (None, None));
    }

    #[test]
    fn an_invalid_document_is_refused_without_quoting_it() {
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
                r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s3cret","AccountId":""}"#,
                "AccountId that is empty",
            ),
            (
                r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s3cret","Expiration":"soon"}"#,
                "RFC 3339",
            ),
            (
                r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s3cret","Expiration":"2026-03-01T11:00:00Z"}"#,
                "expired at 2026-03-01T11:00:00Z",
            ),
            (
                r#"{"Version":1,"AccessKeyId":"s3cret\nIOSFODNN7E","SecretAccessKey":"s"}"#,
                "access key id",
            ),
            (
                r#"{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"s3cret\n"}"#,
                "secret access key",
            ),
            (
                r#"{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"s","SessionToken":"s3cret\n"}"#,
                "session token",
            ),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_resource_id_requires_a_resource_type() {
        let parse = |args: &[&str]| {
            let args: Vec<_> = args.iter().map(|arg| arg.into()).collect();
            CredentialProcess::parse(&Input {
                args: &args,
                env: &Env::fixed([]),
                stdin: &|| Ok(String::new()),
            })
            .map(drop)
        };
        parse(&[]).unwrap();
        parse(&["--resource-type", "s3-bucket", "--resource-id", "logs"]).unwrap();
        let error = parse(&["--resource-id", "logs"]).unwrap_err().to_string();
        assert!(error.contains("requires --resource-type"), "{error}");
    }

    #[test]
    fn registries_are_not_listed_in_this_protocol() {
        CredentialProcess::render_registries(&[]).unwrap_err();
    }
}
