//! `aws-connector exec`

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use aws_connector_core::credential::Session;
use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::log;
use aws_connector_core::paths::CACHE_VARIABLE;
use aws_connector_core::plan::{self, digest};
use aws_connector_core::profile::{Connector, Profile};

use crate::app::App;
use crate::ask;
use crate::private_folder::PrivateFolder;
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

/// The subfolder of the cache folder for the configurations.
const FOLDER: &str = "exec";

/// A configuration that was last used this long ago is no longer needed: its sessions expired many
/// times over.
const LONGEST_UNUSED: Duration = Duration::from_hours(90 * 24);

/// Variables that take precedence over the command's configuration.
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

/// Variables whose values from here are passed to the credential process, whatever the command's
/// environment.
const RESTORED: [&str; 9] = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
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
    if !connector.enabled {
        return Err(super::list_resources::disabled(&name));
    }
    let (program, rest) = args.command.split_first().ok_or_else(|| {
        Error::usage("a command is required")
            .fix("pass it after --: aws-connector exec NAME -- COMMAND")
    })?;
    let mut command = Command::new(program);
    command.args(rest);
    for name in HIDDEN {
        command.env_remove(name);
    }
    let site = ask::site(app, &profile, &connector).ok();
    if let Some(site) = &site {
        command.env("AWS_REGION", &site.region);
        command.env("AWS_DEFAULT_REGION", &site.region);
    }
    if let Some(url) = &connector.endpoints.all {
        command.env("AWS_ENDPOINT_URL", url);
    }
    command.env("AWS_CONNECTOR", &name);
    if !connector.auth.has_credentials() {
        // Without instance metadata the command finds no credentials and does not sign.
        command.env("AWS_EC2_METADATA_DISABLED", "true");
    } else {
        // Prompts and failures come before the command starts.
        let session = ask::session(app, &name, None)?;
        if args.env {
            variables(&mut command, &session);
        } else {
            let file = configuration(app, &profile, &connector, site.map(|site| site.region))?;
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
        "cannot run {}: {error}",
        aws_connector_core::shown::shown(program)
    ))
    .fix("check the name, or pass the program's full path");
    log::line(format_args!("{told}"));
    Ok(status)
}

/// Restores the default action of SIGXFSZ, which is ignored while the cache is written; the command
/// must not depend on whether that happened. `exec` restores SIGPIPE itself.
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

/// Writes an AWS config whose only profile calls aws-connector. The file name is derived from the
/// text: equal runs share one file, so a command that replaces this process needs no cleanup, and
/// no run changes the file of an earlier one.
fn configuration(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    region: Option<String>,
) -> Result<PathBuf> {
    let name = &connector.name;
    still_the_same_without_variables(app, profile, connector)?;
    let mut words = vec!["env".to_owned()];
    for variable in RESTORED {
        match app.env.get(variable) {
            // A line break would start another setting.
            Some(value) if value.contains(char::is_control) => {
                return Err(
                    Error::usage(format!("{variable} contains a control character"))
                        .of(name)
                        .fix(format!("unset {variable}, or pass --env")),
                );
            }
            Some(value) => words.push(places::quoted(&format!("{variable}={value}"))),
            None => words.extend(["-u".to_owned(), variable.to_owned()]),
        }
    }
    // `env` accepts options only before variables.
    words.sort_by_key(|word| !(word == "env" || word == "-u" || RESTORED.contains(&word.as_str())));
    let program = places::binary(app, "aws-connector-credential-process")?;
    words.push(places::quoted(&program.display().to_string()));
    words.extend(["--connector".to_owned(), name.clone()]);
    let mut text = format!("[default]\ncredential_process = {}\n", words.join(" "));
    if let Some(region) = region {
        text.push_str(&format!("region = {region}\n"));
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let file = format!("{name}.{:016x}", hasher.finish());
    let refused = |why: String| {
        Error::local(format!(
            "cannot write the command's AWS configuration: {why}"
        ))
        .of(name)
        .fix(format!(
            "pass --env, or set {CACHE_VARIABLE} to a folder that only you can change"
        ))
    };
    let cache = app.paths.cache_folder.as_deref();
    let cache = cache.ok_or_else(|| refused("the home folder is unknown".to_owned()))?;
    let folder = PrivateFolder::create(cache)
        .and_then(|cache| cache.folder(FOLDER))
        .map_err(refused)?;
    let path = folder
        .keep(&file, &text)
        .map_err(|error| refused(format!("{}/{FOLDER}: {error}", cache.display())))?;
    folder.remove(|_, unused| unused > LONGEST_UNUSED);
    Ok(path)
}

/// Removes the configurations of a connector, if any.
pub(super) fn remove(app: &App, connector: &str) {
    if let Some(cache) = app.paths.cache_folder.as_deref()
        && let Ok(folder) =
            PrivateFolder::open(cache).and_then(|cache| cache.existing_folder(FOLDER))
    {
        folder.remove(|file, _| {
            file.rsplit_once('.')
                .is_some_and(|(name, _)| name == connector)
        });
    }
}

/// Keys in the environment take precedence over the command's configuration, so they are hidden
/// from the command; a connector that reads them there could not renew the session.
fn still_the_same_without_variables(
    app: &App,
    profile: &Profile,
    connector: &Connector,
) -> Result<()> {
    let keys = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ];
    if keys.iter().all(|name| app.env.get(name).is_none()) {
        return Ok(());
    }
    let rest: std::collections::BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !keys.contains(&name.as_str()))
        .collect();
    let request = ask::session_request(&connector.name, None);
    let identity = |env: &Env| {
        plan::make(profile, connector, &request, env)
            .and_then(|plan| digest::of_session(&plan.session, env))
    };
    match (identity(&app.env), identity(&Env::Fixed(rest))) {
        (Ok(with), Ok(without)) if with == without => Ok(()),
        _ => Err(Error::new(
            Kind::NoCredentials,
            "its keys come from AWS_… variables, which are hidden from the command",
        )
        .of(&connector.name)
        .fix("pass --env, or unset the variables and use an AWS CLI profile")),
    }
}
