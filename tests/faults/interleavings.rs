//! Interleavings of two or three programs. Each is stopped before every system call that touches the cache folder; a
//! seed decides which one continues.
//!
//! In a third of the schedules, every step is random. The others always continue the process with the highest
//! priority, and lower that priority at three steps. They find bugs that need one process to get far while another is
//! between two steps.

mod scene;
mod steps;
mod touch;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Client, Dice, Stage, State, Tracer, is_exhaustive, issued, size};
use crate::table::check_rows;
use scene::{SCENES, Scene};

/// On a busy machine, a schedule that takes longer may exceed the programs' time limits, so it is repeated.
const UNHURRIED: Duration = Duration::from_secs(2);

const HEAD: &str = "| running at the same time | calls to AWS | schedules | mean steps |";

/// Runs one schedule; returns the number of its steps, or what went wrong.
fn play(stage: &Stage, tracer: &mut Tracer, scene: &Scene, seed: u64) -> Result<usize, String> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let began = Instant::now();
        stage.set(scene.state);
        let programs = scene.programs(stage);
        let outcome = steps::run(tracer, stage, programs, &mut Dice::new(seed));
        match scene.judge(stage, tracer, &outcome) {
            Ok(()) => return Ok(outcome.steps.len()),
            Err(_) if began.elapsed() > UNHURRIED && attempts < 5 => {}
            Err(why) => {
                return Err(format!(
                    "{}: {why}\nto repeat it, set FAULTS_SEED={seed}; its steps:\n{}",
                    scene.name,
                    outcome.steps.join("\n")
                ));
            }
        }
    }
}

#[test]
fn any_interleaving_yields_correct_documents_for_one_call() {
    if !Tracer::is_permitted() {
        return;
    }
    let replayed = std::env::var("FAULTS_SEED").ok();
    let first: u64 = replayed.as_ref().map_or(0, |seed| seed.parse().unwrap());
    let count = match &replayed {
        Some(_) => 1,
        None => size(
            "FAULTS_SCHEDULES",
            if is_exhaustive() { 20_000 } else { 240 },
        ) as u64,
    };
    let next = AtomicU64::new(first);
    let rows: Vec<(AtomicU64, AtomicU64)> = SCENES.iter().map(|_| Default::default()).collect();
    let failed = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (stage, mut tracer) = (Stage::new(), Tracer::new());
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count || failed.lock().unwrap().len() >= 3 {
                        return;
                    }
                    let row = usize::try_from(seed).unwrap() % SCENES.len();
                    match play(&stage, &mut tracer, &SCENES[row], seed) {
                        Ok(steps) => {
                            rows[row].0.fetch_add(1, Ordering::Relaxed);
                            rows[row].1.fetch_add(steps as u64, Ordering::Relaxed);
                        }
                        Err(why) => failed.lock().unwrap().push(why),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    let row = |(scene, (schedules, steps)): (&Scene, &(AtomicU64, AtomicU64))| {
        let schedules = schedules.load(Ordering::Relaxed);
        let mean = steps.load(Ordering::Relaxed) / schedules.max(1);
        let seen = format!("{} | {schedules} | {mean}", scene.owed());
        (scene.name.to_owned(), seen)
    };
    let rows: Vec<(String, String)> = SCENES.iter().zip(&rows).map(row).collect();
    if replayed.is_none() {
        check_rows("interleavings", HEAD, &rows);
    }
}

#[test]
fn the_tracer_follows_children_and_exec() {
    if !Tracer::is_permitted() {
        return;
    }
    let stage = Stage::new();
    stage.set(State::Cold);
    let program = Client::CredentialProcess.path();
    let script = format!("{0} >/dev/null; exec {0}", program.display());
    let mut shell = stage.house.command("/bin/sh");
    shell.args(["-c", &script]);
    let mut tracer = Tracer::new();
    let outcome = steps::run(&mut tracer, &stage, vec![("sh", shell)], &mut Dice::new(0));
    let run = &outcome.ended[0].run;
    assert!(
        issued(&stage.house, Client::CredentialProcess, &run.stdout, "dev"),
        "{run:#?}"
    );
    assert_eq!(stage.house.sts_calls(), 1);
    for step in ["'s child: flock", "sh 0: exec", "sh 0: open clock"] {
        let steps = outcome.steps.iter();
        let count = steps.filter(|line| line.contains(step)).count();
        assert_eq!(count, 1, "{step}: {:#?}", outcome.steps);
    }
}
