//! A clock that runs wrong: AWS's is shifted, which looks the same from here. Whatever is signed carries AWS's time, and
//! whatever is handed out speaks this machine's, which is what its reader compares with.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::support::{BASE, REGISTRY, ROLE, Token, World, now};

/// What the machine's clock may be off by, in seconds: behind AWS's, and ahead of it.
const HOUR: [i64; 2] = [3600, -3600];
/// How long the sessions of this profile live, in seconds, and with them the registry's login.
const SESSION: i64 = 3600;

fn world(offset: i64) -> World {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    world.standin.set_clock_offset(offset);
    world
}

/// Whether it is about `seconds` from now, by this machine's clock.
fn is_in(at: DateTime<Utc>, seconds: i64) -> bool {
    let left = at - Utc::now();
    left > TimeDelta::seconds(seconds - 60) && left <= TimeDelta::seconds(seconds)
}

#[test]
fn an_hour_off_all_three_documents_are_right_from_the_first_answer() {
    for offset in HOUR {
        for first in 0..3 {
            let world = world(offset);
            let mut runs: Vec<_> = world.all_three("dev").into_iter().enumerate().collect();
            runs.rotate_left(first);
            for (which, run) in runs {
                let answer = run.answer().ok();
                match which {
                    0 => assert!(
                        is_in(answer.session().expires.unwrap(), SESSION),
                        "{offset}: {answer:?}"
                    ),
                    1 => assert!(!answer.password().is_empty()),
                    _ => {
                        let token = Token::at(&answer, "aws", now() + offset);
                        token.caller(&world, "prod").unwrap();
                        assert!(is_in(token.expires, 14 * 60), "{offset}: {answer:?}");
                    }
                }
            }
            // Refused once for its time: after that everybody knows it, whoever asks for whatever.
            let refused = world
                .standin
                .calls()
                .iter()
                .filter(|call| call.status == 403)
                .count();
            assert_eq!(refused, 1, "{offset}: {:#?}", world.standin.calls());
        }
    }
}

#[test]
fn what_is_kept_carries_the_true_time_and_hits_stay_hits() {
    for offset in HOUR {
        let world = world(offset);
        for run in world.all_three("dev") {
            run.answer().ok();
        }
        let calls = world.calls();
        for kind in ["session", "registry-login"] {
            let mut entries = world.entries().into_iter();
            let entry = entries.find(|entry| entry.json()["kind"] == kind).unwrap();
            let end: DateTime<Utc> = entry.json()["expires_at"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!(
                is_in(end - TimeDelta::seconds(offset), SESSION),
                "{kind} {offset}"
            );
        }
        for run in world.all_three("dev") {
            run.answer().ok();
        }
        assert_eq!(world.calls(), calls, "{offset}");
    }
}

/// Changes the record of the offset, which is there.
fn change(world: &World, change: impl FnOnce(&mut Value)) {
    let path = world.cache_path().join("clock");
    let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut record);
    fs::write(&path, record.to_string()).unwrap();
}

#[test]
fn a_clock_that_was_set_since_or_a_reboot_voids_what_was_known() {
    type Change = fn(&mut Value);
    let stepped: Change = |record| {
        let was = record["wall_minus_boot_ms"].as_i64().unwrap();
        record["wall_minus_boot_ms"] = (was + 3_600_000).into();
    };
    let rebooted: Change = |record| record["boot_id"] = "another".into();
    for (what, void) in [("stepped", stepped), ("rebooted", rebooted)] {
        for offset in HOUR {
            let world = world(offset);
            world.session("dev");
            change(&world, void);
            // Meanwhile the clock was set right: with the offset, AWS would refuse the signature.
            world.standin.set_clock_offset(0);
            world.standin.clear_calls();
            let run = world.credential_process(&["--connector", "dev"]);
            let session = run
                .env("AWS_CONNECTOR_REFRESH", "1")
                .answer()
                .ok()
                .session();
            assert!(is_in(session.expires.unwrap(), SESSION), "{what} {offset}");
            let calls = world.standin.calls();
            assert!(
                calls.iter().all(|call| call.status == 200),
                "{what} {offset}: {calls:#?}"
            );
        }
    }
}

#[test]
fn an_offset_that_no_longer_holds_is_found_out_and_forgotten() {
    for offset in HOUR {
        let world = world(offset);
        world.session("dev");
        assert!(world.cache_path().join("clock").exists());
        // AWS's clock moved and this machine's did not: seen from here, it was the answer that was wrong.
        world.standin.set_clock_offset(0);
        let run = world.credential_process(&["--connector", "dev"]);
        let session = run
            .env("AWS_CONNECTOR_REFRESH", "1")
            .answer()
            .ok()
            .session();
        assert!(is_in(session.expires.unwrap(), SESSION), "{offset}");
        assert!(!world.cache_path().join("clock").exists(), "{offset}");
    }
}

#[test]
fn a_date_that_cannot_be_believed_is_not_and_the_error_names_the_clock() {
    for (offset, told) in [
        (25 * 3600, "dated 25h00m later"),
        (-30 * 86400, "dated 720h00m earlier"),
    ] {
        let world = world(offset);
        let answer = world.credential_process(&["--connector", "dev"]).answer();
        let line = answer.failure();
        assert!(line.contains(told), "{line}");
        assert!(line.ends_with("; fix: set this machine's clock"), "{line}");
        assert!(!world.cache_path().join("clock").exists());
        // It is not tried with a time that nobody vouches for.
        assert_eq!(world.sts(), 1);
        let answer = world.docker("get", REGISTRY).answer();
        let line = answer.docker_failure();
        assert!(line.contains(told), "{line}");
    }
}

#[test]
fn without_a_cache_each_command_finds_it_out_for_itself() {
    for offset in HOUR {
        let world = world(offset);
        for run in world.all_three("dev") {
            let before = world.calls();
            run.env("AWS_CONNECTOR_CACHE", "off").answer().ok();
            let calls = world.standin.calls().split_off(before);
            assert_eq!(
                calls.iter().filter(|call| call.status == 403).count(),
                1,
                "{offset}: {calls:#?}"
            );
        }
        assert!(!world.cache_path().exists());
    }
}

#[test]
fn a_chain_learns_it_at_its_first_hop() {
    let second = "[connectors.second]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n\
                  source_connector = \"dev\"\nrole_arn = \"arn:aws:iam::210987654321:role/cross\"\n\
                  external_id = \"ext-1234\"\n";
    for offset in HOUR {
        let world = world(offset);
        world.profile(&["default_connector = \"second\"\n", BASE, ROLE, second]);
        let session = world.session("second");
        assert!(is_in(session.expires.unwrap(), SESSION), "{offset}");
        let calls = world.standin.calls();
        let statuses: Vec<u16> = calls.iter().map(|call| call.status).collect();
        assert_eq!(statuses, [403, 200, 200], "{offset}: {calls:#?}");
    }
}
