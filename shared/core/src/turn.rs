//! The mutable state of one command: its time budget, what it learned about the clock, and the
//! locks it holds. Everything else is fixed before it starts.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;

/// How long a command may spend on calls to AWS, including all hops and retries.
pub const BUDGET: Duration = Duration::from_secs(20);

/// How long the user has to enter an MFA code.
pub const PROMPT: Duration = Duration::from_secs(120);

/// Tells processes that wait for a lock what its holder is doing.
pub(crate) trait Progress: std::fmt::Debug {
    /// The user is being prompted: waiters wait longer, or give up at once.
    fn prompting(&self);
    /// The user has answered.
    fn minting(&self);
}

/// A command in progress.
#[derive(Debug)]
pub struct Turn<'a> {
    clock: &'a Clock,
    /// When the client called, by the local clock. An entry or a failure that is newer also answers
    /// this command.
    pub(crate) called: DateTime<Utc>,
    /// One instant, by the wall clock and the monotonic clock.
    start: (DateTime<Utc>, Instant),
    /// The deadline for AWS. Time spent waiting for another process or the user extends it.
    pub(crate) deadline: Instant,
    /// The deadline for the whole response, waits included, if a cached credential is still valid.
    pub(crate) hard_deadline: Option<Instant>,
    /// How much longer to wait for other processes, in total.
    pub(crate) patience: Duration,
    /// Whether the user can be prompted for a code.
    pub(crate) can_prompt: bool,
    /// Whether the user was prompted for a code.
    pub(crate) has_prompted: bool,
    /// Whether this command minted a session itself.
    pub(crate) has_minted: bool,
    /// Whether only a credential newer than this command may be returned.
    pub(crate) force: bool,
    /// Whether this is a background refresh.
    pub(crate) in_background: bool,
    /// The locks held, outermost first, so that the waiters of each learn about a prompt.
    pub(crate) held: Vec<Box<dyn Progress>>,
}

impl<'a> Turn<'a> {
    /// Starts a command in this process that the client called at `called`.
    pub fn new(clock: &'a Clock, patience: Duration, called: DateTime<Utc>) -> Self {
        let (wall, now) = (Utc::now(), Instant::now());
        Self {
            clock,
            called: called.min(wall),
            start: (wall, now),
            deadline: now + BUDGET,
            hard_deadline: None,
            patience,
            can_prompt: false,
            has_prompted: false,
            has_minted: false,
            force: false,
            in_background: false,
            held: Vec::new(),
        }
    }

    /// The measured offset of the local clock.
    pub(crate) fn clock(&self) -> &'a Clock {
        self.clock
    }

    /// The true time. It advances with the monotonic clock, so that setting the wall clock during a
    /// command does no harm.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let (wall, instant) = self.start;
        self.clock.to_true(wall + since(instant))
    }

    /// When the client called, in true time.
    pub(crate) fn called_at(&self) -> DateTime<Utc> {
        self.clock.to_true(self.called)
    }

    /// Converts an instant of this command to true time. Computed back from now, because the
    /// command may have corrected the clock since.
    pub(crate) fn at(&self, moment: Instant) -> DateTime<Utc> {
        self.now() - since(moment)
    }
}

fn since(moment: Instant) -> TimeDelta {
    TimeDelta::from_std(moment.elapsed()).unwrap_or(TimeDelta::zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_from_the_start_of_the_command() {
        let clock = Clock::default();
        let mut turn = Turn::new(&clock, Duration::ZERO, Utc::now());
        assert!(std::ptr::eq(turn.clock(), &raw const clock));
        let seconds = |count| Duration::from_secs(count);
        if let Some(earlier) = turn.start.1.checked_sub(seconds(10)) {
            turn.start.1 = earlier;
        }
        assert!(turn.now() >= turn.start.0 + seconds(10));
        if let Some(moment) = Instant::now().checked_sub(seconds(5)) {
            let now = turn.now();
            assert!(turn.at(moment) <= turn.now() - seconds(5));
            assert!(turn.at(moment) > now - seconds(3600));
        }
    }
}
