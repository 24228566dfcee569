//! Load, faults and attacks: runs the three binaries against a loopback AWS, and tests each of their promises with a
//! fault.
//!
//! No test fails because the machine is slow: tests compare counts and order, and have generous limits. The default
//! sizes are small; environment variables make them larger:
//!
//! | variable | what | default |
//! |---|---|---|
//! | `FAULTS_PROCESSES` | processes that start at once with an empty cache | 500 |
//! | `FAULTS_KILLS` | kill -9 at random moments | 60 |
//! | `FAULTS_SESSION_SECONDS` | lifetime of the sessions in `lifetimes.rs` | 12 |
//! | `FAULTS_SCHEDULES` | interleavings of two or three programs | 240 |
//! | `FAULTS_EXHAUSTIVE=1` | kills every program at every system call in every state, and runs 20,000 interleavings | |
//! | `FAULTS_SEED` | the seed of the random kills, or of the one interleaving to repeat | |
//! | `FAULTS_SKIPPED` | a file that lists tests that cannot run here; without it they fail | |
//! | `FAULTS_BINARIES` | a folder with other builds of the three binaries | |
//! | `UPDATE_DOCS=1` | writes what was observed into `docs/under-load.md`; two tables need `FAULTS_EXHAUSTIVE=1` as well | |

#![expect(clippy::disallowed_methods, reason = "tests open files directly")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics with the reason"
)]

mod ahead;
mod crash;
mod crowd;
mod disk;
mod files;
mod hostile;
mod interleavings;
mod kill_points;
mod kills;
mod lifetimes;
mod mfa;
mod outages;
mod recursion;
mod root;
mod secrets;
mod support;
mod table;
mod waiting;
