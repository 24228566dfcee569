//! MFA codes: one prompt for all waiting processes, only on a terminal, and only in the foreground.

use std::fs;
use std::process::Command;

use aws_standin::{MFA_CODE, MFA_SERIAL};

use crate::support::{Client, House, Run, Started, Terminal, until};

fn house() -> House {
    let house = House::new();
    house.write_connectors(&format!(
        "{}\n[connectors.dev]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n\
         source_connector = \"base\"\nrole_arn = \"arn:aws:iam::123456789012:role/mfa\"\nmfa_serial = \"{MFA_SERIAL}\"\n\
         registries = [\"123456789012\"]\n",
        house.base(),
        house.aws.url()
    ));
    house
}

/// A shell that starts `count` clients at once, each with its own output files, and waits for them.
fn many(house: &House, count: usize) -> Command {
    let ours = Client::CredentialProcess.path();
    let one = |number| format!("{} >out.{number} 2>err.{number} & ", ours.display());
    let script: String = (0..count).map(one).collect();
    let mut command = house.command("/bin/sh");
    command.args(["-c", &format!("{script} wait")]);
    command
}

fn output(house: &House, stream: &str, number: usize) -> String {
    // The shell creates the files one after the other.
    fs::read_to_string(house.home().join(format!("{stream}.{number}"))).unwrap_or_default()
}

/// Waits until all other processes wait for the one that prompts.
fn await_crowd(house: &House, terminal: &Terminal, count: usize) {
    terminal.await_prompt();
    until("all others wait", || {
        let waits =
            |number: &usize| output(house, "err", *number).contains("asking for an MFA code");
        (0..count).filter(waits).count() == count - 1
    });
}

#[test]
fn one_code_serves_all_waiting_processes() {
    let (house, terminal) = (house(), Terminal::new());
    let shell = terminal.start(&many(&house, 12));
    await_crowd(&house, &terminal, 12);
    terminal.type_in(&format!("{MFA_CODE}\n"));
    assert!(shell.wait().status.success());
    for number in 0..12 {
        let document = output(&house, "out", number);
        assert!(
            Client::CredentialProcess.is_document(&document),
            "{}",
            output(&house, "err", number)
        );
    }
    assert_eq!(terminal.prompts(), 1, "{}", terminal.screen());
    assert_eq!(house.aws.count("sts", "GetSessionToken"), 1);
    assert_eq!(house.aws.count("sts", "AssumeRole"), 1);
    // Another scope does not prompt again.
    Run::of(&mut house.client(Client::Docker)).quiet();
    Run::of(&mut house.client(Client::EksToken)).quiet();
    assert_eq!(house.aws.count("sts", "GetSessionToken"), 1);
}

/// Types an input and checks how many calls to AWS it causes.
fn prompts_once(typed: &str, calls: usize) {
    let (house, terminal) = (house(), Terminal::new());
    let shell = terminal.start(&many(&house, 6));
    await_crowd(&house, &terminal, 6);
    terminal.type_in(typed);
    shell.wait();
    for number in 0..6 {
        assert_eq!(output(&house, "out", number), "");
        assert!(
            output(&house, "err", number).contains("connector 'dev': "),
            "{}",
            output(&house, "err", number)
        );
    }
    assert_eq!(terminal.prompts(), 1, "{}", terminal.screen());
    assert_eq!(house.sts_calls(), calls);
}

#[test]
fn no_process_prompts_again_after_a_wrong_code() {
    prompts_once("000000\n", 1);
}

#[test]
fn no_process_prompts_again_after_a_code_of_five_digits() {
    prompts_once("12345\n", 0);
}

#[test]
fn no_process_prompts_again_after_an_empty_line() {
    prompts_once("\n", 0);
}

#[test]
fn a_process_that_cannot_prompt_fails_at_once_and_names_the_one_that_prompts() {
    let (house, terminal) = (house(), Terminal::new());
    let asking = terminal.start(&house.credential_process());
    terminal.await_prompt();
    // The client of one says that it is not interactive; the other has no terminal.
    let mut without = house.command("setsid");
    without.arg("--wait").arg(Client::CredentialProcess.path());
    for command in [&mut house.client(Client::EksToken), &mut without] {
        let run = Run::of(command);
        let line = run.failure();
        assert!(
            line.contains(&format!("pid {} is waiting for an MFA code", asking.pid())),
            "{line}"
        );
        assert!(line.contains("aws-connector login dev"), "{line}");
    }
    terminal.type_in(&format!("{MFA_CODE}\n"));
    asking.wait().document();
}

