//! Load, faults and attack: the three binaries as processes against a loopback AWS, each promise with the fault that
//! would break it.
//!
//! A test never fails because the machine is slow: it compares counts and order, and its limits are generous. Everyday
//! sizes are small; environment variables make them larger:
//!
//! | variable | what | everyday |
//! |---|---|---|
//! | `FAULTS_PROCESSES` | processes that start cold at once | 500 |
//! | `FAULTS_KILLS` | kill -9 at random moments | 60 |
//! | `FAULTS_SESSION_SECONDS` | length of the sessions that are lived through | 12 |
//! | `FAULTS_SCHEDULES` | interleavings of two or three programs | 240 |
//! | `FAULTS_EXHAUSTIVE=1` | kills every program at every system call in every state, and runs 20,000 interleavings | |
//! | `FAULTS_SEED` | the seed of the random kills, or of the one interleaving to repeat | |
//! | `FAULTS_SKIPPED` | a file that lists tests that cannot run here; without it they fail | |
//! | `FAULTS_BINARIES` | a folder with other builds of the three binaries | |
//! | `UPDATE_DOCS=1` | writes what was observed into `docs/under-load.md`; two tables need `FAULTS_EXHAUSTIVE=1` as well | |

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends there and says why"
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
