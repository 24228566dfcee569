//! `aws-connector man`

use std::fs;
use std::path::{Path, PathBuf};

use aws_connector_core::error::{Error, Result};

use crate::ui;

/// Print the man page, or write one for each command
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aws-connector man --folder ~/.local/share/man/man1")]
pub(crate) struct Args {
    /// Write aws-connector.1 and aws-connector-COMMAND.1 to this folder
    #[arg(long, value_name = "PATH")]
    folder: Option<PathBuf>,
}

pub(crate) fn run(mut command: clap::Command, args: &Args) -> Result<u8> {
    command.build();
    let failed = |error: std::io::Error| Error::local("cannot write a man page").because(error);
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(failed)?;
        ui::print(&String::from_utf8_lossy(&page))?;
        return Ok(0);
    };
    fs::create_dir_all(folder).map_err(failed)?;
    write(&command, "aws-connector", folder).map_err(failed)?;
    Ok(0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "new files in a folder that the user names"
)]
fn write(command: &clap::Command, name: &str, folder: &Path) -> std::io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .title(name)
        .render(&mut page)?;
    fs::write(folder.join(format!("{name}.1")), page)?;
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        write(inner, &format!("{name}-{}", inner.get_name()), folder)?;
    }
    Ok(())
}
