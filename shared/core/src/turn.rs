//! What changes in the course of one command: its budget, its patience, what it learned about the
//! time, and the locks it holds. Everything else about a command is settled before it begins.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;

/// How long a command may take to get its answer from AWS, over all hops and retries.
pub const BUDGET: Duration = Duration::from_secs(20);

/// How long the user has to enter an MFA code.
pub const PROMPT: Duration = Duration::from_secs(120);

/// Tells the processes that wait for a lock what its holder does.
pub(crate) trait Progress: std::fmt::Debug {
    /// The user is being prompted: the others wait longer, or not at all.
    fn prompting(&self);
    /// The user has answered.
    fn minting(&self);
}

/// One command on its way.
#[derive(Debug)]
pub struct Turn<'a> {
    clock: &'a Clock,
    /// When the client called, by the local clock: a failure or an entry since then is this
    /// command's too.
    pub(crate) called: DateTime<Utc>,
    /// A moment by both clocks.
    start: (DateTime<Utc>, Instant),
    /// When AWS must have answered. Waiting for another process or for the user extends it.
    pub(crate) deadline: Instant,
    /// When there must be an answer, waits included: something still valid could be returned.
    pub(crate) hurry: Option<Instant>,
    /// How much longer to wait for other processes, over all locks of the command.
    pub(crate) patience: Duration,
    /// Whether the user can be prompted for a code.
    pub(crate) can_prompt: bool,
    /// Whether the user was prompted for a code.
    pub(crate) has_prompted: bool,
    /// Whether a session was minted for this very command.
    pub(crate) has_minted: bool,
    /// Whether only something newer than this command is good enough to return.
    pub(crate) force: bool,
    /// Whether this is a renewal that no client waits for.
    pub(crate) in_background: bool,
    /// The locks held, outermost first: a process waiting at any of them learns of a prompt.
    pub(crate) held: Vec<Box<dyn Progress>>,
}

impl<'a> Turn<'a> {
    /// A command that continues in this process, and that the client called some time ago.
    pub fn new(clock: &'a Clock, patience: Duration, called: DateTime<Utc>) -> Self {
        let (wall, now) = (Utc::now(), Instant::now());
        Self {
            clock,
            called: called.min(wall),
            start: (wall, now),
            deadline: now + BUDGET,
            hurry: None,
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

    /// The true time. It advances with the monotonic clock, so that setting the wall clock in the
    /// middle of a command does no harm.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let (wall, instant) = self.start;
        self.clock.to_true(wall + since(instant))
    }

    /// When the client called, in true time.
    pub(crate) fn called_at(&self) -> DateTime<Utc> {
        self.clock.to_true(self.called)
    }

    /// The true time of a moment of this command. Reckoned back from now, because the command may
    /// have learned since that the local clock is wrong.
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
