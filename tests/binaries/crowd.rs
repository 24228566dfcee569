//! Many processes at once: one calls AWS, and all of them get the result.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;
use std::time::Duration;

use aws_standin::{Fault, FaultKind};

use crate::support::{Answer, BASE, Binary, REGISTRY, ROLE, Run, SHARED, Token, World, finish};

fn world(connector: &str) -> World {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, connector]);
    // Slow enough that all have started before the first response.
    world.standin.fault(Fault {
        service: "*".to_owned(),
        action: "*".to_owned(),
        kind: FaultKind::Delay(Duration::from_millis(700)),
        times: None,
    });
    world
}

/// Runs fifty processes of all three kinds at once.
fn fifty(world: &World) -> Vec<(Binary, Answer)> {
    let runs: Vec<Run> = (0..50)
        .map(|n| match n % 3 {
            0 => world.credential_process(&[]),
            1 => world.docker("get", REGISTRY),
            _ => world.eks_token(&["--cluster", "prod"]).exec_info("v1"),
        })
        .collect();
    let started: Vec<(Binary, Child)> = runs.into_iter().map(Run::start).collect();
    let finished = started
        .into_iter()
        .map(|(binary, child)| (binary, finish(binary, child)));
    finished.collect()
}

fn of(answers: &[(Binary, Answer)], kind: Binary) -> Vec<&Answer> {
    let mine = answers.iter().filter(|(binary, _)| *binary == kind);
    mine.map(|(_, answer)| answer).collect()
}

/// Checks that the documents of each kind are valid and equal. Returns the access key ids of the session and of the
/// session behind tokens.
#[track_caller]
fn judge(world: &World, answers: &[(Binary, Answer)]) -> (String, String) {
    for (binary, answer) in answers {
        assert_eq!(answer.status, 0, "{binary:?}: {answer:?}");
    }
    let processes = of(answers, Binary::CredentialProcess);
    let dockers = of(answers, Binary::Docker);
    let plugins = of(answers, Binary::EksToken);
    assert_eq!(
        (processes.len(), dockers.len(), plugins.len()),
        (17, 17, 16)
    );
    assert!(
        processes
            .iter()
            .all(|answer| answer.stdout == processes[0].stdout)
    );
    assert!(
        dockers
            .iter()
            .all(|answer| answer.stdout == dockers[0].stdout)
    );
    dockers[0].password();
    let tokens: Vec<Token> = plugins
        .iter()
        .map(|answer| Token::of(answer, "aws"))
        .collect();
    let key = tokens[0].access_key_id().to_owned();
    world.standin.clear_faults();
    for token in &tokens {
        assert_eq!(token.access_key_id(), key);
        let who = token.caller(world, "prod").unwrap();
        assert_eq!(
            who,
            "arn:aws:sts::123456789012:assumed-role/dev/aws-connector-tester"
        );
    }
    (processes[0].session().id, key)
}

#[test]
fn fifty_processes_with_one_shared_session_make_one_call_to_sts_and_one_to_ecr() {
    let world = world(SHARED);
    let answers = fifty(&world);
    assert_eq!((world.sts(), world.ecr(), world.calls()), (1, 1, 2));
    let (session, behind_tokens) = judge(&world, &answers);
    assert_eq!(session, behind_tokens);
}

#[test]
fn fifty_processes_with_down_scoped_sessions_make_one_call_per_scope() {
    let world = world(ROLE);
    let answers = fifty(&world);
    assert_eq!((world.sts(), world.ecr(), world.calls()), (3, 1, 4));
    let (session, behind_tokens) = judge(&world, &answers);
    assert_ne!(session, behind_tokens);
}

#[test]
fn waiting_processes_share_a_failure() {
    let world = world(SHARED);
    world.standin.fault(Fault {
        service: "sts".to_owned(),
        action: "*".to_owned(),
        kind: FaultKind::AccessDenied,
        times: None,
    });
    let hold = || -> Vec<Waiting> {
        // A first command creates the lock, whose name is then known.
        (0..6)
            .map(|_| Waiting::start(world.credential_process(&[])))
            .collect()
    };
    world.standin.clear_faults();
    world.session("dev");
    let entry = world.entry("session");
    std::fs::remove_file(&entry.path).unwrap();
    deny(&world);
    let held = entry.hold();
    let waiting = hold();
    let before = world.sts();
    drop(held);
    let answers: Vec<Answer> = waiting.into_iter().map(Waiting::finish).collect();
    for answer in &answers {
        assert_ne!(answer.status, 0, "{answer:?}");
        assert!(answer.stderr.contains("AccessDenied"), "{answer:?}");
    }
    assert_eq!(world.sts(), before + 1);
    // The next command calls AWS again.
    world.standin.clear_faults();
    world.session("dev");
}

