//! `aws-standin`: the stand-in as a process, for scripts. It prints one JSON line when it is ready.

#![expect(
    clippy::disallowed_methods,
    reason = "a test server opens files directly"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    reason = "the line on stdout is the interface, and a test server that fails panics"
)]

use aws_standin::{Cluster, Standin};
use lexopt::ValueExt;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
Usage: aws-standin [--port N] [--https-port N] [--ca-file PATH] [--ca-key-file PATH] [--name PATTERN]...
                   [--state FILE] [--max-session-seconds N] [--cluster NAME]... [--until-stdin-closes]

  --ca-file      where the CA certificate is written, PEM
  --ca-key-file  where the CA key is kept, so that the CA stays the same; made if absent
  --name         one more host name to serve certificates for, * allowed
  --state        JSON with more users, roles, clusters and so on
  --cluster      run a Kubernetes API server of that name, and let EKS describe it

Runs until SIGTERM or SIGINT. POST and GET under /_standin/ control it.
";

#[derive(Default)]
struct Options {
    port: u16,
    https_port: u16,
    ca_file: Option<PathBuf>,
    ca_key_file: Option<PathBuf>,
    names: Vec<String>,
    state: Option<PathBuf>,
    max_session_seconds: Option<i64>,
    clusters: Vec<String>,
    until_stdin_closes: bool,
}

fn parse() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::{Long, Short};
    let mut options = Options::default();
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Long("port") => options.port = args.value()?.parse()?,
            Long("https-port") => options.https_port = args.value()?.parse()?,
            Long("ca-file") => options.ca_file = Some(args.value()?.into()),
            Long("ca-key-file") => options.ca_key_file = Some(args.value()?.into()),
            Long("name") => options.names.push(args.value()?.string()?),
            Long("state") => options.state = Some(args.value()?.into()),
            Long("max-session-seconds") => {
                options.max_session_seconds = Some(args.value()?.parse()?)
            }
            Long("cluster") => options.clusters.push(args.value()?.string()?),
            Long("until-stdin-closes") => options.until_stdin_closes = true,
            Long("help") | Short('h') => return Ok(None),
            _ => return Err(arg.unexpected()),
        }
    }
    Ok(Some(options))
}

fn main() -> ExitCode {
    match parse() {
        Ok(Some(options)) => match run(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(told) => {
                eprintln!("aws-standin: {told}");
                ExitCode::FAILURE
            }
        },
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("aws-standin: {error}\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let mut builder = Standin::builder()
        .port(options.port)
        .https_port(options.https_port);
    if let Some(path) = &options.ca_key_file {
        builder = builder.ca_key_file(path);
    }
    for name in &options.names {
        builder = builder.name(name);
    }
    if let Some(path) = &options.state {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let state: Value =
            serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        builder = builder.state(state);
    }
    let standin = builder.start();
    standin.set_max_session_seconds(options.max_session_seconds);
    if let Some(path) = &options.ca_file {
        std::fs::write(path, standin.ca_pem()).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    let clusters: Vec<Cluster> = options
        .clusters
        .iter()
        .map(|name| Cluster::start(&standin, name))
        .collect();
    let urls: serde_json::Map<String, Value> = options
        .clusters
        .iter()
        .cloned()
        .zip(clusters.iter().map(|c| json!(c.url())))
        .collect();
    let ready = json!({
        "url": standin.url(),
        "https_url": standin.https_url(),
        "pid": std::process::id(),
        "ca_file": options.ca_file,
        "clusters": urls
    });
    println!("{ready}");
    // An error means that the parent does not read the line, which is fine.
    let _ = std::io::stdout().flush();
    wait(options.until_stdin_closes);
    Ok(())
}

fn wait(until_stdin_closes: bool) {
    let (closed, closing) = tokio::sync::oneshot::channel::<()>();
    // Without the option the sender stays alive, so that the channel stays open.
    let mut kept = Some(closed);
    if until_stdin_closes {
        let closed = kept.take();
        std::thread::spawn(move || {
            // An error on stdin counts as its end.
            let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
            drop(closed);
        });
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be waited for");
        let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be waited for");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = closing => {}
        }
    });
    drop(kept);
}
