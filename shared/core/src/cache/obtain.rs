//! From a key to what lies under it: look, lock, look again, mint, write.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::ask::{Ask, Mint, note};
use super::entry::{Cacheable, Entry};
use super::folder::Folder;
use super::lock::{self, Failure, Guard, Note, State};
use super::wait::{PATIENCE_WITH_VALID, Wait, being_asked, still_busy, who};
use super::{Cache, RENEWAL_PAUSE, sweep};
use crate::error::{Error, Kind, Result};
use crate::log;

impl Cache {
    /// What lies under the key, minted by this process if need be.
    ///
    /// # Errors
    /// The mint's own error, or that of the process whose mint this one was waiting for.
    pub fn obtain<T: Cacheable>(
        &self,
        ask: &Ask<'_>,
        mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
    ) -> Result<T> {
        let Some(folder) = &self.folder else {
            return alone(ask, ask.deadline, ask.hurry, mint);
        };
        let held = self.read::<T>(ask.key);
        if let Some(entry) = &held
            && good(entry, ask)
        {
            if ask.refresh_ahead && (ask.now)() >= entry.refresh_at {
                self.renew_in_background(folder, ask, mint);
            }
            log::debug(format_args!("hit {}", ask.key.hex()));
            return Ok(entry.payload.clone());
        }
        log::debug(format_args!("miss {}", ask.key.hex()));
        super::signals::outlive_file_limits();
        let valid = held.filter(|entry| !ask.force && entry.is_valid((ask.now)()));
        let mut hurry = ask.hurry;
        if valid.is_some() {
            if let Some(failure) = lock::read_note(&folder.lock_path(ask.key)).failure
                && is_recent(&failure, ask)
            {
                return fall_back(valid, failure.error, ask);
            }
            let soon = Instant::now() + PATIENCE_WITH_VALID;
            hurry = Some(hurry.map_or(soon, |hurry| hurry.min(soon)));
        }
        let deadline = hurry.map_or(ask.deadline, |hurry| hurry.min(ask.deadline));
        if let Err(why) = folder.create() {
            self.tell(&why);
            return alone(ask, deadline, hurry, mint).or_else(|error| fall_back(valid, error, ask));
        }
        let began = Instant::now();
        // One patience for all locks that a command meets.
        let lock_timeout = ask.lock_timeout.saturating_sub(ask.waited.get());
        let patience = hurry.map_or(lock_timeout, |hurry| {
            lock_timeout.min(hurry.saturating_duration_since(began))
        });
        let waited = self.wait::<T>(folder, ask, patience, valid.is_some());
        ask.waited.set(ask.waited.get() + began.elapsed());
        // Waiting is not asking: the budget for AWS is as long as before. In a hurry, it is the
        // client's patience that counts.
        let deadline = match hurry {
            Some(_) => deadline,
            None => deadline + began.elapsed(),
        };
        let answer = match waited {
            Wait::Appeared(entry) => return Ok(entry.payload),
            Wait::Locked(guard) => self.mint_locked(folder, guard, ask, deadline, hurry, mint),
            Wait::Prompting(holder) => Err(being_asked(&holder, ask)),
            Wait::TimedOut(note) if hurry.is_some() => Err(still_busy(&note, ask)),
            Wait::TimedOut(note) => {
                log::warn(format_args!(
                    "gave up waiting for {} after {} s; asking AWS as well",
                    who(&note),
                    began.elapsed().as_secs()
                ));
                let asked = Instant::now();
                alone(ask, deadline, hurry, mint).inspect(|payload| {
                    // Those who are still waiting need not ask as well.
                    if let Some(bytes) = self.entry_bytes(ask, since(asked, ask), payload) {
                        let _ = folder.write_unlocked(ask.key, &bytes);
                    }
                })
            }
            Wait::Unusable(why) => {
                self.tell(&why);
                alone(ask, deadline, hurry, mint)
            }
        };
        answer.or_else(|error| fall_back(valid, error, ask))
    }

    fn mint_locked<T: Cacheable>(
        &self,
        folder: &Folder,
        mut guard: Guard,
        ask: &Ask<'_>,
        deadline: Instant,
        hurry: Option<Instant>,
        mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
    ) -> Result<T> {
        // Somebody else may have been here while we waited.
        if let Some(entry) = self.read::<T>(ask.key)
            && good(&entry, ask)
        {
            return Ok(entry.payload);
        }
        if let Some(failure) = guard.note().failure
            && failure.concerns(ask.started)
        {
            log::debug(format_args!("sharing the failure of {}", failure.ended));
            return Err(failure.error);
        }
        let time = (deadline, hurry);
        self.mint_and_keep(folder, &mut guard, ask, time, false, mint)
    }

