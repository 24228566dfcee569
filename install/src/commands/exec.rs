//! `aws-connector exec`

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use aws_connector_core::credential::Session;
use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::log;
use aws_connector_core::plan::digest;
use aws_connector_core::planner;
use aws_connector_core::profile::{Connector, Profile};

use crate::app::App;
use crate::services::endpoints::{self, URL};
use crate::services::{calls, connectors, exec_folder, obtain};
use crate::wire::places;

/// Run a command with a connector's credentials
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector exec dev -- aws s3 ls\n  aws-connector exec dev --env -- ./old-tool\n\nThe command runs with an AWS config that gets new credentials before the session expires, so long jobs keep working. Signals and the exit status pass through."
)]
pub(crate) struct Args {
    /// Connector name [default: AWS_CONNECTOR, then default_connector]
    name: Option<String>,
    /// Pass the credentials in environment variables, which expire with the session
    #[arg(long)]
    env: bool,
    /// Command to run, with its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

/// Variables that would take precedence over the command's configuration.
const HIDDEN: [&str; 9] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
];

/// Variables whose current values are passed to the credential process, whatever the environment of
/// the command, besides the endpoints that the command gets.
const RESTORED: [&str; 8] = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
];

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let profile = app.profile()?;
    let name = app.name(args.name.as_deref(), &profile)?;
    let connector = profile.connector(&name)?;
    connectors::require_enabled(&connector)?;
    let (program, rest) = args.command.split_first().ok_or_else(|| {
        Error::usage("a command is required")
            .fix("pass it after --: aws-connector exec NAME -- COMMAND")
    })?;
    let mut command = Command::new(program);
    command.args(rest);
    for name in HIDDEN {
        command.env_remove(name);
    }
    let site = calls::site(app, &profile, &connector).ok();
    if let Some(site) = &site {
        command.env("AWS_REGION", &site.region);
        command.env("AWS_DEFAULT_REGION", &site.region);
    }
    let endpoints = endpoints::variables(app, &connector)?;
    for (name, value) in &endpoints {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("AWS_CONNECTOR", &name);
    if !connector.auth.has_credentials() {
        // With instance metadata turned off, the command finds no credentials and does not sign.
        command.env("AWS_EC2_METADATA_DISABLED", "true");
    } else {
        // Prompts and failures come before the command starts.
        let session = obtain::session(app, &profile, &name, None)?;
        let fixed = !args.env && needs_keys_of_environment(app, &profile, &connector);
        if fixed && session.expires_at.is_some() {
            log::warn(format_args!(
                "connector '{name}': its keys come from AWS_… variables, so the command gets \
                 credentials that are not renewed, as with --env"
            ));
        }
        if args.env || fixed {
            variables(&mut command, &session);
        } else {
            let file = configuration(
                app,
                &connector,
                site.map(|site| site.region),
                endpoints.into_keys(),
            )?;
            command.env("AWS_CONFIG_FILE", file);
            command.env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        }
    }
    heed_file_limits();
    // The command replaces this process, so signals and the exit status need no forwarding.
    let error = command.exec();
    // The exit statuses of a shell, so that scripts can tell them from the command's.
    let status = if error.kind() == std::io::ErrorKind::NotFound {
        127
    } else {
        126
    };
    let told = Error::usage(format!(
        "cannot run {}",
        aws_connector_core::shown::shown(program)
    ))
    .because(error)
    .fix("check the name, or pass the program's full path");
    log::line(format_args!("{told}"));
    Ok(status)
}

/// Restores the default action of SIGXFSZ, which we ignore while writing the cache: the command
/// must behave the same whether or not we wrote it. `exec` restores SIGPIPE itself.
#[expect(unsafe_code, reason = "no safe interface sets how a signal is handled")]
fn heed_file_limits() {
    // SAFETY: the default action takes no handler.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_DFL);
    }
}

fn variables(command: &mut Command, session: &Session) {
    command.env("AWS_ACCESS_KEY_ID", &session.access_key_id);
    command.env("AWS_SECRET_ACCESS_KEY", session.secret_access_key.expose());
    if let Some(token) = &session.session_token {
        command.env("AWS_SESSION_TOKEN", token.expose());
    }
    if let Some(end) = session.expires_at {
        command.env(
            "AWS_CREDENTIAL_EXPIRATION",
            end.format("%FT%TZ").to_string(),
        );
    }
}

/// Writes an AWS config whose only profile calls aws-connector.
fn configuration(
    app: &App,
    connector: &Connector,
    region: Option<String>,
    endpoints: impl Iterator<Item = String>,
) -> Result<PathBuf> {
    let name = &connector.name;
    let mut options = vec!["env".to_owned()];
    let mut words = Vec::new();
    // The command may change AWS_ENDPOINT_URL, which other connectors of the chain may use.
    let restored = RESTORED.into_iter().chain([URL]).map(str::to_owned);
    for variable in restored.chain(endpoints).collect::<BTreeSet<_>>() {
        match app.env.get(&variable) {
            // A line break would start another setting.
            Some(value) if value.contains(char::is_control) => {
                return Err(
                    Error::usage(format!("{variable} contains a control character"))
                        .of(name)
                        .fix(format!("unset {variable}, or pass --env")),
                );
            }
            Some(value) => words.push(places::quoted(&format!("{variable}={value}"))),
            // `env` accepts options only before variables.
            None => options.extend(["-u".to_owned(), variable]),
        }
    }
    words.splice(0..0, options);
    let program = places::binary(app, "aws-connector-credential-process")?;
    words.push(places::quoted(&program.display().to_string()));
    words.extend(["--connector".to_owned(), name.clone()]);
    let mut text = format!("[default]\ncredential_process = {}\n", words.join(" "));
    if let Some(region) = region {
        text.push_str(&format!("region = {region}\n"));
    }
    exec_folder::keep(app, name, &text)
}

/// Whether the connector obtains other credentials, or none, without the keys in the environment.
/// They take precedence over the command's configuration, so they are hidden from the command; a
/// connector that reads them there could not renew the session.
fn needs_keys_of_environment(app: &App, profile: &Profile, connector: &Connector) -> bool {
    let keys = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ];
    if keys.iter().all(|name| app.env.get(name).is_none()) {
        return false;
    }
    let mut rest = app.env.starting_with("");
    rest.retain(|name, _| !keys.contains(&name.as_str()));
    let request = obtain::session_request(&connector.name, None);
    let identity = |env: &Env| {
        planner::make(profile, connector, &request, env)
            .and_then(|plan| digest::of_session(&plan.session, env))
    };
    match (identity(&app.env), identity(&Env::Fixed(rest))) {
        (Ok(with), Ok(without)) => with != without,
        _ => true,
    }
}
