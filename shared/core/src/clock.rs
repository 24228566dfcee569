//! A wrong wall clock, found out from AWS's answers and allowed for: signatures and stored
//! expiries carry the true time, the documents speak the local one, which is what their readers
//! compare with.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::log;
use crate::sys::boot::{boot_id, since_boot_ms};

/// Less than this is tolerated: AWS itself allows five minutes.
const IGNORED_BELOW: TimeDelta = TimeDelta::seconds(60);
/// More than this is too large to be clock skew: the response is not trusted.
const REFUSED_ABOVE: TimeDelta = TimeDelta::hours(24);
/// How far the wall clock may drift against the time since boot before it counts as set.
const DRIFT: TimeDelta = TimeDelta::seconds(20);
/// What is longer was not written by us.
const LONGEST: u64 = 4096;
/// The file's name in the cache folder.
const FILE: &str = "clock";

/// The `Date` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerDate {
    /// What the server said.
    pub said: DateTime<Utc>,
    /// What this machine's clock said when the answer came.
    pub heard_at: DateTime<Utc>,
    /// The source.
    pub origin: Origin,
}

/// Where a `Date` comes from, which decides what it may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One of AWS's own hosts over verified TLS: it is the true time, for every command.
    Aws,
    /// A custom endpoint over verified TLS, or one on this machine: it is what that endpoint goes
    /// by, and says nothing about the true time.
    Endpoint,
    /// An answer that anybody on the way could have written.
    Untrusted,
}

/// How far the local clock is off, as far as is known.
#[derive(Debug, Default)]
pub struct Clock {
    /// True time less local time.
    offset: Cell<TimeDelta>,
    /// The time of the endpoint that this command asks, less true time.
    endpoint: Cell<TimeDelta>,
    file: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    offset_ms: i64,
    /// Wall time less time since boot when the offset was found: it changes when somebody sets
    /// the clock, and then the offset means nothing any more.
    wall_minus_boot_ms: i64,
    boot_id: String,
}

impl Clock {
    /// The offset that was found earlier, if it still holds.
    pub fn load(cache_folder: Option<&Path>) -> Self {
        let clock = Self {
            offset: Cell::default(),
            endpoint: Cell::default(),
            file: cache_folder.map(|folder| folder.join(FILE)),
        };
        clock.reload();
        clock
    }

    /// Looks whether another process has found an offset meanwhile.
    pub fn reload(&self) {
        if let Some(offset) = self.file.as_deref().and_then(read) {
            self.offset.set(offset);
        }
    }

    /// True time less local time.
    pub fn offset(&self) -> TimeDelta {
        self.offset.get()
    }

    /// The true time of a local one.
    pub fn to_true(&self, local: DateTime<Utc>) -> DateTime<Utc> {
        local.checked_add_signed(self.offset.get()).unwrap_or(local)
    }

    /// The local time of a true one.
    pub fn to_local(&self, truly: DateTime<Utc>) -> DateTime<Utc> {
        truly.checked_sub_signed(self.offset.get()).unwrap_or(truly)
    }

    /// The time to sign with at a true time: that of the endpoint which is asked.
    pub fn to_endpoint(&self, truly: DateTime<Utc>) -> DateTime<Utc> {
        truly
            .checked_add_signed(self.endpoint.get())
            .unwrap_or(truly)
    }

    /// The true time of one that the endpoint returned, such as an expiration.
    pub fn from_endpoint(&self, told: DateTime<Utc>) -> DateTime<Utc> {
        told.checked_sub_signed(self.endpoint.get()).unwrap_or(told)
    }

    /// Takes note of an answer's date; says whether signatures now carry another time.
    ///
    /// Only AWS's own date changes the offset, which every command uses. A custom endpoint's date
    /// changes what this command signs with, and only if `asserted`: the endpoint has refused a
    /// signature for its time, or was asked without one. Otherwise the `Date` may be a proxy's,
    /// while AWS behind it goes by the right time.
    pub fn learn(&self, date: ServerDate, asserted: bool) -> bool {
        let said = date.said - date.heard_at;
        if said.abs() > REFUSED_ABOVE {
            return false;
        }
        let before = self.offset.get() + self.endpoint.get();
        match date.origin {
            Origin::Aws => {
                self.endpoint.set(TimeDelta::zero());
                let offset = rounded(said);
                if differ(offset, self.offset.get()) {
                    log::debug(format_args!(
                        "the local clock is off by {} s",
                        -offset.num_seconds()
                    ));
                    self.offset.set(offset);
                    self.store();
                }
            }
            Origin::Endpoint if asserted => {
                let endpoint = rounded(said - self.offset.get());
                if differ(endpoint, self.endpoint.get()) {
                    log::debug(format_args!(
                        "the endpoint's clock is off by {} s",
                        endpoint.num_seconds()
                    ));
                    self.endpoint.set(endpoint);
                }
            }
            Origin::Endpoint | Origin::Untrusted => {}
        }
        differ(before, self.offset.get() + self.endpoint.get())
    }

    fn store(&self) {
        let Some(file) = &self.file else { return };
        if self.offset.get().is_zero() {
            let _ = fs::remove_file(file);
            return;
        }
        let record = Record {
            offset_ms: self.offset.get().num_milliseconds(),
            wall_minus_boot_ms: wall_minus_boot_ms(),
            boot_id: boot_id(),
        };
        let temporary = file.with_extension(std::process::id().to_string());
        let bytes = serde_json::to_vec(&record).unwrap_or_default();
        // Without the file, the next command finds it out again.
        let _ = crate::fs::replace(temporary, file, &bytes);
    }
}

fn rounded(offset: TimeDelta) -> TimeDelta {
    match offset.abs() < IGNORED_BELOW {
        true => TimeDelta::zero(),
        false => offset,
    }
}

/// An answer takes its time on the way, and `Date` has no fractions of a second.
fn differ(one: TimeDelta, other: TimeDelta) -> bool {
    (one - other).abs() >= TimeDelta::seconds(30)
}

fn read(file: &Path) -> Option<TimeDelta> {
    let file = crate::fs::open_no_follow(file).ok()?;
    if crate::fs::insecure(file.meta()).is_some() {
        return None;
    }
    let bytes = file.read(LONGEST).ok()?;
    let record: Record = serde_json::from_slice(&bytes).ok()?;
    let offset = TimeDelta::try_milliseconds(record.offset_ms)?;
    let stepped = record.wall_minus_boot_ms.abs_diff(wall_minus_boot_ms());
    let holds = record.boot_id == boot_id()
        && stepped < DRIFT.num_milliseconds().unsigned_abs()
        && offset.abs() >= IGNORED_BELOW
        && offset.abs() <= REFUSED_ABOVE;
    holds.then_some(offset)
}

fn wall_minus_boot_ms() -> i64 {
    Utc::now().timestamp_millis() - since_boot_ms()
}

#[cfg(test)]
#[path = "clock_test.rs"]
mod tests;
