//! The command line.

use aws_connector_core::error::Result;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::app::App;
use crate::commands::{
    cache, completions, delete, describe, doctor, exec, export, import, list, list_resources,
    list_types, login, logout, man, register, status, update,
};
use crate::ui::Output;

/// AWS credentials for the AWS CLI, Docker and kubectl
#[derive(Debug, Parser)]
#[command(
    name = "aws-connector",
    version,
    max_term_width = 80,
    after_help = "Example:\n  aws-connector register dev --auto-configure\n  aws-connector login dev\n  aws-connector verify dev"
)]
pub(crate) struct Cli {
    /// Output format: table or json
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "table",
        hide_default_value = true,
        hide_possible_values = true,
        value_name = "FORM"
    )]
    pub(crate) output: Output,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
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
    Logout(logout::Args),
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

impl Command {
    /// Runs the command and returns the exit status.
    pub(crate) fn run(self, app: &App) -> Result<u8> {
        match self {
            Self::ListTypes(args) => list_types::run(app, &args),
            Self::Register(args) => register::run(app, &args),
            Self::Import(args) => import::run(app, &args),
            Self::Update(args) => update::run(app, &args),
            Self::Delete(args) => delete::run(app, &args),
            Self::List(args) => list::run(app, &args),
            Self::Describe(args) => describe::run(app, &args),
            Self::Login(args) => login::run(app, &args),
            Self::Logout(args) => logout::run(app, &args),
            Self::Verify(args) => doctor::run(app, &args),
            Self::ListResources(args) => list_resources::run(app, &args),
            Self::Exec(args) => exec::run(app, &args),
            Self::Export(args) => export::run(app, &args),
            Self::Status(args) => status::run(app, &args),
            Self::Cache(args) => cache::run(app, &args),
            Self::Completions(args) => completions::run(Cli::command(), &args),
            Self::Man(args) => man::run(Cli::command(), &args),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use aws_connector_core::ambient::split_command;
    use clap::CommandFactory as _;

    use super::Cli;

    /// Calls `look` with the help of a command and of all its subcommands.
    fn each(command: &clap::Command, path: &str, look: &mut dyn FnMut(&str, &str)) {
        let words = path.split(' ').chain(["--help"]);
        let help = <Cli as clap::Parser>::try_parse_from(words).unwrap_err();
        look(path, &help.to_string());
        for inner in command.get_subcommands() {
            each(inner, &format!("{path} {}", inner.get_name()), look);
        }
    }

    fn every_help(look: &mut dyn FnMut(&str, &str)) {
        each(&Cli::command(), "aws-connector", look);
    }

    #[test]
    fn every_help_fits_a_screen_of_80_columns() {
        every_help(&mut |path, help| {
            // These have a flag for each field of a connector.
            let most = match path {
                "aws-connector register" | "aws-connector update" => 42,
                "aws-connector" => 33,
                _ => 24,
            };
            let lines = help.trim_end().lines().count();
            assert!(lines <= most, "{path} has {lines} lines\n{help}");
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{path}: {line}");
            }
        });
    }

    #[test]
    fn every_help_has_an_example_that_parses() {
        let mut seen = Vec::new();
        every_help(&mut |path, help| {
            let (_, examples) = help
                .split_once("\nExample:\n")
                .unwrap_or_else(|| panic!("{path} has no example\n{help}"));
            let examples = examples.replace("\\\n", "");
            let examples: Vec<&str> = examples
                .lines()
                .take_while(|line| !line.is_empty())
                .map(|line| line.strip_prefix("  ").unwrap())
                .collect();
            assert!(!examples.is_empty(), "{path}");
            for example in examples {
                // Strip shell syntax around the command.
                let inner = example
                    .split_once("$(")
                    .and_then(|(_, it)| it.split_once(')'));
                let command = inner.map_or(example, |(command, _)| command);
                let command = command.split(['>', '|', '#']).next().unwrap();
                let words = split_command(command).unwrap();
                assert_eq!(words[0], "aws-connector", "{example}");
                if let Err(error) = <Cli as clap::Parser>::try_parse_from(&words) {
                    panic!("{path}: {example}\n{error}");
                }
                seen.push(words.get(1).cloned().unwrap_or_default());
            }
        });
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let known =
                |word: &String| word == name || command.get_all_aliases().any(|a| a == word);
            assert!(seen.iter().any(known), "{name}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
