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
fn an_offset_of_an_hour_is_learned_and_stored() {
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
fn an_endpoint_corrects_only_its_own_calls() {
    let folder = tempfile::tempdir().unwrap();
    let hour = TimeDelta::hours(1);
    let clock = Clock::load(Some(folder.path()));
    let now = Utc::now();
    // The endpoint accepted a signature, so its `Date` is not the time that it checks against.
    assert!(!clock.learn(date(3600, Origin::Endpoint), false));
    assert_eq!(clock.to_endpoint(now), now);
    assert!(clock.learn(date(3600, Origin::Endpoint), true));
    assert_eq!(clock.to_endpoint(now), now + hour);
    assert_eq!(clock.from_endpoint(now + hour), now);
    assert_eq!(clock.to_true(now), now);
    assert!(!folder.path().join(FILE).exists());
    // AWS's own date wins, and applies to every command.
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
fn a_corrected_clock_needs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::load(Some(folder.path()));
    clock.learn(date(3600, Origin::Aws), false);
    assert!(folder.path().join(FILE).exists());
    clock.learn(date(0, Origin::Aws), false);
    assert!(!folder.path().join(FILE).exists());
}

#[test]
fn setting_the_clock_or_rebooting_invalidates_the_offset() {
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
fn a_boot_is_identified_by_its_time_and_id() {
    let now = || Utc::now().timestamp_millis();
    let before = now();
    let uptime = fs::read_to_string("/proc/uptime").unwrap();
    let found = wall_minus_boot_ms();
    let after = now();
    // In seconds, with two decimals.
    let uptime = uptime.split(' ').next().unwrap().replace('.', "");
    let uptime = uptime.parse::<i64>().unwrap() * 10;
    let took = after - before;
    let possible = before - uptime - 50..=after - uptime + took + 50;
    assert!(possible.contains(&found), "{found} {possible:?}");
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!(boot_id(), id.trim());
}
