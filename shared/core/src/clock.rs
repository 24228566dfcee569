//! A wrong wall clock, found out from AWS's answers and allowed for: signatures and stored
//! expiries carry the true time, the documents speak the local one, which is what their readers
//! compare with.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::log;

/// Less than this is no fault: AWS itself allows five minutes.
const IGNORED_BELOW: TimeDelta = TimeDelta::seconds(60);
/// More than this is no clock that runs wrong but an answer that cannot be believed.
const REFUSED_ABOVE: TimeDelta = TimeDelta::hours(24);
/// How far the wall clock may drift against the time since boot before somebody has set it.
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
    /// Whether it came over verified TLS or from this machine.
    pub trusted: bool,
}

/// How far the local clock is off, as far as is known.
#[derive(Debug, Default)]
pub struct Clock {
    /// True time less local time.
    offset: Cell<TimeDelta>,
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

    /// Takes note of an answer's date; says whether the offset is now another.
    pub fn learn(&self, date: ServerDate) -> bool {
        let offset = date.said - date.heard_at;
        if !date.trusted || offset.abs() > REFUSED_ABOVE {
            return false;
        }
        let offset = if offset.abs() < IGNORED_BELOW {
            TimeDelta::zero()
        } else {
            offset
        };
        // An answer takes its time on the way, and `Date` has no fractions of a second.
        if (offset - self.offset.get()).abs() < TimeDelta::seconds(30) {
            return false;
        }
        log::debug(format_args!(
            "the local clock is off by {} s",
            -offset.num_seconds()
        ));
        self.offset.set(offset);
        self.store();
        true
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

fn read(file: &Path) -> Option<TimeDelta> {
    let bytes = crate::fs::open_no_follow(file).ok()?.read(LONGEST).ok()?;
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
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Utc::now().timestamp_millis() - (boot.tv_sec * 1000 + boot.tv_nsec / 1_000_000)
}

/// The kernel's id of this boot; the host's name where there is none.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map_or_else(
        |_| {
            rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned()
        },
        |id| id.trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn date(offset: i64, trusted: bool) -> ServerDate {
        let now = Utc::now();
        ServerDate {
            said: now + TimeDelta::seconds(offset),
            heard_at: now,
            trusted,
        }
    }

    #[test]
    fn an_hour_is_learned_kept_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        for offset in [3600, -3600] {
            let clock = Clock::load(Some(folder.path()));
            clock.learn(date(offset, true));
            assert_eq!(clock.offset(), TimeDelta::seconds(offset));
            assert_eq!(
                Clock::load(Some(folder.path())).offset(),
                TimeDelta::seconds(offset)
            );
            let now = Utc::now();
            assert_eq!(clock.to_local(clock.to_true(now)), now);
        }
    }

    #[test]
    fn what_cannot_be_trusted_or_believed_is_not_learned() {
        let clock = Clock::default();
        assert!(!clock.learn(date(3600, false)));
        assert!(!clock.learn(date(25 * 3600, true)));
        assert!(!clock.learn(date(59, true)));
        assert_eq!(clock.offset(), TimeDelta::zero());
    }

    #[test]
    fn a_clock_that_was_set_right_needs_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::load(Some(folder.path()));
        clock.learn(date(3600, true));
        assert!(folder.path().join(FILE).exists());
        clock.learn(date(0, true));
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn a_step_of_the_clock_or_a_reboot_voids_the_offset() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let record = |boot_id: String, step: i64| {
            let record = Record {
                offset_ms: 3_600_000,
                wall_minus_boot_ms: wall_minus_boot_ms() + step,
                boot_id,
            };
            fs::write(&file, serde_json::to_vec(&record).unwrap()).unwrap();
            Clock::load(Some(folder.path())).offset()
        };
        assert_eq!(record(boot_id(), 0), TimeDelta::hours(1));
        assert_eq!(record(boot_id(), 3_600_000), TimeDelta::zero());
        assert_eq!(record("another".into(), 0), TimeDelta::zero());
        fs::write(&file, "garbage").unwrap();
        assert_eq!(Clock::load(Some(folder.path())).offset(), TimeDelta::zero());
    }
}
