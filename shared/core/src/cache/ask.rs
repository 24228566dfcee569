//! What is asked of the cache, and what a mint is given.

use std::cell::Cell;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::entry::Need;
use super::key::Key;
use super::lock::{Guard, Holder, Note, State, Teller};

/// What is asked of the cache.
pub struct Ask<'a> {
    /// Where it lies.
    pub key: Key,
    /// The connector it is for.
    pub connector: &'a str,
    /// What it is for in words.
    pub label: Option<&'a str>,
    /// The program that asks.
    pub client: &'a str,
    /// How much life it must have left.
    pub need: Need,
    /// When this command began, by the local clock: a failure since then is this command's too.
    pub started: DateTime<Utc>,
    /// The same in true time: what was made since then is new enough even when forced.
    pub forced_since: DateTime<Utc>,
    /// Nothing older than this command will do.
    pub force: bool,
    /// Whether a person may be asked.
    pub may_prompt: bool,
    /// Whether a person was asked in the course of this command.
    pub has_prompted: &'a Cell<bool>,
    /// How long to wait for other processes in the course of this command.
    pub lock_timeout: Duration,
    /// How long it has waited for them so far.
    pub waited: &'a Cell<Duration>,
    /// Whether to renew in the background.
    pub refresh_ahead: bool,
    /// The true time.
    pub now: &'a dyn Fn() -> DateTime<Utc>,
    /// Looks whether another process found out the true time meanwhile.
    pub resync: &'a dyn Fn(),
    /// When the command must be done with AWS; waiting for another process puts it off.
    pub deadline: Instant,
    /// When there must be an answer, waits included: whoever asks has something valid at hand.
    pub hurry: Option<Instant>,
}

/// What a mint is given.
pub struct Mint<'a> {
    /// When it must be done.
    pub deadline: Instant,
    /// As [`Ask::hurry`]: it holds for whatever this mint needs from the cache.
    pub hurry: Option<Instant>,
    /// Whether this process was detached from the client's and may ask nobody.
    pub in_background: bool,
    pub(super) guard: Option<(&'a mut Guard, &'a Ask<'a>)>,
}

impl Mint<'_> {
    /// A way to tell those who wait for this mint, or for one that depends on it, what is going on.
    pub fn progress(&self) -> Option<Progress> {
        let (guard, ask) = self.guard.as_ref()?;
        Some(Progress {
            teller: guard.teller()?,
            client: ask.client.to_owned(),
        })
    }
}

/// Tells those who wait at a lock what its holder does.
#[derive(Debug)]
pub struct Progress {
    teller: Teller,
    client: String,
}

impl Progress {
    /// A person is being asked: they wait longer, or not at all.
    pub fn prompting(&self) {
        self.teller.say(&note(&self.client, State::Prompting));
    }

    /// The person has answered.
    pub fn minting(&self) {
        self.teller.say(&note(&self.client, State::Minting));
    }
}

pub(super) fn note(client: &str, state: State) -> Note {
    Note {
        holder: Some(Holder {
            pid: std::process::id(),
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            client: client.to_owned(),
            since: Utc::now(),
            state,
        }),
        failure: None,
    }
}
