//! Output on a terminal: colours, width and progress.

use std::time::Duration;

use aws_standin::{Fault, FaultKind};

use crate::support::Machine;
use crate::terminal::Terminal;

const FILE: &str = ".config/aws-connector/connectors.toml";

#[test]
fn colours_appear_only_on_terminals_that_support_them() {
    let machine = Machine::at_aws();
    let args = ["verify", "dev", "--resource-type", "s3-bucket"];
    let shown = |name: &str, value: &str| {
        let mut command = machine.command();
        Terminal::new(120)
            .run(command.args(args).env(name, value))
            .stdout
    };
    assert!(shown("TERM", "xterm").contains("\u{1b}[32m✓\u{1b}[0m connector"));
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = shown(name, value);
        assert!(
            shown.contains("✓ connector") && !shown.contains('\u{1b}'),
            "{shown:?}"
        );
    }
    let help = |value: &str| {
        let mut command = machine.command();
        Terminal::new(120)
            .run(command.arg("--help").env("NO_COLOR", value))
            .stdout
    };
    assert!(help("").contains('\u{1b}') && !help("1").contains('\u{1b}'));
    // An empty NO_COLOR counts as unset, as no-color.org specifies.
    assert!(shown("NO_COLOR", "").contains("\u{1b}[32m"));
    assert!(!machine.run(&args).stdout.contains('\u{1b}'));
}

#[test]
fn a_table_fits_the_width_of_the_terminal() {
    let machine = Machine::at_aws();
    let text = machine
        .read(FILE)
        .replace("the team's role", "a role with a long description");
    machine.write(FILE, &text);
    let shown = Terminal::new(80).run(machine.command().arg("list")).stdout;
    assert!(shown.lines().count() > 3, "{shown}");
    for line in shown.lines() {
        assert!(line.trim_end().chars().count() <= 80, "{line:?}");
    }
    // Without a terminal each row is one line.
    assert_eq!(machine.run(&["list"]).ok().stdout.lines().count(), 3);
}

#[test]
fn no_width_of_the_terminal_breaks_a_role_arn() {
    let machine = Machine::at_aws();
    let arn = "arn:aws:iam::123456789012:role/dev";
    let text = machine.read(FILE).replace("the team's role", arn);
    machine.write(FILE, &text);
    machine.run(&["export", "dev"]).ok();
    let session = "arn:aws:sts::123456789012:assumed-role/dev/aws-connector-alice";
    for width in [80, 100, 200] {
        for (args, word) in [
            (&["list"][..], arn),
            (&["status"], session),
            (&["verify", "dev", "--no-wiring"], session),
        ] {
            let shown = Terminal::new(width)
                .run(machine.command().args(args))
                .stdout;
            assert!(shown.contains(word), "{args:?} {width}: {shown}");
            for line in shown.lines() {
                // On a busy machine, a step shows its progress first and then clears it.
                let (_, line) = line.rsplit_once("\u{1b}[K").unwrap_or(("", line));
                let line = line
                    .trim_end()
                    .replace("\u{1b}[32m", "")
                    .replace("\u{1b}[31m", "")
                    .replace("\u{1b}[2m", "")
                    .replace("\u{1b}[0m", "");
                assert!(
                    line.chars().count() <= width.into(),
                    "{args:?} {width}: {line}"
                );
            }
        }
    }
}

#[test]
fn progress_is_shown_only_on_a_terminal() {
    let machine = Machine::at_aws();
    machine.standin.fault(Fault {
        service: "eks".to_owned(),
        action: "ListClusters".to_owned(),
        kind: FaultKind::Delay(Duration::from_millis(1500)),
        times: None,
    });
    let args = ["list-resources", "dev"];
    let terminal = Terminal::new(120);
    let child = terminal.start_piped(machine.command().args(args));
    let output = child.wait_with_output().unwrap();
    terminal.await_text("\r⠋ listing …\r");
    terminal.await_text("\r\u{1b}[K");
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(
        answer.contains("s3://data") && !answer.contains("listing"),
        "{answer}"
    );
    let quiet = machine.run(&args).ok();
    assert_eq!(quiet.stderr, "");
}