fn deny(world: &World) {
    world.standin.fault(Fault {
        service: "sts".to_owned(),
        action: "*".to_owned(),
        kind: FaultKind::AccessDenied,
        times: None,
    });
}

/// A process that has missed the cache and is about to wait for the lock.
struct Waiting {
    binary: Binary,
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Waiting {
    fn start(run: Run) -> Self {
        let (binary, mut child) = run.env("AWS_CONNECTOR_LOG", "debug").start();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("debug: miss ") {
            line.clear();
            assert_ne!(
                stderr.read_line(&mut line).unwrap(),
                0,
                "it ended before it missed"
            );
        }
        Self {
            binary,
            child,
            stderr,
        }
    }

    fn finish(mut self) -> Answer {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        let mut answer = finish(self.binary, self.child);
        answer.stderr = said;
        answer
    }
}

#[test]
fn simultaneous_forced_refreshes_make_one_call() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, SHARED]);
    let old = world.session("dev");
    let entry = world.entry("session");
    let held = entry.hold();
    let forced = |_| {
        Waiting::start(
            world
                .credential_process(&[])
                .env("AWS_CONNECTOR_REFRESH", "1"),
        )
    };
    let waiting: Vec<Waiting> = (0..8).map(forced).collect();
    // Meanwhile, commands without a forced refresh are served.
    assert_eq!(world.session("dev"), old);
    drop(held);
    let sessions: Vec<_> = waiting
        .into_iter()
        .map(|one| one.finish().session())
        .collect();
    assert!(
        sessions.iter().all(|session| *session == sessions[0]),
        "{sessions:#?}"
    );
    assert_ne!(sessions[0], old);
    assert_eq!(world.sts(), 2);
}

#[test]
fn waiting_processes_name_the_lock_holder() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, SHARED]);
    let old = world.session("dev");
    let entry = world.entry("session");
    std::fs::remove_file(&entry.path).unwrap();
    let held = entry.hold();
    let waiting = Waiting::start(world.credential_process(&[]));
    std::thread::sleep(Duration::from_millis(2500));
    drop(held);
    let answer = waiting.finish();
    assert_ne!(answer.session(), old);
    let told = answer
        .stderr
        .lines()
        .filter(|line| line.contains("waiting for another process"));
    assert_eq!(told.count(), 1, "{answer:?}");
}

#[test]
fn the_wait_for_a_lock_ends_at_lock_timeout() {
    let impatient = [SHARED, "lock_timeout = \"1s\"\n"].concat();
    let world = World::new(&["default_connector = \"dev\"\n", BASE, &impatient]);
    world.session("dev");
    let entry = world.entry("session");
    std::fs::remove_file(&entry.path).unwrap();
    let _held = entry.hold();
    let answer = world.credential_process(&[]).answer();
    answer.session();
    assert!(
        answer
            .stderr
            .contains("timed out waiting for another process after "),
        "{answer:?}"
    );
    assert_eq!(world.sts(), 2);
}

/// A full pipe: writers block until it is read.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    use rustix::fs::{OFlags, fcntl_setfl};
    let (reader, mut writer) = std::io::pipe().unwrap();
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    while std::io::Write::write(&mut writer, &[b'.'; 512]).is_ok() {}
    fcntl_setfl(&writer, OFlags::empty()).unwrap();
    (reader, writer)
}

/// Waits until a process has been blocked for a while.
fn stands_still(pid: u32) {
    let mut still = 0;
    while still < 10 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let state = stat.rsplit(") ").next().unwrap().chars().next();
        still = if state == Some('S') { still + 1 } else { 0 };
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_cache_is_read_again_after_locking() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, SHARED]);
    let (mut reader, writer) = full_pipe();
    // It logs the miss and blocks there until another process has called AWS.
    let late = world
        .credential_process(&[])
        .env("AWS_CONNECTOR_LOG", "debug");
    let late = late.start_with_stderr(writer);
    stands_still(late.id());
    let session = world.session("dev");
    let mut said = Vec::new();
    let reading = std::thread::spawn(move || {
        reader.read_to_end(&mut said).unwrap();
        String::from_utf8(said).unwrap()
    });
    let answer = finish(Binary::CredentialProcess, late);
    let said = reading.join().unwrap();
    assert!(said.contains("debug: miss "), "it was not late: {said}");
    assert_eq!(answer.session(), session);
    assert_eq!(world.sts(), 1);
}
