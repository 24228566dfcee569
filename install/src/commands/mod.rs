//! The subcommands, one per file.

pub(crate) mod cache;
pub(crate) mod completions;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod doctor;
pub(crate) mod exec;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod list_resources;
pub(crate) mod list_types;
pub(crate) mod login;
pub(crate) mod man;
pub(crate) mod register;
pub(crate) mod status;
pub(crate) mod update;

use aws_connector_core::error::Result;
use aws_connector_core::resource::ResourceType;

use crate::app::App;
use crate::cli::Command;

/// Runs a command and returns the exit status.
pub(crate) fn run(app: &App, command: Command) -> Result<u8> {
    match command {
        Command::ListTypes(args) => list_types::run(app, &args),
        Command::Register(args) => register::run(app, &args),
        Command::Import(args) => import::run(app, &args),
        Command::Update(args) => update::run(app, &args),
        Command::Delete(args) => delete::run(app, &args),
        Command::List(args) => list::run(app, &args),
        Command::Describe(args) => describe::run(app, &args),
        Command::Login(args) => login::run(app, &args),
        Command::Logout(args) => login::logout(app, &args),
        Command::Verify(args) => doctor::run(app, &args),
        Command::ListResources(args) => list_resources::run(app, &args),
        Command::Exec(args) => exec::run(app, &args),
        Command::Export(args) => export::run(app, &args),
        Command::Status(args) => status::run(app, &args),
        Command::Cache(args) => cache::run(app, &args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}

/// `--resource-type`
pub(crate) fn resource_type(text: &str) -> std::result::Result<ResourceType, String> {
    ResourceType::parse(text).map_err(|error| error.to_string())
}
