//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    cache, completions, delete, describe, doctor, exec, export, import, list, list_resources,
    list_types, login, man, register, status, update,
};
use crate::ui::Output;

/// AWS credentials for the AWS CLI, Docker and kubectl from one profile file and one cache.
#[derive(Debug, Parser)]
#[command(
    name = "aws-connector",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Start here:\n  aws-connector register dev --auto-configure\n  aws-connector login dev\n  aws-connector verify dev"
)]
pub(crate) struct Cli {
    /// How answers are shown
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "table",
        value_name = "FORM"
    )]
    pub(crate) output: Output,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What it can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    ListTypes(list_types::Args),
    Register(Box<register::Args>),
    Import(import::Args),
    List(list::Args),
    Describe(describe::Args),
    Update(Box<update::Args>),
    Delete(delete::Args),
    Login(login::Args),
    Logout(login::LogoutArgs),
    #[command(visible_alias = "doctor")]
    Verify(doctor::Args),
    ListResources(list_resources::Args),
    Exec(exec::Args),
    Export(export::Args),
    Status(status::Args),
    Cache(cache::Args),
    Completions(completions::Args),
    Man(man::Args),
}
