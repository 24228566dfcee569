//! install.sh: it leaves what it says, and nothing when it is taken away.

use std::path::Path;
use std::process::Command;

use crate::support::{Machine, Ran, ran};

fn script(machine: &Machine, args: &[&str]) -> Ran {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh");
    ran(Command::new("bash")
        .arg(script)
        .args(args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", machine.home()))
}

#[test]
fn it_installs_twice_and_uninstalls_without_a_trace() {
    let machine = Machine::new();
    let from = machine.path("bin").display().to_string();
    for _ in 0..2 {
        let ran = script(&machine, &["--from", &from]).ok();
        assert!(
            ran.stdout.contains("register dev --auto-configure"),
            "{ran:#?}"
        );
        assert!(ran.stderr.is_empty(), "{ran:#?}");
    }
    for name in [
        "bin/aws-connector",
        "bin/docker-credential-aws-connector",
        "share/man/man1/aws-connector-login.1",
        "share/bash-completion/completions/aws-connector",
    ] {
        assert!(machine.path(".local").join(name).exists(), "{name}");
    }
    machine.write(".local/bin/of-somebody-else", "");
    script(&machine, &["--uninstall"]).ok();
    let left: Vec<_> = std::fs::read_dir(machine.path(".local"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["bin"]);
    assert!(!machine.path(".local/bin/aws-connector").exists());
    assert!(machine.path(".local/bin/of-somebody-else").exists());
}

#[test]
fn it_does_not_leave_other_programs_wired_to_nothing() {
    let machine = Machine::with_connectors();
    let from = machine.path("bin").display().to_string();
    script(&machine, &["--from", &from]).ok();
    let login = [
        "login",
        "dev",
        "--yes",
        "--resource-type",
        "docker-registry",
    ];
    machine.run(&login).ok();
    let refused = script(&machine, &["--uninstall"]);
    assert!(
        refused.status == 1 && refused.stderr.contains("logout NAME"),
        "{refused:#?}"
    );
    machine.run(&["logout", "dev", "--yes"]).ok();
    script(&machine, &["--uninstall", "--purge"]).ok();
    let profile = machine.path(".config/aws-connector/connectors.toml");
    assert!(!profile.exists());
}

#[test]
fn a_folder_without_the_binaries_is_named() {
    let machine = Machine::new();
    let ran = script(&machine, &["--from", "/nowhere"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stderr.contains("/nowhere/aws-connector is not there"),
        "{ran:#?}"
    );
}
