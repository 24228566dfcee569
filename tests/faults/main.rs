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
//! | `FAULTS_SEED` | what the moments of the kills are drawn from | |
//! | `FAULTS_SKIPPED` | a file that lists tests that cannot run here; without it they fail | |
//! | `FAULTS_BINARIES` | a folder with other builds of the three binaries | |
//! | `UPDATE_DOCS=1` | writes what was observed into `docs/under-load.md` | |

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
mod hostile;
mod kills;
mod lifetimes;
mod mfa;
mod outages;
mod recursion;
mod secrets;
mod support;
mod table;
mod waiting;
