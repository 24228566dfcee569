//! kill -9 at every system call: a program is run once to count its system calls, then once for each of them, killed
//! before it.
//!
//! Between two system calls a program changes nothing that outlives it, so this covers every moment of its run.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{
    Client, Event, Run, Stage, State, Tracer, is_exhaustive, issued, kill, mount_small, skip,
};
use crate::table::check_rows;

const ALL: [State; 8] = [
    State::Cold,
    State::Warm,
    State::Due,
    State::Short,
    State::Torn,
    State::Leftovers,
    State::Full,
    State::DueAndFull,
];

const HEAD: &str = "| program | cache | system calls, by process | kills |";

/// Where a run is killed: before the `call`-th call of its `process`-th process, both counted from 0.
#[derive(Clone, Copy, Debug)]
struct Point {
    process: usize,
    call: usize,
}

/// A run that may have been killed.
struct Cut {
    run: Run,
    /// How many calls each of its processes made.
    calls: Vec<usize>,
    killed: bool,
    /// Whether one of them connected to AWS.
    connected: bool,
}

/// Runs a client and kills it at a point.
fn cut(tracer: &mut Tracer, stage: &Stage, client: Client, at: Option<Point>) -> Cut {
    let started = tracer
        .start(&mut stage.house.client(client))
        .expect("a program");
    let first = started.pid().cast_signed();
    let mut order = BTreeMap::from([(first, 0)]);
    let (mut calls, mut killed, mut status) = (vec![0], false, None);
    let mut connected = false;
    tracer.resume(first);
    while let Some(event) = tracer.next() {
        match event {
            Event::Enter(call) => {
                let process = order[&call.pid];
                let is_it = |at: Point| at.process == process && at.call == calls[process];
                if !killed && at.is_some_and(is_it) {
                    killed = true;
                    kill(call.pid);
                    continue;
                }
                calls[process] += 1;
                connected |= call.number == libc::SYS_connect;
                tracer.resume(call.pid);
            }
            Event::Leave { pid, .. } => tracer.resume(pid),
            Event::Started { pid, .. } => {
                order.insert(pid, calls.len());
                calls.push(0);
            }
            Event::Ended { pid, status: end } if pid == first => status = Some(end),
            Event::Ended { .. } | Event::Execed { .. } => {}
        }
    }
    Cut {
        run: started.ended(status.expect("it has ended")),
        calls,
        killed,
        connected,
    }
}

/// Calls to STS and to ECR.
fn asked(stage: &Stage) -> (usize, usize) {
    let aws = &stage.house.aws;
    (aws.count("sts", "*"), aws.count("ecr", "*"))
}

/// Kills a run at one point and checks what it leaves behind. Returns whether the run got to that point.
fn try_point(tracer: &mut Tracer, stage: &Stage, client: Client, state: State, at: Point) -> bool {
    let context = || {
        format!(
            "{client:?}, {}: killed at {at:?}; cache: {:?}",
            state.words(),
            stage.house.shelf().names()
        )
    };
    stage.set(state);
    let cut = cut(tracer, stage, client, Some(at));
    if cut.connected {
        stage.settle();
    }
    let whole = |run: &Run| issued(&stage.house, client, &run.stdout, "dev");
    assert!(
        cut.run.stdout.is_empty() || whole(&cut.run),
        "{}: {:#?}",
        context(),
        cut.run
    );
    assert_eq!(stage.torn(), Vec::<String>::new(), "{}", context());

    // The calls that the next command has to make, given the state of the cache.
    let docker = client == Client::Docker;
    let (session, login) = (
        stage.serves("session", "dev"),
        stage.serves("registry-login", "dev"),
    );
    let owed = match (docker, session, login) {
        (false, true, _) | (true, _, true) => (0, 0),
        (false, false, _) => (1, 0),
        (true, _, false) => (usize::from(!session), 1),
    };
    let next = tracer.run(&mut stage.house.client(client));
    assert!(whole(&next), "{}: {next:#?}", context());
    assert!(
        next.stderr.is_empty() || state == State::Full && !next.stderr.contains("waiting"),
        "{}: {next:#?}",
        context()
    );
    // AWS may receive the request of a process that is already dead, so only the total is certain.
    let (sts, ecr) = asked(stage);
    let most = match state {
        // One renewal by either command: an attempt that was killed is not repeated at once.
        _ if state.is_due() => (1, usize::from(docker)),
        _ if cut.connected => (owed.0 + 1, owed.1 + usize::from(docker)),
        _ => owed,
    };
    let least = if state.is_due() { (0, 0) } else { owed };
    assert!(
        (least.0..=most.0).contains(&sts) && (least.1..=most.1).contains(&ecr),
        "{sts} calls to STS and {ecr} to ECR, {least:?} to {most:?} expected: {}",
        context()
    );

    // A miss sweeps the folder: the last command, or one more.
    if state.is_full() || state.is_due() || owed == (0, 0) {
        stage.forget();
        tracer.run(&mut stage.house.client(client)).quiet();
    }
    assert_eq!(
        stage.house.shelf().litter(),
        Vec::<String>::new(),
        "{}",
        context()
    );
    cut.killed
}

