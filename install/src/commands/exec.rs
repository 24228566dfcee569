//! `aws-connector exec`

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use aws_connector_core::cache::key;
use aws_connector_core::credential::Session;
use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::log;
use aws_connector_core::plan;
use aws_connector_core::profile::{Auth, Connector, Profile};

use crate::app::App;
use crate::ask;
use crate::wire::{Mode, places, read, replace};

/// Run a command with a connector's credentials
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector exec dev -- aws s3 ls\n  aws-connector exec dev --env -- ./old-tool\n\nThe command gets an AWS configuration of its own that asks aws-connector again whenever the session runs short, so that long jobs go on. Its signals and exit status are its own."
)]
pub(crate) struct Args {
    /// The connector; without it AWS_CONNECTOR or the default
    name: Option<String>,
    /// Hand the credentials over in plain environment variables, which end with the session
    #[arg(long)]
    env: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

/// Where the configurations lie, below the cache's folder.
const FOLDER: &str = "exec";

/// A configuration that nobody began to use for so long is not in use: sessions that it could renew
/// have ended many times.
const LONGEST_UNUSED: Duration = Duration::from_hours(90 * 24);

/// What would come before the configuration that the command is to use.
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

/// What the process that fetches credentials must see as it is here, not as the command sees it.
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
    let (program, rest) = args
        .command
        .split_first()
        .ok_or_else(|| Error::usage("no command is given").fix("write it behind --"))?;
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
    if matches!(connector.auth, Auth::Anonymous) {
        // Nothing to hand over: the command is expected not to sign.
        command.env("AWS_EC2_METADATA_DISABLED", "true");
    } else {
        // Prompts, and says what is wrong, before the command begins.
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
    // From here on this process is the command: signals and exit status need no passing on.
    let error = command.exec();
    // Those of a shell, so that scripts tell them from the command's own.
    let status = if error.kind() == std::io::ErrorKind::NotFound {
        127
    } else {
        126
    };
    let told = Error::usage(format!(
        "{} cannot be started: {error}",
        aws_connector_core::shown::shown(program)
    ))
    .fix("name a program on PATH or by its path");
    log::line(format_args!("{told}"));
    Ok(status)
}

/// Whoever writes to the cache ignores the signal of a limit on files; the command is to get it
/// whether the cache had what it needs or not. `exec` itself restores that of a broken pipe.
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

/// An AWS configuration whose only profile asks us. The same text is the same file, so that nothing
/// has to be cleared away behind a command that replaces this process and may be killed, and another
/// text is another file, so that no command changes what an earlier one goes on with.
fn configuration(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    region: Option<String>,
) -> Result<PathBuf> {
    let name = &connector.name;
    still_the_same_without_variables(app, profile, connector)?;
    let folder = app.paths.cache_folder.as_deref().ok_or_else(|| {
        Error::local("there is no folder for the command's AWS configuration")
            .of(name)
            .fix("set AWS_CONNECTOR_CACHE_DIR, or pass --env")
    })?;
    let mut words = vec!["env".to_owned()];
    for variable in RESTORED {
        match app.env.get(variable) {
            Some(value) => words.push(places::quoted(&format!("{variable}={value}"))),
            None => words.extend(["-u".to_owned(), variable.to_owned()]),
        }
    }
    // `env` takes options before variables only.
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
    let folder = folder.join(FOLDER);
    let path = folder.join(format!("{name}.{:016x}", hasher.finish()));
    let before = read(&path).ok().flatten();
    if before.as_deref() == Some(text.as_str()) {
        // In use again, for those who look for what is not.
        let now = SystemTime::now();
        let _ = File::open(&path).and_then(|file| file.set_modified(now));
    } else {
        replace(&path, before.as_deref(), Some(&text), Mode::Private)
            .map_err(|error| error.fix("pass --env"))?;
    }
    remove(app, |_, unused| unused > LONGEST_UNUSED);
    Ok(path)
}

/// Removes configurations of connectors that are not needed any more, which a function of the
/// connector's name and of the time since its last use decides. What cannot be removed stays.
pub(super) fn remove(app: &App, is_done: impl Fn(&str, Duration) -> bool) {
    let folder = app.paths.cache_folder.as_deref().map(|it| it.join(FOLDER));
    for entry in folder
        .and_then(|it| fs::read_dir(it).ok())
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name().into_string().unwrap_or_default();
        let used = entry.metadata().and_then(|meta| meta.modified()).ok();
        let unused = used
            .and_then(|used| used.elapsed().ok())
            .unwrap_or_default();
        if let Some((connector, _)) = name.rsplit_once('.')
            && is_done(connector, unused)
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Keys in this environment would overrule the command's configuration, so they are hidden from
/// it; a connector that takes them from there could not renew the session.
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
            .and_then(|plan| key::of_session(&plan.session, env))
    };
    match (identity(&app.env), identity(&Env::Fixed(rest))) {
        (Ok(with), Ok(without)) if with == without => Ok(()),
        _ => Err(Error::new(
            Kind::NoCredentials,
            "it takes its keys from AWS_… variables, which the command must not see",
        )
        .of(&connector.name)
        .fix("pass --env, or unset the variables and use an AWS CLI profile")),
    }
}
