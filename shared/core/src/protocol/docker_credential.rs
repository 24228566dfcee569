//! The Docker credential helper: an action as the argument, a server URL or JSON on standard input,
//! responses and errors both on standard output. Source: docker-credential-helpers' `credentials`
//! package, and the Docker CLI's `nativestore`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Input, Output, Protocol, Todo, VERSION, unexpected};
use crate::error::{Error, Kind, Result};
use crate::request::{Client, Request};
use crate::resource::RegistryHost;
use crate::serve::Delivered;
use crate::shown::shown;

/// Makes Docker pull anonymously: only for hosts that are not ECR's.
pub const NOT_FOUND: &str = "credentials not found in native keychain";
/// Another error that Docker recognizes.
pub const NO_SERVER: &str = "no credentials server URL";
/// Another error that Docker recognizes.
pub const NO_USERNAME: &str = "no credentials username";

/// The operation that issues an ECR Public login.
const PUBLIC_LOGIN: &str = "ecr-public:GetAuthorizationToken";

const HELP: &str = "\
A Docker credential helper for Amazon ECR, private and public.

Usage: docker-credential-aws-connector get|store|erase|list|version

  get      reads a registry's URL from standard input, prints its user name and password
  store    accepts 'docker login' for a registry of a connector (stores nothing)
  erase    accepts 'docker logout' (removes nothing)
  list     prints the registries with a cached login
  version  print version

