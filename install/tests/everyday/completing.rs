//! Completion in a real bash.

use std::process::Command;

use crate::support::{Machine, ran};

/// The completions that bash offers for the last word of a line.
fn offered(machine: &Machine, line: &str) -> Vec<String> {
    let script = r#"
        source <(aws-connector completions bash)
        function=$(complete -p aws-connector | sed 's/.*-F \([^ ]*\).*/\1/')
        read -ra COMP_WORDS <<<"$1"
        [[ $1 == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        "$function" aws-connector "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let own = machine.command();
    let shell = ran(Command::new("bash")
        .args(["-c", script, "bash", line])
        .env_clear()
        .envs(
            own.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        ))
    .ok();
    assert_eq!(shell.stderr, "", "{line}");
    shell.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn every_command_completes_its_flags() {
    let machine = Machine::with_connectors();
    let commands = offered(&machine, "aws-connector ");
    for command in ["login", "list-types", "import", "cache"] {
        assert!(commands.contains(&command.to_owned()), "{commands:?}");
    }
    let plain = |word: &&String| !word.starts_with('-') && *word != "help";
    for command in commands.iter().filter(plain) {
        let flags = offered(&machine, &format!("aws-connector {command} -"));
        assert!(
            flags.contains(&"--output".to_owned()),
            "{command}: {flags:?}"
        );
    }
    assert_eq!(offered(&machine, "aws-connector lo"), ["login", "logout"]);
    assert_eq!(
        offered(&machine, "aws-connector login --resource-i"),
        ["--resource-id"]
    );
    assert_eq!(
        offered(&machine, "aws-connector --output "),
        ["table", "json"]
    );
    assert!(offered(&machine, "aws-connector import ").contains(&"aws-profiles".to_owned()));
    let flags = offered(&machine, "aws-connector import lava --source");
    assert_eq!(flags, ["--source-connector"]);
}

#[test]
fn connector_names_are_completed_where_a_command_takes_one() {
    let machine = Machine::with_connectors();
    for command in [
        "login",
        "logout",
        "delete",
        "update",
        "describe",
        "verify",
        "exec",
        "export",
        "list-resources",
    ] {
        assert_eq!(
            offered(&machine, &format!("aws-connector {command} d")),
            ["dev"],
            "{command}"
        );
        let all = offered(&machine, &format!("aws-connector {command} "));
        assert!(all.contains(&"base".to_owned()), "{command}: {all:?}");
        assert!(
            !all.iter().any(|word| word.contains("NAME")),
            "{command}: {all:?}"
        );
    }
    let none = offered(&machine, "aws-connector register d");
    assert_eq!(none, [""], "register takes a new name");
    // An invalid connectors file must not print errors during completion.
    machine.write(".config/aws-connector/connectors.toml", "this is no TOML");
    assert_eq!(offered(&machine, "aws-connector login d"), [""]);
}
