//! `credential_process`: the document that AWS's SDKs read from an external process, version 1.
//! Source: botocore's `ProcessProvider`, and the SDK reference on process credential providers.

use serde::Serialize;

use super::flags::Flags;
use super::{Input, Output, Protocol, Todo, VERSION, timestamp, unexpected};
use crate::error::{Error, Result};
use crate::request::{Client, Request, Wants};
use crate::resource::{Resource, ResourceType};
use crate::serve::Delivered;

const HELP: &str = "\
Prints AWS credentials of a connector, for credential_process in ~/.aws/config.

Usage: aws-connector-credential-process [--connector NAME] [--resource-type TYPE [--resource-id ID]]

  --connector NAME      the connector (default: AWS_CONNECTOR, then default_connector)
  --resource-type TYPE  cut the session down to aws-generic, s3-bucket, kubernetes-cluster
                        or docker-registry
  --resource-id ID      and to one resource of that type (name, URL or ARN)
  -h, --help            this text
  -V, --version         the version

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

    fn parse(input: &Input<'_>) -> Result<Todo<()>> {
        let mut flags = Flags::parse(&input.args, &["connector", "resource-type", "resource-id"])?;
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
                    Error::usage(format!("--{flag}: {error}"))
                };
                let kind = ResourceType::parse(&name).map_err(|e| usage("resource-type", e))?;
                Some(Resource::parse(kind, id.as_deref()).map_err(|e| usage("resource-id", e))?)
            }
            None if id.is_some() => {
                return Err(
                    Error::usage("--resource-id needs --resource-type beside it")
                        .fix("add --resource-type"),
                );
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
            .map_err(|error| Error::local(format!("cannot write the document: {error}")))?;
        text.push('\n');
        Ok(Output::document(text))
    }

    fn render_error(_: Option<&()>, error: &Error) -> Output {
        Output::failure(error)
    }
}