Example, in ~/.docker/config.json:
  { \"credHelpers\": { \"123456789012.dkr.ecr.us-east-1.amazonaws.com\": \"aws-connector\" } }

The connector is the one whose registries name the host or its account, else AWS_CONNECTOR,
else default_connector. Environment: AWS_CONNECTOR_FILE, AWS_CONNECTOR_CACHE_DIR,
  AWS_CONNECTOR_CACHE=off, AWS_CONNECTOR_REFRESH=1, AWS_CONNECTOR_LOG=debug
";

/// The protocol.
#[derive(Debug)]
pub struct DockerCredential;

/// The parts of a request that the response repeats.
#[derive(Clone, Debug)]
pub struct Asked {
    server_url: String,
    public: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials<'a> {
    #[serde(rename = "ServerURL")]
    server_url: &'a str,
    username: &'a str,
    secret: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stored {
    #[serde(rename = "ServerURL", default)]
    server_url: String,
    #[serde(default)]
    username: String,
}

impl Protocol for DockerCredential {
    type Context = Asked;
    const CLIENT: Client = Client::Docker;

    fn parse(input: &Input<'_>) -> Result<Todo<Asked>> {
        let action = match input.args {
            [action] => action.to_string_lossy().into_owned(),
            [] => {
                return Err(Error::usage("an action is required")
                    .fix("call it with get, store, erase, list or version"));
            }
            _ => {
                return Err(Error::usage("only one argument is allowed")
                    .fix("call it with get, store, erase, list or version"));
            }
        };
        match action.as_str() {
            "get" => get(&(input.stdin)()?),
            "store" => store(&(input.stdin)()?),
            "erase" => {
                // Docker calls this for several spellings of one host; nothing is stored, so
                // nothing is erased.
                (input.stdin)()?;
                Ok(Todo::Answer(Output::default()))
            }
            "list" => Ok(Todo::ListRegistries),
            "version" | "--version" | "-v" | "-V" => Ok(Todo::Answer(Output::document(format!(
                "docker-credential-aws-connector {VERSION}\n"
            )))),
            "help" | "--help" | "-h" => Ok(Todo::Answer(Output::document(HELP.to_owned()))),
            other => Err(Error::usage(format!("unknown action {}", shown(other)))
                .fix("call it with get, store, erase, list or version")),
        }
    }

    fn render(asked: &Asked, delivered: &Delivered) -> Result<Output> {
        let Delivered::RegistryLogin(login) = delivered else {
            return Err(unexpected());
        };
        let credentials = Credentials {
            server_url: &asked.server_url,
            username: &login.username,
            secret: login.password.expose(),
        };
        let mut text = serde_json::to_string(&credentials)
            .map_err(|error| Error::local("cannot write the response").because(error))?;
        text.push('\n');
        Ok(Output::document(text))
    }

    fn render_registries(hosts: &[String]) -> Result<Output> {
        let users: BTreeMap<&str, &str> = hosts.iter().map(|host| (&**host, "AWS")).collect();
        let mut text = serde_json::to_string(&users)
            .map_err(|error| Error::local("cannot write the list").because(error))?;
        text.push('\n');
        Ok(Output::document(text))
    }

    fn render_error(asked: Option<&Asked>, error: &Error) -> Output {
        // ECR Public also allows anonymous pulls. If AWS denies the login itself, report that none
        // exists, so that Docker pulls anonymously. A denial of an earlier call (AssumeRole, a
        // wrong MFA code) is an error.
        let refused = error.refusal.as_deref();
        if asked.is_some_and(|asked| asked.public)
            && error.kind == Kind::Denied
            && refused.is_some_and(|refused| refused.operation == PUBLIC_LOGIN)
        {
            return Output {
                stderr: Some(format!("{error}; continuing anonymously")),
                ..not_found()
            };
        }
        Output {
            stdout: format!("{error}\n").into(),
            stderr: None,
            status: 1,
        }
    }
}

fn not_found() -> Output {
    Output {
        stdout: format!("{NOT_FOUND}\n").into(),
        stderr: None,
        status: 1,
    }
}

fn fixed(text: &str) -> Output {
    Output {
        stdout: format!("{text}\n").into(),
        stderr: None,
        status: 1,
    }
}

fn get(stdin: &str) -> Result<Todo<Asked>> {
    let server_url = stdin.trim();
    if server_url.is_empty() {
        return Ok(Todo::Answer(fixed(NO_SERVER)));
    }
    match RegistryHost::parse(server_url) {
        Some(registry) => Ok(Todo::Serve(
            Box::new(Request::registry_login(registry.clone())),
            Asked {
                server_url: server_url.to_owned(),
                public: matches!(registry, RegistryHost::Public(_)),
            },
        )),
        None => Ok(Todo::Answer(not_found())),
    }
}

/// For a host that a connector serves, `docker login` succeeds and changes nothing. For any other
/// host, reporting success would lose the password, because Docker then deletes its own copy.
fn store(stdin: &str) -> Result<Todo<Asked>> {
    // serde would read an array as the fields in order.
    let object = stdin.trim_start().starts_with('{');
    let stored = serde_json::from_str(stdin).ok().filter(|_| object);
    let stored: Stored = stored.ok_or_else(|| {
        // The parser's message could quote the password.
        Error::usage(
            "standard input is not the JSON that 'docker-credential-aws-connector store' expects",
        )
    })?;
    if stored.server_url.trim().is_empty() {
        return Ok(Todo::Answer(fixed(NO_SERVER)));
    }
    if stored.username.trim().is_empty() {
        return Ok(Todo::Answer(fixed(NO_USERNAME)));
    }
    let Some(registry) = RegistryHost::parse(&stored.server_url) else {
        return Err(Error::refused(format!(
            "{} is not an ECR registry, and this helper does not store passwords",
            shown(&stored.server_url)
        ))
        .fix("set aws-connector in credHelpers for the ECR hosts, not as credsStore"));
    };
    Ok(Todo::Accept(Box::new(Request::registry_login(registry))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Reason, Refusal};

    #[test]
    fn the_strings_that_docker_knows_are_these() {
        // docker-credential-helpers compares them literally.
        assert_eq!(NOT_FOUND, "credentials not found in native keychain");
        assert_eq!(NO_SERVER, "no credentials server URL");
        assert_eq!(NO_USERNAME, "no credentials username");
    }

    #[test]
    fn a_denial_at_ecr_public_becomes_an_anonymous_pull_and_no_other_failure_does() {
        let public = Asked {
            server_url: "public.ecr.aws".into(),
            public: true,
        };
        let private = Asked {
            server_url: "x".into(),
            public: false,
        };
        let denied = |operation| {
            Error::new(Kind::Denied, "denied").refusal(Refusal::of(operation, Reason::AccessDenied))
        };
        let (denied, role_denied) = (denied(PUBLIC_LOGIN), denied("sts:AssumeRole"));
        let down = Error::new(Kind::Unavailable, "down");
        let stdout = |asked: &Asked, error: &Error| {
            DockerCredential::render_error(Some(asked), error)
                .stdout
                .trim()
                .to_owned()
        };
        assert_eq!(stdout(&public, &denied), NOT_FOUND);
        assert_eq!(stdout(&public, &down), "down");
        assert_eq!(stdout(&public, &role_denied), role_denied.summary());
        assert_eq!(stdout(&private, &denied), denied.summary());
    }

    #[test]
    fn any_standard_input_gets_an_answer_of_one_line() {
        proptest::proptest!(|(text in "\\PC{0,200}")| {
            if let Ok(Todo::Answer(output)) = get(&text) {
                assert_eq!(output.stdout.lines().count(), 1);
            }
        });
    }
}
