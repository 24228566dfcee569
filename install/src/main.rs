//! The `aws-connector` command: what sets a machine up, and finds out what is wrong with it.

mod answer_for;
mod app;
mod ask;
mod cli;
mod commands;
mod private_folder;
mod profile_file;
mod progress;
mod registries;
mod ui;
mod wire;

use std::process::ExitCode;

use aws_connector_core::{edge, hand_over, log};
use clap::Parser as _;

fn main() -> ExitCode {
    edge::guard_memory();
    // Before anything else is done, because a client may wait for the answer.
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some(call) = hand_over::read(&args) {
        return answer_for::run(call);
    }
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are "errors" of clap's that belong on standard output.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let app = app::App::new(cli.output);
    match commands::run(&app, cli.command) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            log::line(format_args!("{error}"));
            ExitCode::from(error.exit_status())
        }
    }
}