    /// An entry as it is written, if what it holds can be kept at all.
    fn entry_bytes<T: Cacheable>(
        &self,
        ask: &Ask<'_>,
        obtained_at: DateTime<Utc>,
        payload: &T,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (connector, label) = (ask.connector, ask.label);
        let payload = payload.clone();
        let entry = Entry::new(ask.key, connector, label, obtained_at, payload, chance())?;
        match &self.sealer {
            Some(sealer) => {
                let sealed = sealer.seal(ask.key, &entry.payload)?;
                Some(entry.with_payload(sealed)?.render())
            }
            None => Some(entry.render()),
        }
    }

    pub(super) fn mint_and_keep<T: Cacheable>(
        &self,
        folder: &Folder,
        guard: &mut Guard,
        ask: &Ask<'_>,
        (deadline, hurry): (Instant, Option<Instant>),
        in_background: bool,
        mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
    ) -> Result<T> {
        guard.say(&note(ask.client, State::Minting));
        let began = Instant::now();
        let outcome = mint(&mut Mint {
            deadline,
            hurry,
            in_background,
            guard: Some((guard, ask)),
        });
        match outcome {
            Ok(payload) => {
                let kept = match self.entry_bytes(ask, since(began, ask), &payload) {
                    Some(bytes) => folder.write(ask.key, &bytes),
                    None => Ok(()),
                };
                match kept {
                    Err(why) if in_background => guard.say(&failed(Error::local(why), true)),
                    kept => {
                        if let Err(why) = kept {
                            self.tell(&why);
                        }
                        guard.say_nothing();
                    }
                }
                sweep::after_a_miss(folder, (ask.now)());
                Ok(payload)
            }
            Err(error) => {
                let shared = is_shared(&error, ask);
                if in_background || shared {
                    guard.say(&failed(error.clone(), !shared));
                } else {
                    guard.say_nothing();
                }
                Err(error)
            }
        }
    }
}

/// When a mint began, reckoned back from now: it may have found out the true time.
fn since(began: Instant, ask: &Ask<'_>) -> DateTime<Utc> {
    (ask.now)() - TimeDelta::from_std(began.elapsed()).unwrap_or(TimeDelta::zero())
}

/// What is said of a mint that failed.
fn failed(error: Error, own: bool) -> Note {
    let ended = Utc::now();
    Note {
        holder: None,
        failure: Some(Failure { ended, error, own }),
    }
}

/// Mints without the cache's help.
fn alone<T>(
    ask: &Ask<'_>,
    deadline: Instant,
    hurry: Option<Instant>,
    mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
) -> Result<T> {
    log::debug(format_args!("minting {} uncached", ask.key.hex()));
    mint(&mut Mint {
        deadline,
        hurry,
        in_background: false,
        guard: None,
    })
}

pub(super) fn good<T: Cacheable>(entry: &Entry<T>, ask: &Ask<'_>) -> bool {
    entry.serves((ask.now)(), ask.need) && (!ask.force || entry.obtained_at >= ask.forced_since)
}

/// A valid credential in place of a failure to renew it.
fn fall_back<T: Cacheable>(valid: Option<Entry<T>>, error: Error, ask: &Ask<'_>) -> Result<T> {
    match valid {
        Some(entry) if entry.is_valid((ask.now)()) => {
            let left = (entry.expires_at - (ask.now)()).num_seconds().max(0);
            log::warn(format_args!(
                "{}; using the one at hand, valid for another {left} s",
                error.of(ask.connector)
            ));
            Ok(entry.payload)
        }
        _ => Err(error),
    }
}

/// Whether a failure is everybody's who waited for it. One that only says that this process could
/// not ask a person, or what is wrong with this machine, is its own; a person who was asked is not
/// asked again.
fn is_shared(error: &Error, ask: &Ask<'_>) -> bool {
    match error.kind {
        Kind::Denied | Kind::Unavailable | Kind::NoCredentials => true,
        Kind::Interaction => ask.has_prompted.get(),
        Kind::Usage | Kind::Profile | Kind::Refused | Kind::Local => false,
    }
}

pub(super) fn is_recent(failure: &Failure, ask: &Ask<'_>) -> bool {
    let age = Utc::now() - failure.ended;
    age < RENEWAL_PAUSE && age > -RENEWAL_PAUSE && !ask.force
}

/// A number in `0.0..1.0`, different in each process: good enough to keep machines out of step.
fn chance() -> f64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let draw = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(draw >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}
