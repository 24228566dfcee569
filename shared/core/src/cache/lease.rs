//! The right to mint a credential. It ends with a cache entry, or with a failure that waiting
//! processes share.

use std::fs::File;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::acquire::{Miss, restore};
use super::entry::{Cacheable, Entry};
use super::lock::{self, Guard, Teller, Try};
use super::note::{Failure, Holder, Note, State};
use super::want::{Keep, Want};
use super::{Cache, RENEWAL_PAUSE, sweep};
use crate::error::{Error, Kind, Result};
use crate::log;
use crate::turn::{BUDGET, Progress, Turn};

/// What a lease holds during the mint.
#[derive(Debug)]
pub(super) enum Hold {
    /// The lock; other processes wait.
    Locked(Guard),
    /// No lock, because the wait timed out. The entry is still written, for processes that still
    /// wait.
    Unlocked,
    /// No lock, and nothing will be written.
    Nowhere,
}

/// The right to mint one credential.
#[derive(Debug)]
pub struct Lease<'a, T> {
    miss: Miss<'a, T>,
    hold: Hold,
    began: Instant,
    /// The deadline and hard_deadline of the enclosing mint.
    outer: (Instant, Option<Instant>),
    /// How many locks the command held before this lease.
    depth: usize,
}

/// The lock of an entry that is due for a background refresh, on its way to the process that will
/// do it.
#[derive(Debug)]
pub struct Renewal {
    /// The locked file. The lock is released when its last descriptor is closed.
    pub lock: File,
    /// The entry, as the stem of its file names.
    pub entry: String,
}

impl Cache {
    /// Claims the refresh of an entry; `None` if another process is refreshing it, it is not due,
    /// or the last attempt was too recent.
    pub fn claim<T: Cacheable>(&self, want: &Want<'_>, turn: &Turn<'_>) -> Option<Renewal> {
        let folder = self.folder.as_ref()?;
        let Ok(Try::Locked(mut guard)) = lock::try_lock(&folder.lock_path(want.file())) else {
            return None;
        };
        let renewed = self
            .read::<T>(want)
            .is_ok_and(|entry| entry.is_some_and(|entry| turn.now() < entry.refresh_at));
        let paused = match guard.note().failure {
            Some(failure) => want.is_paused_by(failure.ended, turn),
            // An attempt that could not even record its failure, because of a full disk or a crash.
            None => guard.since_attempt().is_some_and(|ago| {
                TimeDelta::from_std(ago).is_ok_and(|ago| ago < RENEWAL_PAUSE) && !turn.force
            }),
        };
        if renewed || paused {
            return None;
        }
        guard.mark_attempt();
        Some(Renewal {
            lock: guard.into_file(),
            entry: want.file_name(),
        })
    }

    /// Creates the lease for a lock that another process took and handed over.
    ///
    /// # Errors
    /// The file is not the lock of that entry, or is no longer locked.
    pub fn adopt<'a, T: Cacheable>(
        &'a self,
        want: Want<'a>,
        lock: File,
        turn: &mut Turn<'_>,
    ) -> Result<Lease<'a, T>> {
        let path = self.folder.as_ref().map(|f| f.lock_path(want.file()));
        let guard = path.and_then(|path| Guard::adopt(lock, &path));
        let guard = guard.ok_or_else(|| Error::local("the lock for this refresh is not held"))?;
        crate::sys::signals::outlive_file_limits();
        let outer = (turn.deadline, turn.hard_deadline);
        turn.in_background = true;
        // No client is waiting, but this process holds the lock, so it must not wait long for
        // others.
        turn.deadline = Instant::now() + BUDGET;
        turn.hard_deadline = Some(turn.deadline);
        let miss = Miss {
            cache: self,
            want,
            valid: None,
            refused: None,
        };
        Ok(Lease::new(miss, Hold::Locked(guard), outer, turn))
    }
}

impl<'a, T: Cacheable> Lease<'a, T> {
    pub(super) fn new(
        miss: Miss<'a, T>,
        hold: Hold,
        outer: (Instant, Option<Instant>),
        turn: &mut Turn<'_>,
    ) -> Self {
        let depth = turn.held.len();
        match &hold {
            Hold::Locked(guard) => {
                let client = miss.want.client;
                guard.say(&note(client, State::Minting));
                if let Some(teller) = guard.teller() {
                    turn.held.push(Box::new(Notes { teller, client }));
                }
            }
            Hold::Unlocked | Hold::Nowhere => {
                log::debug(format_args!("{} is not cached", miss.want.key.hex()));
            }
        }
        Self {
            miss,
            hold,
            began: Instant::now(),
            outer,
            depth,
        }
    }

