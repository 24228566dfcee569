//! Renewal in the background: a child process that no client waits for, and that inherits nothing but the lock.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Stdio;

use aws_standin::FaultKind;
use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::support::{Client, House, Run, Started, until};

/// A house with a session due for renewal.
fn due(lines: &str) -> (House, String) {
    let house = House::with(lines);
    let key = Run::of(&mut house.credential_process()).quiet().key();
    house.shelf().make_due();
    house.aws.clear_calls();
    (house, key)
}

fn note(house: &House) -> Value {
    let text = fs::read(house.shelf().lock()).unwrap();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// The process that holds the session's lock.
fn holder(house: &House) -> Option<PathBuf> {
    let pid = note(house)["holder"]["pid"].as_u64()?;
    let process = PathBuf::from(format!("/proc/{pid}"));
    process.exists().then_some(process)
}

#[test]
fn no_process_waits_during_a_renewal() {
    let (house, old) = due("");
    house.slow_sts(2);
    let clients: Vec<_> = (0..60)
        .map(|_| Started::new(house.credential_process().env("AWS_CONNECTOR_LOG", "debug")))
        .collect();
    for client in clients {
        let run = client.wait();
        assert!(Client::CredentialProcess.is_document(&run.stdout));
        assert!(
            run.stderr.contains("debug: hit ") && !run.stderr.contains("miss"),
            "{run:#?}"
        );
    }
    until("the session is renewed", || {
        Run::of(&mut house.credential_process()).quiet().key() != old
    });
    assert_eq!(house.sts_calls(), 1);
    assert_eq!(house.shelf().litter(), Vec::<String>::new());
}

#[test]
fn a_registry_login_is_renewed_in_the_same_way() {
    let house = House::new();
    let first = Run::of(&mut house.client(Client::Docker)).quiet().stdout;
    house.shelf().age("registry-login", 1000);
    let (ecr, sts) = (house.aws.count("ecr", "*"), house.sts_calls());
    let run = Run::of(&mut house.client(Client::Docker)).quiet();
    assert_eq!(run.stdout, first);
    until("the login is renewed", || {
        house.aws.count("ecr", "*") == ecr + 1
    });
    until("it is in the cache", || {
        Run::of(&mut house.client(Client::Docker)).quiet().stdout != first
    });
    assert_eq!(house.sts_calls(), sts);
}

#[test]
fn the_child_inherits_nothing_but_the_lock() {
    let (house, old) = due("");
    house.fault("sts", FaultKind::Hang);
    // The standard streams are pipes, and the caller leaks another descriptor.
    let ours = Client::CredentialProcess.path();
    let marker = house.write("marker", "");
    let script = format!(
        "exec {} --connector dev 9>>{}",
        ours.display(),
        marker.display()
    );
    let mut client = house
        .command("/bin/sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Readers of both streams see end-of-file while the child hangs.
    let (mut document, mut said) = (String::new(), String::new());
    client
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut document)
        .unwrap();
    client
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(
        client.wait().unwrap().success() && document.contains(&old) && said.is_empty(),
        "{said}"
    );

    until("the child asks AWS", || holder(&house).is_some());
    let child = holder(&house).unwrap();
    let open: BTreeSet<String> = fs::read_dir(child.join("fd"))
        .unwrap()
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok())
        .map(|to| to.to_string_lossy().into_owned())
        // Its own connection, and the descriptors that poll it.
        .filter(|to| !to.starts_with("socket:") && !to.starts_with("anon_inode:"))
        .collect();
    let lock = house.shelf().lock().to_string_lossy().into_owned();
    assert_eq!(open, BTreeSet::from(["/dev/null".to_owned(), lock]));
    let stat = fs::read_to_string(child.join("stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let pid = child.file_name().unwrap().to_str().unwrap();
    // The fields after the name: state, parent, group, session, terminal.
    assert_eq!((fields[2], fields[3], fields[4]), (pid, pid, "0"));

    // After it is killed, its lock is free.
    let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    until("it is gone", || {
        holder(&house).is_none() || is_zombie(&child)
    });
    drop(house.shelf().hold());
}

/// Whether a process is a zombie.
fn is_zombie(process: &std::path::Path) -> bool {
    fs::read_to_string(process.join("stat")).map_or(true, |stat| stat.contains(") Z "))
}

#[test]
fn a_failed_renewal_is_not_retried_for_30_seconds() {
    let (house, old) = due("");
    house.fault("sts", FaultKind::AccessDenied);
    Run::of(&mut house.credential_process()).quiet();
    until("the failure is written down", || {
        note(&house)["failure"].is_object()
    });
    for _ in 0..20 {
        assert_eq!(Run::of(&mut house.credential_process()).quiet().key(), old);
    }
    drop(house.shelf().hold());
    assert_eq!(house.sts_calls(), 1);

    // 30 seconds later.
    let mut later = note(&house);
    later["failure"]["ended"] = (Utc::now() - TimeDelta::seconds(31)).to_rfc3339().into();
    fs::write(house.shelf().lock(), later.to_string()).unwrap();
    house.aws.clear_faults();
    Run::of(&mut house.credential_process()).quiet();
    until("it is tried again", || house.sts_calls() == 2);
}

#[test]
fn renewal_can_be_turned_off_by_connector_and_by_environment() {
    let (house, old) = due("refresh_ahead = false");
    assert_eq!(Run::of(&mut house.credential_process()).quiet().key(), old);
    drop(house.shelf().hold());
    assert_eq!(house.sts_calls(), 0);

    let (house, old) = due("");
    let run = Run::of(
        house
            .credential_process()
            .env("AWS_CONNECTOR_REFRESH_AHEAD", "off"),
    );
    assert_eq!(run.quiet().key(), old);
    drop(house.shelf().hold());
    assert_eq!(house.sts_calls(), 0);
}

#[test]
fn a_killed_renewal_is_not_retried_at_each_hit() {
    let (house, old) = due("");
    // After it is killed, no failure is recorded.
    house.fault("sts", FaultKind::Hang);
    Run::of(&mut house.credential_process()).quiet();
    until("a child renews", || holder(&house).is_some());
    let pid = note(&house)["holder"]["pid"].as_i64().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    until("it is gone", || holder(&house).is_none());
    fs::File::options()
        .write(true)
        .open(house.shelf().lock())
        .unwrap()
        .set_len(0)
        .unwrap();
    house.aws.clear_faults();
    for _ in 0..10 {
        assert_eq!(Run::of(&mut house.credential_process()).quiet().key(), old);
    }
    // No renewal is running in the background.
    drop(house.shelf().hold());
    // 30 seconds later.
    let lock = fs::File::options()
        .write(true)
        .open(house.shelf().lock())
        .unwrap();
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(31);
    lock.set_modified(then).unwrap();
    until("it is tried again", || {
        Run::of(&mut house.credential_process()).quiet().key() != old
    });
}

#[test]
fn with_a_full_disk_a_renewal_is_not_retried_at_each_hit() {
    let house = House::new();
    fs::create_dir(house.cache()).unwrap();
    house.set_mode("cache", 0o700);
    let ours = Client::CredentialProcess.path().display().to_string();
    // The disk has room for the entry and its lock only. Ten hits find the entry due for renewal.
    let script = format!(
        "set -e; mount -t tmpfs -o size=64k,mode=0700 tmpfs cache; {ours} --connector dev >first; cd cache; \
         sed -i -E 's/\"refresh_at\":\"[^\"]*\"/\"refresh_at\":\"2020-01-01T00:00:00Z\"/' *.json; chmod 600 *.json; \
         head -c 65536 /dev/zero >full || true; \
         for i in 1 2 3 4 5 6 7 8 9 10; do {ours} --connector dev >../hit; cmp ../first ../hit; sleep 0.2; done"
    );
    let mut command = house.command("unshare");
    let user: &[&str] = if crate::support::is_root() {
        &[]
    } else {
        &["--map-root-user"]
    };
    command
        .args(user)
        .args(["--mount", "/bin/sh", "-c", &script])
        .current_dir(house.path(""));
    let run = Run::of(&mut command);
    assert!(run.status.success(), "{run:#?}");
    assert_eq!(house.sts_calls(), 2, "{run:#?}");
}

#[test]
fn an_entry_in_a_relative_cache_folder_is_renewed_in_place() {
    let house = House::new();
    fs::create_dir(house.path("work")).unwrap();
    let ask = || {
        let mut command = house.credential_process();
        command
            .env("AWS_CONNECTOR_CACHE_DIR", "../cache")
            .current_dir(house.path("work"));
        Run::of(&mut command).quiet().key()
    };
    let old = ask();
    house.shelf().make_due();
    assert_eq!(ask(), old);
    until("it is renewed", || ask() != old);
    assert_eq!(house.sts_calls(), 2);
}
