//! Runs login and logout on the realistic files in `tests/wire_cases`: they restore the file, or
//! refuse to edit it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::support::{Machine, ran};
use crate::wire_cases::{self, Case};
use crate::wiring::{KINDS, login};

fn cases(name: &str) -> Vec<Case> {
    wire_cases::cases(
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire_cases"),
        name,
    )
}

/// Writes a case to a file; returns its content.
fn with(machine: &Machine, file: &str, case: &Case) -> Vec<u8> {
    fs::write(machine.write(file, ""), &case.bytes).unwrap();
    case.bytes.clone()
}

fn has_record(machine: &Machine) -> bool {
    machine.path(".config/aws-connector/wiring.json").exists()
}

/// Runs login twice and logout; describes everything that went wrong.
fn goes_in_and_out(
    machine: &Machine,
    file: &str,
    kind: &str,
    written: &str,
    case: &Case,
) -> Result<(), String> {
    let before = with(machine, file, case);
    let read = || fs::read(machine.path(file)).unwrap_or_default();
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).escape_debug().to_string();
    let first = machine.run(&login(kind));
    let wired = read();
    if first.status != 0 || !String::from_utf8_lossy(&wired).contains(written) {
        return Err(format!("{first:#?}"));
    }
    let second = machine.run(&login(kind)).ok();
    if !second.stdout.starts_with("Already wired") || read() != wired {
        return Err(format!("again: {second:#?}"));
    }
    let mode = fs::metadata(machine.path(file))
        .unwrap()
        .permissions()
        .mode()
        & 0o777;
    assert_eq!(mode, 0o600, "{case:?}");
    let out = machine.run(&["logout", "dev", "--yes"]).ok();
    if read() != before || has_record(machine) {
        return Err(format!(
            "\nbefore {}\nwired  {}\nafter  {}\n{out:#?}",
            show(&before),
            show(&wired),
            show(&read())
        ));
    }
    Ok(())
}

#[test]
fn logout_restores_every_file_byte_for_byte() {
    for (folder, file, kind, written) in KINDS {
        let machine = Machine::with_connectors();
        let cases = cases(folder);
        assert!(cases.len() >= 20, "{folder}: cases are missing");
        let failed: Vec<String> = cases
            .iter()
            .filter_map(|case| {
                let outcome = goes_in_and_out(&machine, file, kind, written, case);
                outcome.err().map(|error| format!("{case:?}: {error}"))
            })
            .collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}

#[test]
fn login_refuses_unparsable_files_and_prints_the_lines_to_add() {
    let machine = Machine::with_connectors();
    for (folder, file, kind, written) in KINDS {
        for case in &cases(&format!("refused/{folder}")) {
            let before = with(&machine, file, case);
            let ran = machine.run(&login(kind));
            assert_eq!(ran.status, 1, "{case:?}: {ran:#?}");
            assert!(
                ran.stderr.contains("Lines to add by hand") && ran.stderr.contains(written),
                "{case:?}: {ran:#?}"
            );
            let path = machine.path(file);
            let (_, error) = ran.stderr.split_once("aws-connector: ").unwrap();
            assert!(
                error.starts_with(path.to_str().unwrap()),
                "{case:?}: {error}"
            );
            assert_eq!(error.lines().count(), 1, "{case:?}: {error}");
            assert_eq!(fs::read(&path).unwrap(), before, "{case:?}");
            // logout succeeds on an invalid file without entries of ours.
            let out = machine.run(&["logout", "dev", "--yes"]);
            let ours = String::from_utf8_lossy(&before).contains("aws-connector-dev");
            assert_eq!(out.status == 0, !ours, "{case:?}: {out:#?}");
            assert_eq!(fs::read(&path).unwrap(), before, "{case:?}");
            fs::remove_file(path).unwrap();
        }
    }
    assert!(!has_record(&machine));
}

#[test]
fn symbolic_links_are_followed_and_kept() {
    for (folder, file, kind, written) in KINDS {
        for (target, link) in [
            ("dotfiles/x", "../dotfiles/x".to_owned()),
            ("elsewhere/deep/x", "../second".to_owned()),
        ] {
            let machine = Machine::with_connectors();
            let case = &cases(folder)[0];
            let before = with(&machine, target, case);
            let path = machine.path(file);
            fs::create_dir(path.parent().unwrap()).unwrap();
            symlink(machine.path(target), machine.path("second")).unwrap();
            symlink(link, &path).unwrap();
            machine.run(&login(kind)).ok();
            assert!(machine.read(target).contains(written), "{file}");
            machine.run(&["logout", "dev", "--yes"]).ok();
            assert_eq!(fs::read(machine.path(target)).unwrap(), before);
            assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        }
    }
}

#[test]
fn login_through_a_dangling_link_creates_the_file_and_logout_removes_it() {
    for (_, file, kind, written) in KINDS {
        let machine = Machine::with_connectors();
        let path = machine.path(file);
        fs::create_dir(path.parent().unwrap()).unwrap();
        symlink("../dotfiles/new", &path).unwrap();
        machine.run(&login(kind)).ok();
        assert!(machine.read("dotfiles/new").contains(written), "{file}");
        machine.run(&["logout", "dev", "--yes"]).ok();
        assert!(!machine.path("dotfiles").exists());
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        // A loop of links is an error, not a hang.
        fs::remove_file(&path).unwrap();
        symlink(path.file_name().unwrap(), &path).unwrap();
        let ran = machine.run(&login(kind));
        assert!(
            ran.status == 1 && ran.stderr.contains("too many links"),
            "{ran:#?}"
        );
    }
}

#[test]
fn with_several_kubeconfigs_the_right_one_is_changed_and_restored() {
    let machine = Machine::with_connectors();
    let all = cases("kube");
    let run = |args: &[&str]| {
        let list =
            ["first", "missing", "last"].map(|name| machine.path(name).display().to_string());
        ran(machine
            .command()
            .env("KUBECONFIG", list.join(":"))
            .args(args))
        .ok()
    };
    for pair in all.windows(2) {
        let first = with(&machine, "first", &pair[0]);
        let last = with(&machine, "last", &pair[1]);
        run(&login("kubernetes-cluster"));
        assert_ne!(fs::read(machine.path("first")).unwrap(), first, "{pair:?}");
        assert_eq!(fs::read(machine.path("last")).unwrap(), last, "{pair:?}");
        run(&["logout", "dev", "--yes"]);
        assert_eq!(fs::read(machine.path("first")).unwrap(), first, "{pair:?}");
        assert!(
            !machine.path("missing").exists() && !has_record(&machine),
            "{pair:?}"
        );
    }
}
