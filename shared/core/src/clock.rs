//! A wrong wall clock, found out from AWS's answers and allowed for: signatures and stored
//! expiries carry the true time, the documents speak the local one, which is what their readers
//! compare with.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::log;

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

/// The clock that also counts while the machine sleeps.
#[cfg(target_os = "linux")]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

fn wall_minus_boot_ms() -> i64 {
    let boot = rustix::time::clock_gettime(SINCE_BOOT);
    Utc::now().timestamp_millis() - (boot.tv_sec * 1000 + boot.tv_nsec / 1_000_000)
}

/// The size limit of the file with the kernel's id of this boot.
const LONGEST_ID: u64 = 1024;

/// The kernel's id of this boot; the host name if unavailable.
pub(crate) fn boot_id() -> String {
    let file = Path::new("/proc/sys/kernel/random/boot_id");
    crate::fs::read_text(file, LONGEST_ID).map_or_else(
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

    fn date(offset: i64, origin: Origin) -> ServerDate {
        let now = Utc::now();
        ServerDate {
            said: now + TimeDelta::seconds(offset),
            heard_at: now,
            origin,
        }
    }

    #[test]
    fn an_hour_is_learned_kept_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        for offset in [3600, -3600, 60, 24 * 3600] {
            let clock = Clock::load(Some(folder.path()));
            assert!(clock.learn(date(offset, Origin::Aws), false));
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
    fn an_untrusted_or_implausible_date_is_not_learned() {
        let clock = Clock::default();
        for refused in [
            date(3600, Origin::Untrusted),
            date(25 * 3600, Origin::Aws),
            date(25 * 3600, Origin::Endpoint),
            date(50, Origin::Aws),
            date(50, Origin::Endpoint),
        ] {
            assert!(!clock.learn(refused, true), "{refused:?}");
        }
        assert_eq!(clock.offset(), TimeDelta::zero());
    }

    #[test]
    fn an_endpoint_corrects_its_own_calls_and_nothing_that_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let hour = TimeDelta::hours(1);
        let clock = Clock::load(Some(folder.path()));
        let now = Utc::now();
        // A signature was accepted: whatever the date says, it is not what AWS goes by.
        assert!(!clock.learn(date(3600, Origin::Endpoint), false));
        assert_eq!(clock.to_endpoint(now), now);
        assert!(clock.learn(date(3600, Origin::Endpoint), true));
        assert_eq!(clock.to_endpoint(now), now + hour);
        assert_eq!(clock.from_endpoint(now + hour), now);
        assert_eq!(clock.to_true(now), now);
        assert!(!folder.path().join(FILE).exists());
        // AWS knows better, and its date counts for all.
        assert!(clock.learn(date(0, Origin::Aws), false));
        assert_eq!(clock.to_endpoint(now), now);
        assert!(clock.learn(date(-7200, Origin::Aws), false));
        assert!(clock.learn(date(-3600, Origin::Endpoint), true));
        assert!(
            !clock.learn(date(-3600, Origin::Endpoint), true),
            "it is known"
        );
        assert_eq!(clock.to_endpoint(now), now + hour);
        assert_eq!(clock.to_true(now), now - hour * 2);
    }

    #[test]
    fn an_offset_that_others_could_have_written_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        Clock::load(Some(folder.path())).learn(date(3600, Origin::Aws), false);
        let offset = || Clock::load(Some(folder.path())).offset();
        assert!(!offset().is_zero());
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        fs::set_permissions(folder.path().join(FILE), mode).unwrap();
        assert!(offset().is_zero());
    }

    #[test]
    fn a_clock_that_was_set_right_needs_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::load(Some(folder.path()));
        clock.learn(date(3600, Origin::Aws), false);
        assert!(folder.path().join(FILE).exists());
        clock.learn(date(0, Origin::Aws), false);
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

    #[test]
    #[cfg(target_os = "linux")]
    fn the_boot_is_known_by_its_time_and_id() {
        let now = || Utc::now().timestamp_millis();
        let before = now();
        let uptime = fs::read_to_string("/proc/uptime").unwrap();
        let found = wall_minus_boot_ms();
        let after = now();
        // In seconds with two decimals.
        let uptime = uptime.split(' ').next().unwrap().replace('.', "");
        let uptime = uptime.parse::<i64>().unwrap() * 10;
        let took = after - before;
        let possible = before - uptime - 50..=after - uptime + took + 50;
        assert!(possible.contains(&found), "{found} {possible:?}");
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        assert_eq!(boot_id(), id.trim());
    }
}
