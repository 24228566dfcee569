//! Waits for another process, with short sleeps, a message and a limit. Unlike
//! [`lock::lock_within`], this also ends when the entry appears, and the limit depends on what the
//! holder is doing.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};

use super::acquire::Miss;
use super::entry::{Cacheable, Entry};
use super::folder::Folder;
use super::lock::{self, Guard, Pause, Try};
use super::note::{Holder, Note, State, read_note};
use crate::error::{Error, Kind};
use crate::log;
use crate::shown::shown;
use crate::turn::{PROMPT, Turn};

/// How long to wait for a refresh while a valid credential is cached.
pub(super) const PATIENCE_WITH_VALID: Duration = Duration::from_secs(3);
/// How long to wait while another process prompts for a code: slightly longer than [`PROMPT`], so
/// that the prompt times out first.
const PATIENCE_WITH_PROMPT: Duration = PROMPT.saturating_add(Duration::from_secs(10));
/// Waits longer than this are announced on stderr.
const SILENCE: Duration = Duration::from_secs(2);

/// How a wait ended.
pub(super) enum Wait<T> {
    Locked(Guard),
    Appeared(Entry<T>),
    TimedOut(Note),
    Prompting(Holder),
    Unusable(String),
}

impl<T: Cacheable> Miss<'_, T> {
    /// Waits for the lock, or for the entry that its holder is minting.
    pub(super) fn wait(&self, folder: &Folder, patience: Duration, turn: &Turn<'_>) -> Wait<T> {
        let path = folder.lock_path(self.want.file());
        // The client can be served with the cached credential.
        let has_valid = self.valid.is_some();
        let began = Instant::now();
        let mut announced = false;
        let mut pause = Pause::default();
        loop {
            match lock::try_lock(&path) {
                Ok(Try::Locked(guard)) => return Wait::Locked(guard),
                Ok(Try::Busy) => {}
                // Another process removed the directory, and may have created it again.
                Err(error)
                    if error.kind() == std::io::ErrorKind::NotFound && folder.create().is_ok() => {}
                Err(error) => {
                    return Wait::Unusable(format!("cannot lock {}: {error}", path.display()));
                }
            }
            let waited = began.elapsed();
            if waited >= SILENCE && !announced {
                announced = true;
                log::line(format_args!(
                    "waiting for {}",
                    describe_holder(&read_note(&path))
                ));
            }
            let mut limit = patience;
            // Only the entry and the lock decide, so read the note less often.
            if has_valid || pause.is_long() || waited >= patience {
                let note = read_note(&path);
                if let Some(holder) = &note.holder {
                    if holder.state == State::Prompting && !has_valid {
                        if !turn.can_prompt {
                            return Wait::Prompting(holder.clone());
                        }
                        limit = PATIENCE_WITH_PROMPT;
                    }
                    // The holder has already taken longer than a refresh should.
                    if has_valid && is_late(holder) {
                        return Wait::TimedOut(note);
                    }
                }
            }
            if waited >= limit {
                let note = read_note(&path);
                return match note.holder {
                    // A second prompt would not help.
                    Some(holder) if holder.state == State::Prompting => Wait::Prompting(holder),
                    _ => Wait::TimedOut(note),
                };
            }
            pause.sleep(limit.saturating_sub(waited));
            // The holder may have corrected the clock.
            turn.clock().reload();
            if let Ok(Some(entry)) = self.cache.read::<T>(&self.want)
                && self.want.is_met_by(&entry, turn)
            {
                return Wait::Appeared(entry);
            }
        }
    }
}

fn is_late(holder: &Holder) -> bool {
    TimeDelta::from_std(PATIENCE_WITH_VALID)
        .is_ok_and(|patience| Utc::now() - holder.since > patience)
}

/// Describes the holder of a lock.
pub(super) fn describe_holder(note: &Note) -> String {
    match &note.holder {
        Some(holder) => format!(
            "pid {} ({} on {}), which has been {} since {}",
            holder.pid,
            shown(&holder.client).trim_matches('"'),
            shown(&holder.host).trim_matches('"'),
            match holder.state {
                State::Minting => "calling AWS",
                State::Prompting => "asking for an MFA code",
            },
            holder.since.format("%H:%M:%SZ")
        ),
        None => "another process".to_owned(),
    }
}

/// The error for a process that cannot wait for the user.
pub(super) fn already_prompting(holder: &Holder, connector: &str) -> Error {
    Error::new(
        Kind::Interaction,
        format!("pid {} is waiting for an MFA code", holder.pid),
    )
    .of(connector)
    .fix(format!(
        "enter it there, or run 'aws-connector login {connector}' and retry"
    ))
}

/// The error for a process that has no time left to wait.
pub(super) fn still_busy(note: &Note, connector: &str) -> Error {
    Error::new(
        Kind::Unavailable,
        format!("timed out waiting for {}", describe_holder(note)),
    )
    .of(connector)
    .fix("retry")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(seconds: i64) -> Holder {
        Holder {
            pid: 12,
            host: "host".into(),
            client: "docker".into(),
            since: Utc::now() - TimeDelta::seconds(seconds),
            state: State::Prompting,
        }
    }

    #[test]
    fn a_holder_is_late_after_the_time_limit_of_a_refresh() {
        // In the future, so that a slow test does not matter.
        assert!(!is_late(&holder(-60)));
        assert!(is_late(&holder(60)));
    }

    #[test]
    fn a_holder_is_named_with_what_it_is_doing() {
        let said = describe_holder(&Note {
            holder: Some(holder(0)),
            failure: None,
        });
        assert!(
            said.starts_with(
                "pid 12 (docker on host), which has been asking for an MFA code since "
            )
        );
        assert_eq!(describe_holder(&Note::default()), "another process");
    }
}