#[test]
fn without_a_terminal_there_is_no_prompt() {
    let house = house();
    // A new session has no terminal.
    let mut alone = house.command("setsid");
    alone.arg("--wait").arg(Client::CredentialProcess.path());
    let run = Run::of(&mut alone);
    assert!(
        run.failure().contains("aws-connector login dev"),
        "{run:#?}"
    );
    assert_eq!(house.sts_calls(), 0);
}

#[test]
fn a_background_job_does_not_prompt() {
    let (house, terminal) = (house(), Terminal::new());
    let ours = Client::CredentialProcess.path();
    let mut shell = house.command("/bin/bash");
    shell.args([
        "-c",
        &format!("set -m; {} >out.0 2>err.0 & wait", ours.display()),
    ]);
    terminal.start(&shell).wait();
    assert_eq!(
        (terminal.prompts(), output(&house, "out", 0)),
        (0, String::new())
    );
    assert!(
        output(&house, "err", 0).contains("cannot prompt for one here"),
        "{}",
        output(&house, "err", 0)
    );
}

#[test]
fn an_interrupt_at_the_prompt_leaves_nothing_behind() {
    let (house, terminal) = (house(), Terminal::new());
    let asking = terminal.start(&house.credential_process());
    terminal.await_prompt();
    terminal.type_in("\x03");
    let run = asking.wait();
    assert!(!run.status.success() && run.stdout.is_empty(), "{run:#?}");
    assert!(
        !house
            .shelf()
            .names()
            .iter()
            .any(|name| name.ends_with(".tmp"))
    );
    // The next command prompts at once.
    let terminal = Terminal::new();
    let asking = terminal.start(&house.credential_process());
    terminal.await_prompt();
    terminal.type_in(&format!("{MFA_CODE}\n"));
    let run = asking.wait();
    run.document();
    assert!(!run.stderr.contains("waiting"), "{run:#?}");
}

#[test]
fn an_interrupt_during_a_call_to_aws_leaves_nothing_behind() {
    let (house, terminal) = (House::new(), Terminal::new());
    house.fault("sts", aws_standin::FaultKind::Hang);
    let asking = terminal.start(&house.credential_process());
    until("AWS is asked", || !house.shelf().names().is_empty());
    std::thread::sleep(std::time::Duration::from_millis(100));
    terminal.type_in("\x03");
    assert!(!asking.wait().status.success());
    house.aws.clear_faults();
    let next: Run = Started::new(&mut house.credential_process()).wait();
    next.quiet().document();
    assert_eq!(house.shelf().litter(), Vec::<String>::new());
}

#[test]
fn a_renewal_in_the_background_does_not_prompt() {
    let (house, terminal) = (house(), Terminal::new());
    let asking = terminal.start(&house.credential_process());
    terminal.await_prompt();
    terminal.type_in(&format!("{MFA_CODE}\n"));
    let key = asking.wait().quiet().key();
    // The MFA session is gone, and the role's session, obtained with it, is due for renewal.
    let is_of_the_code = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let entry: serde_json::Value = serde_json::from_str(&text).unwrap();
        entry["payload"]["principal_arn"]
            .as_str()
            .is_none_or(|arn| !arn.contains("assumed-role"))
    };
    let sessions = house.shelf().entries("session");
    assert_eq!(sessions.len(), 2);
    let of_the_code = sessions.into_iter().find(is_of_the_code).unwrap();
    fs::remove_file(of_the_code).unwrap();
    house.shelf().make_due();
    let calls = house.sts_calls();
    for _ in 0..5 {
        let hit = terminal.start(&house.credential_process()).wait().quiet();
        assert_eq!(hit.key(), key);
    }
    let lock = house.shelf().lock();
    until("the failure is written down", || {
        fs::read_to_string(&lock).is_ok_and(|note| note.contains("cannot prompt for an MFA code"))
    });
    assert_eq!((terminal.prompts(), house.sts_calls()), (1, calls));
}

#[test]
fn the_prompt_works_on_a_terminal_in_raw_mode() {
    let (house, terminal) = (house(), Terminal::new());
    let mut raw = house.command("/bin/sh");
    let ours = Client::CredentialProcess.path();
    raw.args(["-c", &format!("stty raw; exec {}", ours.display())]);
    let asking = terminal.start(&raw);
    terminal.await_prompt();
    terminal.type_in(&format!("9\u{7f}{MFA_CODE}\r"));
    asking.wait().document();
}
