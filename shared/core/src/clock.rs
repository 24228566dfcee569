//! Detects a wrong local clock from AWS's responses and corrects for it. Signatures and cached
//! expirations use the corrected (true) time. Documents for clients use local time, because clients
//! compare them with the local clock.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::boot::{boot_id, since_boot_ms};
use crate::log;

/// Smaller offsets are ignored: AWS itself tolerates five minutes.
const IGNORED_BELOW: TimeDelta = TimeDelta::seconds(60);
/// More than this is too large to be clock skew: the response is not trusted.
const REFUSED_ABOVE: TimeDelta = TimeDelta::hours(24);
/// If the wall clock drifts more than this against the time since boot, somebody has set it.
const DRIFT: TimeDelta = TimeDelta::seconds(20);
/// A larger file was not written by this program.
const LONGEST: u64 = 4096;
/// The file's name in the cache folder.
const FILE: &str = "clock";

/// The `Date` of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerDate {
    /// What the server's clock said.
    pub said: DateTime<Utc>,
    /// What the local clock said when the response arrived.
    pub heard_at: DateTime<Utc>,
    /// The source.
    pub origin: Origin,
}

/// Where a `Date` comes from, which decides what it may correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One of AWS's own hosts, over verified TLS. It corrects the clock for every command.
    Aws,
    /// A custom endpoint over verified TLS, or one on this machine. It corrects calls to that
    /// endpoint only.
    Endpoint,
    /// A response that anybody on the network path could have written.
    Untrusted,
}

/// The known offset of the local clock.
#[derive(Debug, Default)]
pub struct Clock {
    /// True time minus local time.
    offset: Cell<TimeDelta>,
    /// The endpoint's time minus true time, for this command.
    endpoint: Cell<TimeDelta>,
    file: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    offset_ms: i64,
    /// Wall time minus time since boot when the offset was measured. It changes when somebody sets
    /// the clock, which invalidates the offset.
    wall_minus_boot_ms: i64,
    boot_id: String,
}

impl Clock {
    /// Loads the stored offset, if it still holds.
    pub fn load(cache_folder: Option<&Path>) -> Self {
        let clock = Self {
            offset: Cell::default(),
            endpoint: Cell::default(),
            file: cache_folder.map(|folder| folder.join(FILE)),
        };
        clock.reload();
        clock
    }

    /// Loads an offset that another process may have stored since.
    pub fn reload(&self) {
        if let Some(offset) = self.file.as_deref().and_then(read) {
            self.offset.set(offset);
        }
    }

    /// True time minus local time.
    pub fn offset(&self) -> TimeDelta {
        self.offset.get()
    }

    /// Converts local time to true time.
    pub fn to_true(&self, local: DateTime<Utc>) -> DateTime<Utc> {
        local.checked_add_signed(self.offset.get()).unwrap_or(local)
    }

    /// Converts true time to local time.
    pub fn to_local(&self, truly: DateTime<Utc>) -> DateTime<Utc> {
        truly.checked_sub_signed(self.offset.get()).unwrap_or(truly)
    }

    /// Converts true time to the endpoint's time, for signing.
    pub fn to_endpoint(&self, truly: DateTime<Utc>) -> DateTime<Utc> {
        truly
            .checked_add_signed(self.endpoint.get())
            .unwrap_or(truly)
    }

    /// Converts a time that the endpoint returned, such as an expiration, to true time.
    pub fn from_endpoint(&self, told: DateTime<Utc>) -> DateTime<Utc> {
        told.checked_sub_signed(self.endpoint.get()).unwrap_or(told)
    }

    /// Learns from a response's date. Returns whether later signatures will carry a different time.
    ///
    /// Only AWS's own date changes the offset that every command uses. A custom endpoint's date
    /// changes what this command signs with, and only if `asserted`: the endpoint rejected a
    /// signature because of its time, or the request was unsigned. Otherwise the `Date` may be a
    /// proxy's, while AWS behind it uses the correct time.
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
        // If this fails, the next command measures the offset again.
        let _ = crate::fs::replace(temporary, file, &bytes);
    }
}

fn rounded(offset: TimeDelta) -> TimeDelta {
    match offset.abs() < IGNORED_BELOW {
        true => TimeDelta::zero(),
        false => offset,
    }
}

/// Tolerates latency and the whole seconds of `Date`.
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
