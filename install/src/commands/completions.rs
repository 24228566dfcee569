//! `aws-connector completions`

use aws_connector_core::error::Result;
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::ui;

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector completions bash \\\n    > ~/.local/share/bash-completion/completions/aws-connector"
)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Cli::command(),
        "aws-connector",
        &mut script,
    );
    ui::print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