/// A row of the table in `docs/under-load.md`.
struct Row {
    client: Client,
    state: State,
    /// The number of calls of each process when none is killed.
    calls: Vec<usize>,
    kills: AtomicUsize,
}

/// Tries every point of every case, on all processors.
fn try_all(cases: &[(Client, State)]) -> Vec<Row> {
    let rows: Vec<Row> = cases
        .iter()
        .map(|(client, state)| {
            let (client, state) = (*client, *state);
            let count = move || {
                let stage = stage(state);
                stage.set(state);
                cut(&mut Tracer::new(), &stage, client, None).calls
            };
            // A mount ends with the thread that made it.
            let calls = std::thread::spawn(count).join().expect("a run");
            let kills = AtomicUsize::new(0);
            Row {
                client,
                state,
                calls,
                kills,
            }
        })
        .collect();
    for state in ALL {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.state == state).collect();
        let points: Vec<(&Row, Point)> = rows.iter().flat_map(|row| points(row)).collect();
        if !points.is_empty() {
            try_points(state, &Mutex::new(points));
        }
    }
    rows
}

/// Every point of a row's run, and a few more: the number of calls may differ from run to run.
fn points(row: &Row) -> Vec<(&Row, Point)> {
    let of_process = |(process, calls): (usize, &usize)| {
        (0..calls + 8).map(move |call| (row, Point { process, call }))
    };
    row.calls.iter().enumerate().flat_map(of_process).collect()
}

fn try_points(state: State, points: &Mutex<Vec<(&Row, Point)>>) {
    let next = || points.lock().ok()?.pop();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (stage, mut tracer) = (stage(state), Tracer::new());
                while let Some((row, at)) = next() {
                    if try_point(&mut tracer, &stage, row.client, state, at) {
                        row.kills.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

fn stage(state: State) -> Stage {
    let stage = Stage::new();
    if state.is_full() {
        mount_small(&stage.house.cache()).expect("root may mount");
    }
    stage
}

fn report(rows: &[Row]) -> Vec<(String, String)> {
    let row = |row: &Row| {
        let kills = row.kills.load(Ordering::Relaxed);
        assert!(
            kills >= row.calls.iter().sum(),
            "{} kills, {:?} calls",
            kills,
            row.calls
        );
        let path = row.client.path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let calls: Vec<String> = row.calls.iter().map(ToString::to_string).collect();
        (
            format!("`{name}` | {}", row.state.words()),
            format!("{} | {kills}", calls.join(" + ")),
        )
    };
    rows.iter().map(row).collect()
}

#[test]
fn a_kill_at_any_system_call_leaves_a_usable_cache() {
    if !Tracer::is_permitted() {
        return;
    }
    let mut cases = Vec::new();
    for client in Client::ALL {
        for state in ALL {
            let everyday = client == Client::CredentialProcess
                && matches!(state, State::Cold | State::Warm | State::Due);
            if everyday || is_exhaustive() {
                cases.push((client, state));
            }
        }
    }
    if cases.iter().any(|(_, state)| state.is_full()) && !crate::support::is_root() {
        cases.retain(|(_, state)| !state.is_full());
        skip("kills on a full disk: only root may mount one");
    }
    check_rows("kills", HEAD, &report(&try_all(&cases)));
}