    /// Ends the lease with the result of the mint: caches the credential, or records the failure
    /// for the waiting processes. On failure, returns the cached credential if it is still valid.
    ///
    /// # Errors
    /// The mint failed.
    pub fn settle(self, minted: Result<T>, turn: &mut Turn<'_>) -> Result<T> {
        turn.held.truncate(self.depth);
        restore(turn, self.outer);
        match minted {
            Ok(payload) => {
                self.store(&payload, turn);
                Ok(payload)
            }
            Err(error) => {
                if let Hold::Locked(guard) = &self.hold {
                    let shared = is_shared(&error, turn);
                    if turn.in_background || shared {
                        guard.say(&failed(error.clone(), !shared));
                    } else {
                        guard.say_nothing();
                    }
                }
                self.miss.fall_back(error, turn)
            }
        }
    }

    fn store(&self, payload: &T, turn: &Turn<'_>) {
        let cache = self.miss.cache;
        let Some(folder) = &cache.folder else { return };
        let key = self.miss.want.file();
        match &self.hold {
            Hold::Nowhere => {}
            Hold::Unlocked => {
                if let Some(bytes) = self.entry(payload, turn) {
                    let _ = folder.write_unlocked(key, &bytes);
                }
            }
            Hold::Locked(guard) => {
                let kept = match self.entry(payload, turn) {
                    Some(bytes) => folder.write(key, &bytes),
                    None => Ok(()),
                };
                match kept {
                    Err(why) if turn.in_background => {
                        guard.say(&failed(Error::local(why), true));
                    }
                    kept => {
                        if let Err(why) = kept {
                            cache.tell(&why);
                        }
                        guard.say_nothing();
                    }
                }
                sweep::after_a_miss(folder, turn.now());
            }
        }
    }

    /// The serialized entry; `None` if the credential must not be cached.
    fn entry(&self, payload: &T, turn: &Turn<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let want = &self.miss.want;
        let entry = Entry::new(
            want.file(),
            want.connector,
            want.label,
            turn.at(self.began),
            payload.clone(),
            chance(),
        )?;
        match want.keep {
            Keep::Nowhere => None,
            Keep::Files => Some(entry.render()),
            Keep::Sealed => {
                let sealed = self
                    .miss
                    .cache
                    .sealer()
                    .ok()?
                    .seal(want.file(), &entry.payload)?;
                Some(entry.with_payload(sealed)?.render())
            }
        }
    }
}

/// Writes the holder's state into the lock file.
#[derive(Debug)]
struct Notes {
    teller: Teller,
    client: &'static str,
}

impl Progress for Notes {
    fn prompting(&self) {
        self.teller.say(&note(self.client, State::Prompting));
    }

    fn minting(&self) {
        self.teller.say(&note(self.client, State::Minting));
    }
}

fn note(client: &str, state: State) -> Note {
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

/// The note for a failed mint.
fn failed(error: Error, own: bool) -> Note {
    let ended: DateTime<Utc> = Utc::now();
    Note {
        holder: None,
        failure: Some(Failure { ended, error, own }),
    }
}

/// Whether waiting processes share this failure. They do not if it only concerns this process (it
/// cannot prompt) or this machine. They do if the user was prompted, so that nobody prompts again.
fn is_shared(error: &Error, turn: &Turn<'_>) -> bool {
    match error.kind {
        Kind::Denied | Kind::Unavailable | Kind::NoCredentials => true,
        Kind::Interaction => turn.has_prompted,
        Kind::Usage | Kind::Profile | Kind::Refused | Kind::NoConsent | Kind::Local => false,
    }
}

/// A number in `0.0..1.0` that differs between processes: random enough to keep machines out of
/// step.
fn chance() -> f64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let draw = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(draw >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_are_between_0_and_1_and_differ() {
        let draws = [(); 8].map(|()| chance());
        assert!(draws.iter().all(|draw| (0.0..=1.0).contains(draw)));
        assert!(draws.windows(2).any(|pair| pair.first() != pair.last()));
    }
}
