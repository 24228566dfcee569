//! What happens after a cache miss: take the lock and look again, or wait for another process.

use std::time::Instant;

use super::Cache;
use super::entry::{Cacheable, Entry};
use super::lease::{Hold, Lease};
use super::lock::Guard;
use super::note::read_note;
use super::wait::{PATIENCE_WITH_VALID, Wait, already_prompting, describe_holder, still_busy};
use super::want::Want;
use crate::error::{Error, Result};
use crate::log;
use crate::turn::Turn;

/// The cache has no credential that is good enough.
#[derive(Debug)]
pub struct Miss<'a, T> {
    pub(super) cache: &'a Cache,
    pub(super) want: Want<'a>,
    /// The cached credential, if it is still valid but expires too soon.
    pub(super) valid: Option<Entry<T>>,
    /// Why the entry is ignored.
    pub(super) refused: Option<String>,
}

/// How a miss is resolved.
#[derive(Debug)]
pub enum Acquired<'a, T> {
    /// The credential is available: another process cached it in the meantime, or a cached one that
    /// is still valid is served instead.
    Appeared(T),
    /// This process has to mint it.
    Lease(Box<Lease<'a, T>>),
}

impl<'a, T: Cacheable> Miss<'a, T> {
    /// Takes the lock, waiting for its holder if necessary.
    ///
    /// # Errors
    /// The process that was being waited for failed to mint, or the wait timed out.
    pub fn acquire(self, turn: &mut Turn<'_>) -> Result<Acquired<'a, T>> {
        crate::sys::signals::outlive_file_limits();
        let outer = (turn.deadline, turn.hard_deadline);
        match self.take(turn) {
            Ok(Taken::Entry(entry)) => {
                restore(turn, outer);
                Ok(Acquired::Appeared(entry.payload))
            }
            Ok(Taken::Hold(hold)) => {
                let lease = Lease::new(self, hold, outer, turn);
                Ok(Acquired::Lease(Box::new(lease)))
            }
            Err(error) => {
                restore(turn, outer);
                self.fall_back(error, turn).map(Acquired::Appeared)
            }
        }
    }

    fn take(&self, turn: &mut Turn<'_>) -> Result<Taken<T>> {
        let Some(folder) = self.cache.folder_for(self.want.keep) else {
            return Ok(Taken::Hold(Hold::Nowhere));
        };
        if let Some(why) = &self.refused
            && !self.cache.told.replace(true)
        {
            log::warn(format_args!(
                "ignoring a cache entry, which will be replaced: {why}"
            ));
        }
        let path = folder.lock_path(self.want.file());
        if self.valid.is_some() {
            if let Some(failure) = read_note(&path).failure
                && self.want.is_paused_by(failure.ended, turn)
            {
                return Err(failure.error);
            }
            let soon = Instant::now() + PATIENCE_WITH_VALID;
            turn.hard_deadline = Some(
                turn.hard_deadline
                    .map_or(soon, |hard_deadline| hard_deadline.min(soon)),
            );
        }
        if let Some(hard_deadline) = turn.hard_deadline {
            turn.deadline = turn.deadline.min(hard_deadline);
        }
        if let Err(why) = folder.create() {
            self.cache.tell(&why);
            return Ok(Taken::Hold(Hold::Nowhere));
        }
        let began = Instant::now();
        let patience = turn.hard_deadline.map_or(turn.patience, |hard_deadline| {
            turn.patience
                .min(hard_deadline.saturating_duration_since(began))
        });
        let ended = self.wait(folder, patience, turn);
        let waited = began.elapsed();
        turn.patience = turn.patience.saturating_sub(waited);
        // Extend the deadline for AWS by the wait, unless there is a limit for the whole command.
        if turn.hard_deadline.is_none() {
            turn.deadline += waited;
        }
        match ended {
            Wait::Appeared(entry) => Ok(Taken::Entry(entry)),
            Wait::Locked(guard) => self.look_again(guard, turn),
            Wait::Prompting(holder) => Err(already_prompting(&holder, self.want.connector)),
            Wait::TimedOut(note) if turn.hard_deadline.is_some() => {
                Err(still_busy(&note, self.want.connector))
            }
            Wait::TimedOut(note) => {
                log::warn(format_args!(
                    "timed out waiting for {} after {} s; calling AWS without the lock",
                    describe_holder(&note),
                    waited.as_secs()
                ));
                Ok(Taken::Hold(Hold::Unlocked))
            }
            Wait::Unusable(why) => {
                self.cache.tell(&why);
                Ok(Taken::Hold(Hold::Nowhere))
            }
        }
    }

    /// Looks again: another process may have cached it during the wait.
    fn look_again(&self, mut guard: Guard, turn: &Turn<'_>) -> Result<Taken<T>> {
        if let Ok(Some(entry)) = self.cache.read::<T>(&self.want)
            && self.want.is_met_by(&entry, turn)
        {
            return Ok(Taken::Entry(entry));
        }
        if let Some(failure) = guard.note().failure
            && failure.concerns(turn.called)
        {
            log::debug(format_args!("using the error of {}", failure.ended));
            return Err(failure.error);
        }
        Ok(Taken::Hold(Hold::Locked(guard)))
    }

    /// Returns a valid cached credential in place of the error.
    pub(super) fn fall_back(self, error: Error, turn: &Turn<'_>) -> Result<T> {
        match self.valid {
            Some(entry) if entry.is_valid(turn.now()) => {
                let left = (entry.expires_at - turn.now()).num_seconds().max(0);
                log::warn(format_args!(
                    "{}; using the cached credentials, valid for another {left} s",
                    error.of(self.want.connector)
                ));
                Ok(entry.payload)
            }
            _ => Err(error),
        }
    }
}

enum Taken<T> {
    Entry(Entry<T>),
    Hold(Hold),
}

/// Restores the deadlines of the enclosing mint, but keeps any extension for time spent at a prompt or
/// waiting for another process.
pub(super) fn restore(turn: &mut Turn<'_>, (deadline, hard_deadline): (Instant, Option<Instant>)) {
    turn.deadline = turn.deadline.max(deadline);
    turn.hard_deadline = hard_deadline;
}
