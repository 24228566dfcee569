//! `aws-connector completions`

use aws_connector_core::error::Result;
use clap_complete::Shell;

use crate::ui;

/// Generate a shell completion script
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector completions bash \\\n    > ~/.local/share/bash-completion/completions/aws-connector"
)]
pub(crate) struct Args {
    /// Shell to generate it for
    shell: Shell,
}

pub(crate) fn run(mut command: clap::Command, args: &Args) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "aws-connector", &mut script);
    let script = String::from_utf8_lossy(&script);
    match args.shell {
        Shell::Bash => ui::print(&for_bash(&command, &script))?,
        _ => ui::print(&script)?,
    }
    Ok(0)
}

/// Prints the names of all connectors.
const NAMES: &str = r#"_aws_connector_names() {
    aws-connector list --output json 2>/dev/null | sed -n 's/^ *"name": "\([^"]*\)".*/\1/p'
}

"#;

/// Works around <https://github.com/clap-rs/clap/issues/6421>: clap_complete 4.6 spells a command
/// with a dash in two ways, so bash completes nothing after it, and this program's name has a dash.
/// Also offers connector names to the commands that take one.
fn for_bash(command: &clap::Command, script: &str) -> String {
    let wanted = labels_with_name(command, "aws__connector");
    let mut text = NAMES.to_owned();
    let mut wants_name = false;
    for line in script.replace("__subcmd__", "__").split_inclusive('\n') {
        if let Some(label) = line.trim().strip_suffix(')') {
            wants_name = wanted.iter().any(|other| other == label);
        }
        match line.split_once("opts=\"") {
            Some((head, words)) if wants_name => {
                text.push_str(&format!("{head}opts=\"$(_aws_connector_names) {words}"));
            }
            _ => text.push_str(line),
        }
    }
    text
}

/// The labels of the commands that take a connector name, as the script spells them.
fn labels_with_name(command: &clap::Command, path: &str) -> Vec<String> {
    let mut all = Vec::new();
    // `register` takes a new name, so there is nothing to offer.
    let inner = command
        .get_subcommands()
        .filter(|it| it.get_name() != "register");
    for command in inner {
        let label = format!("{path}__{}", command.get_name().replace('-', "__"));
        all.extend(labels_with_name(command, &label));
        if command.get_positionals().any(|arg| arg.get_id() == "name") {
            all.push(label);
        }
    }
    all
}
