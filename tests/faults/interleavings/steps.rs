//! Runs programs step by step in the order of a schedule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::{Dice, Event, Run, Stage, Started, Tracer, kill};

use super::touch::{Files, is_decisive, is_wait};

/// Far more steps than any schedule needs: a program that has not ended by then waits forever.
const MOST_STEPS: usize = 5_000;
/// Roughly how many steps a schedule has, and how many of them are decisive. Preemptions and kills are chosen among
/// these.
const SPAN: usize = 100;
const DECISIVE: usize = 24;

/// How the next step is chosen, and which process is killed at which step.
pub(super) struct Schedule {
    order: Order,
    kill: Option<(usize, usize)>,
}

enum Order {
    /// Every step continues a random process.
    Random,
    /// The process with the highest priority continues; at these steps it gets the lowest.
    Priorities(BTreeSet<usize>),
    /// The same, but only decisive steps are counted.
    Decisive(BTreeSet<usize>),
}

impl Schedule {
    pub(super) fn draw(dice: &mut Dice, actors: usize) -> Self {
        let mut moments = |span| (0..3).map(|_| dice.pick(span)).collect();
        let (any, decisive) = (moments(SPAN), moments(DECISIVE));
        let order = match dice.below(3) {
            0 => Order::Random,
            1 => Order::Priorities(any),
            _ => Order::Decisive(decisive),
        };
        let kill = (dice.below(3) == 0).then(|| (dice.pick(SPAN), dice.pick(actors + 1)));
        Self { order, kill }
    }
}

/// A program that was run, and what it printed.
pub(super) struct Ended {
    pub(super) name: &'static str,
    pub(super) run: Run,
    pub(super) was_killed: bool,
}

/// The result of a schedule.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) ended: Vec<Ended>,
    /// How many processes were killed.
    pub(super) kills: usize,
    /// Whether some process was still waiting after [`MOST_STEPS`].
    pub(super) hangs: bool,
    /// The steps, one line each.
    pub(super) steps: Vec<String>,
}

/// One process.
struct Actor {
    name: String,
    priority: u64,
    /// The step that it is stopped before; `None` while it runs.
    parked: Option<String>,
    files: Files,
    /// The process that started it.
    parent: Option<i32>,
    /// It is in a call that cannot return until its child has run further.
    waits: bool,
    /// It blocks its parent until it calls exec, so it must not be stopped earlier.
    is_vfork: bool,
}

struct Play<'a> {
    tracer: &'a mut Tracer,
    cache: &'a Path,
    actors: BTreeMap<i32, Actor>,
    /// Process ids in order of creation. The seed chooses by position, as ids differ from run to run.
    order: Vec<i32>,
    statuses: BTreeMap<i32, std::process::ExitStatus>,
    lowest: u64,
    /// How many decisive steps have been taken.
    decisive: usize,
}

