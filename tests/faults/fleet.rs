//! A fleet of machines by calculation: what STS sees of ten thousand of them.
//!
//! Each machine asks for credentials as its kind does. A session lives one hour; a design decides at each command whether
//! STS is asked. The numbers are drawn from a fixed seed, so that every run says the same.

/// Machines, and the hours that are looked at.
const MACHINES: usize = 10_000;
const HOURS: usize = 6;
const SECONDS: usize = HOURS * 3600;
/// Everything starts within this time, as after a roll-out or at nine in the morning.
const START: f64 = 30.0;

/// A machine's habits: how many commands come together, how long it is until the next on average.
struct Kind {
    share: usize,
    burst: usize,
    pause: f64,
    /// Whether the pause is always the same.
    by_the_clock: bool,
}

/// Who stands in a fleet, in per cent.
struct Fleet {
    name: &'static str,
    kinds: &'static [Kind],
    /// One machine in this many runs a job at every full hour, in the same second as all others; 0: none.
    cron: usize,
}

const FLEETS: [Fleet; 2] = [
    Fleet {
        name: "servers",
        // Agents, monitors, log shippers: a command every ten seconds.
        kinds: &[Kind {
            share: 100,
            burst: 1,
            pause: 10.0,
            by_the_clock: true,
        }],
        cron: 0,
    },
    Fleet {
        name: "people, builds and agents",
        kinds: &[
            // Somebody at a shell: a few commands now and then.
            Kind {
                share: 60,
                burst: 3,
                pause: 400.0,
                by_the_clock: false,
            },
            // Terraform, kubectl in scripts, builds: many at once.
            Kind {
                share: 30,
                burst: 60,
                pause: 900.0,
                by_the_clock: false,
            },
            // Something that asks every second.
            Kind {
                share: 10,
                burst: 1,
                pause: 1.0,
                by_the_clock: true,
            },
        ],
        cron: 5,
    },
];

#[derive(Clone, Copy, PartialEq)]
enum Design {
    EachProcess,
    InStep,
    Ours,
}

struct Dice(u64);

impl Dice {
    /// Within `0.0..1.0`.
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.roll()).ln()
    }
}

/// When a machine's commands come (seconds), and how many each time.
fn commands(fleet: &Fleet, number: usize, dice: &mut Dice) -> Vec<(usize, usize)> {
    let place = number * 100 / MACHINES;
    let mut below = 0;
    let mut kinds = fleet.kinds.iter();
    let is_its = |kind: &&Kind| {
        below += kind.share;
        place < below
    };
    let kind = kinds.find(is_its).expect("the shares make a hundred");
    let mut times = Vec::new();
    let mut at = dice.roll() * START;
    while (at as usize) < SECONDS {
        times.push((at as usize, kind.burst));
        at += if kind.by_the_clock {
            kind.pause
        } else {
            dice.exponential(kind.pause)
        };
    }
    if fleet.cron > 0 && number.is_multiple_of(fleet.cron) {
        times.extend((1..HOURS).map(|hour| (hour * 3600, 1)));
        times.sort_unstable();
    }
    times
}

/// Calls to STS in each second.
fn simulate(fleet: &Fleet, design: Design) -> Vec<usize> {
    let mut seen = vec![0; SECONDS];
    let mut dice = Dice(0x0f1e_e75e_ed00_0001);
    let mut chance = Dice(0x0dd5_0000_0000_0001);
    for number in 0..MACHINES {
        let mut refresh_at = 0.0;
        for (at, count) in commands(fleet, number, &mut dice) {
            if design == Design::EachProcess {
                seen[at] += count;
            } else if at as f64 >= refresh_at {
                seen[at] += 1;
                // One hour: margin and window are a quarter of it each.
                let drawn = if design == Design::Ours {
                    chance.roll()
                } else {
                    0.0
                };
                refresh_at = at as f64 + 1800.0 + drawn * 675.0;
            }
        }
    }
    seen
}

/// The table of the page.
pub(crate) fn report() -> String {
    let mut text =
        "| fleet | design | calls to STS an hour | worst second at the start | worst second later |\n|---|---|---|---|---|\n"
            .to_owned();
    for fleet in &FLEETS {
        for (name, design) in [
            ("one session a process", Design::EachProcess),
            (
                "one session a machine, renewed at a fixed age",
                Design::InStep,
            ),
            (
                "one session a machine, renewed at a drawn age: ours",
                Design::Ours,
            ),
        ] {
            let seen = simulate(fleet, design);
            let (start, later) = seen.split_at(600);
            let worst = |seconds: &[usize]| thousands(seconds.iter().copied().max().unwrap_or(0));
            // The first hour has the start in it; the others are what goes on.
            let hourly = thousands(seen[3600..].iter().sum::<usize>() / (HOURS - 1));
            text += &format!(
                "| {} | {name} | {hourly} | {} | {} |\n",
                fleet.name,
                worst(start),
                worst(later)
            );
        }
    }
    text
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[test]
fn sharing_saves_nearly_every_call_and_jitter_flattens_the_worst_second() {
    for fleet in &FLEETS {
        let hourly = |design| simulate(fleet, design)[3600..].iter().sum::<usize>();
        let worst = |design| simulate(fleet, design)[600..].iter().copied().max();
        assert!(hourly(Design::Ours) * 100 < hourly(Design::EachProcess));
        assert!(worst(Design::Ours) < worst(Design::InStep));
    }
}
