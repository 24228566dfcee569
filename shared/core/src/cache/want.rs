//! What a command needs from the cache, and whether an entry satisfies it.

use chrono::{DateTime, Utc};

use super::entry::{Cacheable, Entry, Need};
use super::key::Key;
use crate::turn::Turn;

/// Where an entry is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// In files that only their owner can read.
    Files,
    /// In the same files, encrypted with a key from the kernel's keyring.
    Sealed,
    /// Not at all.
    Nowhere,
}

/// What a command needs.
#[derive(Clone, Copy, Debug)]
pub struct Want<'a> {
    /// The digest of everything that the credential depends on.
    pub key: Key,
    /// Where it is stored.
    pub keep: Keep,
    /// The remaining lifetime that it must have.
    pub need: Need,
    /// The connector that requests it.
    pub connector: &'a str,
    /// What it is for, for listings.
    pub label: Option<&'a str>,
    /// The client, shown to waiting processes.
    pub client: &'static str,
}

impl<'a> Want<'a> {
    /// The stem of the entry's file names.
    pub fn file_name(&self) -> String {
        self.file().hex()
    }

    /// The key of the file: sealed and plain entries of one session are separate files.
    pub(super) fn file(&self) -> Key {
        match self.keep {
            Keep::Sealed => self.key.sealed(),
            Keep::Files | Keep::Nowhere => self.key,
        }
    }

    /// Whether the entry must be newer than the command. A forced refresh applies to the returned
    /// credential only: source sessions, and any MFA code they cost, stay valid.
    fn is_forced(&self, turn: &Turn<'_>) -> bool {
        turn.force && self.need == Need::HandOut
    }

    pub(super) fn is_met_by<T: Cacheable>(&self, entry: &Entry<T>, turn: &Turn<'_>) -> bool {
        entry.serves(turn.now(), self.need)
            && (!self.is_forced(turn) || entry.obtained_at >= turn.called_at())
    }

    /// Whether an entry may be returned if it cannot be refreshed.
    pub(super) fn may_fall_back_on<T: Cacheable>(&self, entry: &Entry<T>, turn: &Turn<'_>) -> bool {
        !self.is_forced(turn) && entry.is_valid(turn.now())
    }

    /// Whether a failure is too recent to retry.
    pub(super) fn is_paused_by(&self, failed_at: DateTime<Utc>, turn: &Turn<'_>) -> bool {
        let age = Utc::now() - failed_at;
        age.abs() < super::RENEWAL_PAUSE && !self.is_forced(turn)
    }
}