/// Runs programs by a schedule until all processes have ended.
pub(super) fn run(
    tracer: &mut Tracer,
    stage: &Stage,
    programs: Vec<(&'static str, std::process::Command)>,
    dice: &mut Dice,
) -> Outcome {
    let schedule = Schedule::draw(dice, programs.len());
    let mut outcome = Outcome::default();
    let cache = stage.house.cache();
    let mut play = Play {
        tracer,
        cache: &cache,
        actors: BTreeMap::new(),
        order: Vec::new(),
        statuses: BTreeMap::new(),
        lowest: u64::MAX / 2,
        decisive: 0,
    };
    let mut started: Vec<(&'static str, Started)> = Vec::new();
    for (number, (name, mut command)) in programs.into_iter().enumerate() {
        let program = play.tracer.start(&mut command).expect("a program");
        let pid = program.pid().cast_signed();
        started.push((name, program));
        play.enter(pid, format!("{name} {number}"), dice.number());
        play.tracer.resume(pid);
        play.settle(dice);
    }
    let mut killed = BTreeSet::new();
    for number in 0.. {
        let ready: Vec<i32> = (play.order.iter().copied())
            .filter(|pid| {
                play.actors
                    .get(pid)
                    .is_some_and(|actor| actor.parked.is_some())
            })
            .collect();
        if ready.is_empty() {
            break;
        }
        if let Some((at, who)) = schedule.kill
            && at == number
            && let Some(pid) = play.order.get(who)
            && let Some(actor) = play.actors.get(pid)
        {
            outcome.steps.push(format!("{}: killed", actor.name));
            killed.insert(*pid);
            kill(*pid);
            let actor = play.actors.get_mut(pid).expect("it is there");
            (actor.parked, actor.waits) = (None, false);
            play.settle(dice);
            continue;
        }
        let pid = play.choose(&ready, &schedule, number, dice);
        let actor = play.actors.get_mut(&pid).expect("it is ready");
        let what = actor.parked.take().expect("it is parked");
        outcome.steps.push(format!("{}: {what}", actor.name));
        play.tracer.resume(pid);
        if number == MOST_STEPS {
            outcome.hangs = true;
            play.actors.keys().copied().for_each(kill);
            for actor in play.actors.values_mut() {
                (actor.parked, actor.waits) = (None, false);
            }
        }
        play.settle(dice);
    }
    outcome.kills = killed.len();
    for (name, program) in started {
        let pid = program.pid().cast_signed();
        let status = play.statuses[&pid];
        outcome.ended.push(Ended {
            name,
            run: program.ended(status),
            was_killed: killed.contains(&pid),
        });
    }
    outcome
}

impl Play<'_> {
    fn enter(&mut self, pid: i32, name: String, priority: u64) {
        let actor = Actor {
            name,
            priority: priority | 1 << 63,
            parked: None,
            files: Files::default(),
            parent: None,
            waits: false,
            is_vfork: false,
        };
        self.actors.insert(pid, actor);
        self.order.push(pid);
    }

    fn choose(
        &mut self,
        ready: &[i32],
        schedule: &Schedule,
        number: usize,
        dice: &mut Dice,
    ) -> i32 {
        let highest = |play: &Self| {
            let by_priority = ready.iter().max_by_key(|pid| play.actors[pid].priority);
            *by_priority.expect("a process is ready")
        };
        let pid = highest(self);
        let what = self.actors[&pid].parked.as_deref().unwrap_or_default();
        let changes = match &schedule.order {
            Order::Random => return ready[dice.pick(ready.len())],
            Order::Priorities(moments) => moments.contains(&number),
            Order::Decisive(moments) if is_decisive(what) => {
                self.decisive += 1;
                moments.contains(&self.decisive)
            }
            Order::Decisive(_) => false,
        };
        // A process that sleeps is waiting for another one.
        if changes || what == "nap" {
            self.lowest -= 1;
            let lowest = self.lowest;
            self.actors.get_mut(&pid).expect("it is ready").priority = lowest;
        }
        highest(self)
    }

    /// Whether some process runs, so that the next step cannot be chosen yet.
    fn is_busy(&self) -> bool {
        let mut actors = self.actors.values();
        let all_wait = actors.all(|actor| actor.parked.is_none() && actor.waits);
        let mut actors = self.actors.values();
        !self.actors.is_empty()
            && (all_wait || actors.any(|actor| actor.parked.is_none() && !actor.waits))
    }

    /// Waits until every process is stopped before a step, waits for another one, or has ended.
    fn settle(&mut self, dice: &mut Dice) {
        while self.is_busy() {
            let Some(event) = self.tracer.next() else {
                self.actors.clear();
                return;
            };
            match event {
                Event::Enter(call) => {
                    let pid = call.pid;
                    let mut actors = self.actors.values();
                    let has_child = actors.any(|actor| actor.parent == Some(pid));
                    let actor = self.actors.get_mut(&pid).expect("an actor");
                    match actor.files.touched(&call, self.cache) {
                        Some(what) if !actor.is_vfork => actor.parked = Some(what),
                        _ => {
                            actor.waits = has_child && is_wait(&call);
                            self.tracer.resume(pid);
                        }
                    }
                }
                Event::Leave { pid, result } => {
                    let actor = self.actors.get_mut(&pid).expect("an actor");
                    actor.files.left(result);
                    actor.waits = false;
                    self.tracer.resume(pid);
                }
                Event::Started { pid, by, vfork } => {
                    let name = format!("{}'s child", self.actors[&by].name);
                    let files = self.actors[&by].files.clone();
                    self.enter(pid, name, dice.number());
                    let actor = self.actors.get_mut(&pid).expect("an actor");
                    actor.files = files;
                    actor.parent = Some(by);
                    actor.is_vfork = vfork;
                }
                Event::Execed { pid } => {
                    self.actors.get_mut(&pid).expect("an actor").is_vfork = false;
                }
                Event::Ended { pid, status } => {
                    self.actors.remove(&pid);
                    self.statuses.insert(pid, status);
                }
            }
        }
    }
}
