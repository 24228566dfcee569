//! The `aws-connector` command: sets up a machine, diagnoses problems, serves the small programs.

#![cfg_attr(
    test,
    expect(clippy::disallowed_methods, reason = "tests open files directly")
)]

mod answer_for;
mod app;
mod cli;
mod commands;
mod private_folder;
mod progress;
mod prompt;
mod services;
mod ui;
mod wire;

use std::process::ExitCode;

use aws_connector_core::{edge, hand_over, log};
use clap::Parser as _;

fn main() -> ExitCode {
    edge::guard_memory();
    // First, because a client is waiting for the answer.
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some(call) = hand_over::read(&args) {
        return answer_for::run(call);
    }
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap reports help and version as errors, which go to standard output.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let app = app::App::new(cli.output);
    match cli.command.run(&app) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            log::line(format_args!("{error}"));
            ExitCode::from(error.exit_status())
        }
    }
}
