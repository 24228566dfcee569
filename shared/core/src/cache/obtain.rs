//! From a key to what lies under it: look, lock, look again, mint, write.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::entry::{Cacheable, Entry, Need};
use super::folder::Folder;
use super::key::Key;
use super::lock::{self, Failure, Guard, Holder, Note, State, Try};
use super::{Cache, RENEWAL_PAUSE, detach, sweep};
use crate::error::{Error, Kind, Result};
use crate::log;

/// Inside the margin a valid credential is at hand: renewing it may take this long.
const PATIENCE_WITH_VALID: Duration = Duration::from_secs(3);
/// A person who is asked for a code is given this long.
const PATIENCE_WITH_PROMPT: Duration = Duration::from_secs(120);
/// After this long, waiting is announced.
const SILENCE: Duration = Duration::from_secs(2);

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
    /// How long to wait for another process.
    pub lock_timeout: Duration,
    /// Whether to renew in the background.
    pub refresh_ahead: bool,
    /// The true time.
    pub now: &'a dyn Fn() -> DateTime<Utc>,
    /// Looks whether another process found out the true time meanwhile.
    pub resync: &'a dyn Fn(),
    /// When the command must be done.
    pub deadline: Instant,
}

/// What a mint is given.
pub struct Mint<'a> {
    /// When it must be done.
    pub deadline: Instant,
    /// Whether this process was detached from the client's and may ask nobody.
    pub in_background: bool,
    guard: Option<(&'a mut Guard, &'a Ask<'a>)>,
}

impl Mint<'_> {
    /// Tells those who wait that a person is being asked, so that they wait longer or not at all.
    pub fn prompting(&mut self) {
        if let Some((guard, ask)) = &mut self.guard {
            guard.say(&note(ask, State::Prompting));
        }
    }

    /// Tells those who wait that the person has answered.
    pub fn minting(&mut self) {
        if let Some((guard, ask)) = &mut self.guard {
            guard.say(&note(ask, State::Minting));
        }
    }
}

enum Wait<T> {
    Locked(Guard),
    Appeared(Entry<T>),
    TimedOut(Note),
    Prompting(Holder),
    Unusable(String),
}

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
            return alone(ask, ask.deadline, mint);
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
        let valid = held.filter(|entry| !ask.force && entry.is_valid((ask.now)()));
        let (deadline, patience) = match &valid {
            Some(_) => {
                if let Some(failure) = lock::read_note(&folder.lock_path(ask.key)).failure
                    && is_recent(&failure, ask)
                {
                    return fall_back(valid, failure.error, ask);
                }
                let soon = Instant::now() + PATIENCE_WITH_VALID;
                (
                    ask.deadline.min(soon),
                    ask.lock_timeout.min(PATIENCE_WITH_VALID),
                )
            }
            None => (ask.deadline, ask.lock_timeout),
        };
        if let Err(why) = folder.create() {
            self.tell(&why);
            return alone(ask, deadline, mint).or_else(|error| fall_back(valid, error, ask));
        }
        let began = Instant::now();
        let waited = self.wait::<T>(folder, ask, patience);
        // Waiting is not asking: the budget for AWS is as long as before. With a valid one at
        // hand, it is the client's patience that counts.
        let deadline = match &valid {
            Some(_) => deadline,
            None => deadline + began.elapsed(),
        };
        let answer = match waited {
            Wait::Appeared(entry) => return Ok(entry.payload),
            Wait::Locked(guard) => self.mint_locked(folder, guard, ask, deadline, mint),
            Wait::Prompting(holder) => Err(being_asked(&holder, ask)),
            Wait::TimedOut(note) => {
                log::warn(format_args!(
                    "gave up waiting for {} after {} s; asking AWS as well",
                    who(&note),
                    patience.as_secs()
                ));
                alone(ask, deadline, mint)
            }
            Wait::Unusable(why) => {
                self.tell(&why);
                alone(ask, deadline, mint)
            }
        };
        answer.or_else(|error| fall_back(valid, error, ask))
    }

    /// Waits for the lock, or for the entry that its holder is making.
    fn wait<T: Cacheable>(&self, folder: &Folder, ask: &Ask<'_>, patience: Duration) -> Wait<T> {
        let path = folder.lock_path(ask.key);
        let began = Instant::now();
        let mut announced = false;
        let mut nap = Duration::from_millis(2);
        loop {
            match lock::try_lock(&path) {
                Ok(Try::Locked(guard)) => return Wait::Locked(guard),
                Ok(Try::Busy) => {}
                Err(error) => {
                    return Wait::Unusable(format!("cannot lock {}: {error}", path.display()));
                }
            }
            let waited = began.elapsed();
            if waited >= SILENCE && !announced {
                announced = true;
                log::line(format_args!("waiting for {}", who(&lock::read_note(&path))));
            }
            let mut limit = patience;
            // The note is read now and then only: the entry and the lock are what counts.
            if (nap >= Duration::from_millis(30) || waited >= patience)
                && let Some(holder) = lock::read_note(&path).holder
                && holder.state == State::Prompting
            {
                if !ask.may_prompt {
                    return Wait::Prompting(holder);
                }
                limit = PATIENCE_WITH_PROMPT;
            }
            if waited >= limit {
                return Wait::TimedOut(lock::read_note(&path));
            }
            std::thread::sleep(nap);
            nap = (nap * 3 / 2).min(Duration::from_millis(40));
            (ask.resync)();
            if let Some(entry) = self.read::<T>(ask.key)
                && good(&entry, ask)
            {
                return Wait::Appeared(entry);
            }
        }
    }

    fn mint_locked<T: Cacheable>(
        &self,
        folder: &Folder,
        mut guard: Guard,
        ask: &Ask<'_>,
        deadline: Instant,
        mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
    ) -> Result<T> {
        // Somebody else may have been here while we waited.
        if let Some(entry) = self.read::<T>(ask.key)
            && good(&entry, ask)
        {
            return Ok(entry.payload);
        }
        if let Some(failure) = guard.note().failure
            && failure.ended >= ask.started
        {
            log::debug(format_args!("sharing the failure of {}", failure.ended));
            return Err(failure.error);
        }
        self.mint_and_keep(folder, &mut guard, ask, deadline, false, mint)
    }

    fn mint_and_keep<T: Cacheable>(
        &self,
        folder: &Folder,
        guard: &mut Guard,
        ask: &Ask<'_>,
        deadline: Instant,
        in_background: bool,
        mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
    ) -> Result<T> {
        guard.say(&note(ask, State::Minting));
        let obtained_at = (ask.now)();
        let outcome = mint(&mut Mint {
            deadline,
            in_background,
            guard: Some((guard, ask)),
        });
        match outcome {
            Ok(payload) => {
                let entry = Entry::new(
                    ask.key,
                    ask.connector,
                    ask.label,
                    obtained_at,
                    payload.clone(),
                    chance(),
                );
                let bytes = entry.and_then(|entry| match &self.sealer {
                    Some(sealer) => {
                        let sealed = sealer.seal(ask.key, &entry.payload)?;
                        Some(entry.with_payload(sealed)?.render())
                    }
                    None => Some(entry.render()),
                });
                if let Some(bytes) = bytes
                    && let Err(why) = folder.write(ask.key, &bytes)
                {
                    self.tell(&why);
                }
                guard.say_nothing();
                sweep::after_a_miss(folder, (ask.now)());
                Ok(payload)
            }
            Err(error) => {
                if is_shared(&error) {
                    guard.say(&Note {
                        holder: None,
                        failure: Some(Failure {
                            ended: Utc::now(),
                            error: error.clone(),
                        }),
                    });
                } else {
                    guard.say_nothing();
                }
                Err(error)
            }
        }
    }

    /// After `refresh_at`, whoever gets the lock without waiting leaves a child behind that
    /// renews the entry; the client is answered from the old one at once.
    fn renew_in_background<T: Cacheable>(
        &self,
        folder: &Folder,
        ask: &Ask<'_>,
        mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
    ) {
        let Ok(Try::Locked(mut guard)) = lock::try_lock(&folder.lock_path(ask.key)) else {
            return;
        };
        let renewed = self
            .read::<T>(ask.key)
            .is_some_and(|entry| (ask.now)() < entry.refresh_at);
        let paused = guard
            .note()
            .failure
            .is_some_and(|failure| is_recent(&failure, ask));
        if renewed || paused {
            return;
        }
        let keep = guard.file();
        match detach::fork(keep) {
            // The child carries the lock on; our copy of the descriptor ends here.
            Ok(detach::Side::Parent) => log::debug(format_args!("renewing in the background")),
            Ok(detach::Side::Child) => {
                let deadline = Instant::now() + crate::serve::BUDGET;
                let _ = self.mint_and_keep(folder, &mut guard, ask, deadline, true, mint);
                detach::exit();
            }
            Err(error) => log::debug(format_args!("cannot renew in the background: {error}")),
        }
    }
}

/// Mints without the cache's help.
fn alone<T>(
    ask: &Ask<'_>,
    deadline: Instant,
    mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
) -> Result<T> {
    log::debug(format_args!("minting {} uncached", ask.key.hex()));
    mint(&mut Mint {
        deadline,
        in_background: false,
        guard: None,
    })
}

fn good<T: Cacheable>(entry: &Entry<T>, ask: &Ask<'_>) -> bool {
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
/// not ask a person, or what is wrong with this machine, is its own.
fn is_shared(error: &Error) -> bool {
    match error.kind {
        Kind::Denied | Kind::Unavailable | Kind::NoCredentials => true,
        Kind::Usage | Kind::Profile | Kind::Refused | Kind::Interaction | Kind::Local => false,
    }
}

fn is_recent(failure: &Failure, ask: &Ask<'_>) -> bool {
    let age = Utc::now() - failure.ended;
    age < RENEWAL_PAUSE && age > -RENEWAL_PAUSE && !ask.force
}

fn note(ask: &Ask<'_>, state: State) -> Note {
    Note {
        holder: Some(Holder {
            pid: std::process::id(),
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            client: ask.client.to_owned(),
            since: Utc::now(),
            state,
        }),
        failure: None,
    }
}

fn who(note: &Note) -> String {
    match &note.holder {
        Some(holder) => format!(
            "pid {} ({} on {}), which has been {} since {}",
            holder.pid,
            crate::shown::shown(&holder.client).trim_matches('"'),
            crate::shown::shown(&holder.host).trim_matches('"'),
            match holder.state {
                State::Minting => "asking AWS",
                State::Prompting => "asking for an MFA code",
            },
            holder.since.format("%H:%M:%SZ")
        ),
        None => "another process".to_owned(),
    }
}

fn being_asked(holder: &Holder, ask: &Ask<'_>) -> Error {
    Error::new(
        Kind::Interaction,
        format!("pid {} is asking for an MFA code", holder.pid),
    )
    .of(ask.connector)
    .fix(format!(
        "answer it there, or run 'aws-connector login {}' and try again",
        ask.connector
    ))
}

/// A number in `0.0..1.0`, different in each process: good enough to keep machines out of step.
fn chance() -> f64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let draw = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(draw >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}
