//! A wrong clock, simulated by shifting AWS's. Signatures carry AWS's time; documents carry this machine's, because their
//! readers compare with it. Only AWS's own hosts set the offset; the time of a custom endpoint applies only to the command
//! that calls it.
//! Over 300 lines, because one clock of the stand-in serves all of it.

use std::fs;

use aws_standin::Standin;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{Answer, BASE, Proxy, REGISTRY, ROLE, Run, Session, Token, World, now};

/// Offsets of the machine's clock in seconds, behind and ahead of AWS's.
const HOUR: [i64; 2] = [3600, -3600];
/// The lifetime in seconds of sessions, and of the registry logins obtained with them.
const SESSION: i64 = 3600;

fn world(offset: i64) -> World {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    world.standin.set_clock_offset(offset);
    world
}

/// The AWS stand-in under AWS's own host names, behind a proxy.
struct Aws {
    world: World,
    proxy: Proxy,
}

impl Aws {
    fn new(offset: i64, more: &[&str]) -> Self {
        let pieces = [&["default_connector = \"dev\"\n", BASE, ROLE], more].concat();
        let world = world(offset);
        world.profile(&[&pieces.concat().replace("endpoint_url = \"URL\"\n", "")]);
        world.file("ca.pem", &world.standin.ca_pem());
        let proxy = Proxy::start(world.standin.https_port());
        Self { world, proxy }
    }

    fn asks(&self, run: Run) -> Run {
        let ca = self.world.home().join("ca.pem");
        run.env("HTTPS_PROXY", &self.proxy.url())
            .env("AWS_CA_BUNDLE", ca.to_str().unwrap())
    }

    fn all_three(&self) -> [Run; 3] {
        self.world.all_three("dev").map(|run| self.asks(run))
    }

    fn session(&self, connector: &str) -> Session {
        let run = self.world.credential_process(&["--connector", connector]);
        self.asks(run).answer().ok().session()
    }

    /// A session that is not from the cache.
    fn fresh_session(&self) -> Session {
        let run = self.world.credential_process(&["--connector", "dev"]);
        let run = run.env("AWS_CONNECTOR_REFRESH", "1");
        self.asks(run).answer().ok().session()
    }

    fn has_clock(&self) -> bool {
        self.world.cache_path().join("clock").exists()
    }
}

/// Whether a time is about `seconds` from now by this machine's clock. Tolerates ten minutes for a slow machine, and
/// two seconds for a `Date` without fractions.
fn is_in(at: DateTime<Utc>, seconds: i64) -> bool {
    let left = at - Utc::now();
    left > TimeDelta::seconds(seconds - 600) && left <= TimeDelta::seconds(seconds + 2)
}

/// Runs and checks all three programs. `offset` is the offset of the cluster's clock.
fn check(world: &World, which: usize, answer: &Answer, offset: i64) {
    match which {
        0 => assert!(
            is_in(answer.session().expires.unwrap(), SESSION),
            "{offset}: {answer:?}"
        ),
        1 => assert!(!answer.password().is_empty()),
        _ => {
            let token = Token::at(answer, "aws", now() + offset);
            token.caller(world, "prod").unwrap();
            assert!(is_in(token.expires, 14 * 60), "{offset}: {answer:?}");
        }
    }
}

/// The number of rejected calls.
fn refused(standin: &Standin) -> usize {
    let calls = standin.calls();
    calls.iter().filter(|call| call.status == 403).count()
}

#[test]
fn with_the_clock_off_by_an_hour_all_three_documents_are_correct() {
    for offset in HOUR {
        for first in 0..3 {
            let aws = Aws::new(offset, &[]);
            let mut runs: Vec<_> = aws.all_three().into_iter().enumerate().collect();
            runs.rotate_left(first);
            for (which, run) in runs {
                check(&aws.world, which, &run.answer().ok(), offset);
            }
            // One call is rejected because of its time; afterwards all programs know the offset.
            let standin = &aws.world.standin;
            assert_eq!(refused(standin), 1, "{offset}: {:#?}", standin.calls());
            assert!(aws.has_clock());
            let hosts = aws.proxy.take();
            assert!(
                hosts.iter().all(|host| host.contains(".amazonaws.com:443")),
                "{hosts:?}"
            );
        }
    }
}

#[test]
fn cached_entries_have_true_times_and_are_still_hits() {
    for offset in HOUR {
        let aws = Aws::new(offset, &[]);
        for run in aws.all_three() {
            run.answer().ok();
        }
        let calls = aws.world.calls();
        for entry in aws.world.entries() {
            let end = entry.time("/expires_at") - TimeDelta::seconds(offset);
            assert!(is_in(end, SESSION), "{offset}: {}", entry.json());
        }
        for run in aws.all_three() {
            run.answer().ok();
        }
        assert_eq!(aws.world.calls(), calls, "{offset}");
    }
}

#[test]
fn the_time_of_a_custom_endpoint_applies_only_to_its_own_command() {
    for offset in [600, -600, 3600, -5400] {
        let world = world(offset);
        let healthy = Standin::start();
        let other = ["base", "dev"].into_iter().zip([BASE, ROLE]);
        let other = other.map(|(name, text)| {
            let text = text.replace(
                &format!("connectors.{name}"),
                &format!("connectors.healthy-{name}"),
            );
            text.replace("URL", &healthy.url())
                .replace("\"base\"", "\"healthy-base\"")
        });
        let other: String = other.collect();
        world.profile(&["default_connector = \"dev\"\n", BASE, ROLE, &other]);
        let dead = world.session("healthy-dev");
        world.entry("session").age(TimeDelta::minutes(70));
        for (which, run) in world.all_three("dev").into_iter().enumerate() {
            let before = refused(&world.standin);
            check(&world, which, &run.answer().ok(), offset);
            assert_eq!(refused(&world.standin), before + 1, "{offset}");
            assert!(!world.cache_path().join("clock").exists());
        }
        let asked = world.calls();
        for entry in world.entries() {
            let json = entry.json();
            if json["connector"] == "dev" {
                assert!(
                    is_in(entry.time("/expires_at"), SESSION),
                    "{offset}: {json}"
                );
                assert!(is_in(entry.time("/obtained_at"), 0), "{offset}: {json}");
            }
        }
        // A hit prints the same document as the miss.
        let again = world.session("dev");
        assert!(is_in(again.expires.unwrap(), SESSION), "{offset}");
        assert_eq!(world.calls(), asked, "{offset}");
        // The other programs sign with the true time, and do not serve an expired session.
        let session = world.session("healthy-dev");
        assert_ne!(session, dead, "{offset}");
        assert!(is_in(session.expires.unwrap(), SESSION), "{offset}");
        assert_eq!(refused(&healthy), 0, "{offset}");
    }
}

/// Changes the stored offset.
fn change(world: &World, change: impl FnOnce(&mut Value)) {
    let path = world.cache_path().join("clock");
    let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut record);
    fs::write(&path, record.to_string()).unwrap();
}

#[test]
fn a_wrong_offset_does_not_revive_an_expired_session() {
    let aws = Aws::new(3600, &[]);
    aws.session("dev");
    let entry = aws.world.entry("session");
    change(&aws.world, |record| {
        record["offset_ms"] = json!(-23 * 3_600_000)
    });
    // By AWS's clock it expired ten minutes ago.
    entry.age(TimeDelta::seconds(2 * 3600 + 600));
    // AWS is unreachable, so nothing corrects the offset.
    let run = aws.world.credential_process(&["--connector", "dev"]);
    let run = aws.asks(run).env("HTTPS_PROXY", "http://127.0.0.1:1");
    let answer = run.answer();
    assert_ne!(answer.status, 0, "{answer:?}");
}

#[test]
fn setting_the_clock_or_a_reboot_discards_the_offset() {
    type Change = fn(&mut Value);
    let stepped: Change = |record| {
        let was = record["wall_minus_boot_ms"].as_i64().unwrap();
        record["wall_minus_boot_ms"] = (was + 3_600_000).into();
    };
    let rebooted: Change = |record| record["boot_id"] = "another".into();
    for (what, void) in [("stepped", stepped), ("rebooted", rebooted)] {
        for offset in HOUR {
            let aws = Aws::new(offset, &[]);
            aws.session("dev");
            change(&aws.world, void);
            // The clock has been set since: with the offset, AWS would reject the signature.
            aws.world.standin.set_clock_offset(0);
            aws.world.standin.clear_calls();
            let session = aws.fresh_session();
            assert!(is_in(session.expires.unwrap(), SESSION), "{what} {offset}");
            let calls = aws.world.standin.calls();
            assert!(
                calls.iter().all(|call| call.status == 200),
                "{what} {offset}: {calls:#?}"
            );
        }
    }
}

#[test]
fn an_outdated_offset_is_detected_and_discarded() {
    for offset in HOUR {
        let aws = Aws::new(offset, &[]);
        aws.session("dev");
        assert!(aws.has_clock());
        // AWS's clock moved and this machine's did not, so the stored offset is wrong.
        aws.world.standin.set_clock_offset(0);
        let session = aws.fresh_session();
        assert!(is_in(session.expires.unwrap(), SESSION), "{offset}");
        assert!(!aws.has_clock(), "{offset}");
    }
}

#[test]
fn an_implausible_date_is_ignored_and_the_error_names_the_clock() {
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
        // The call is not retried with a time from an untrusted source.
        assert_eq!(world.sts(), 1);
        let answer = world.docker("get", REGISTRY).answer();
        let line = answer.docker_failure();
        assert!(line.contains(told), "{line}");
    }
}

#[test]
fn without_a_cache_each_command_learns_the_offset_itself() {
    for offset in HOUR {
        let aws = Aws::new(offset, &[]);
        for run in aws.all_three() {
            let before = refused(&aws.world.standin);
            run.env("AWS_CONNECTOR_CACHE", "off").answer().ok();
            assert_eq!(refused(&aws.world.standin), before + 1, "{offset}");
        }
        assert!(!aws.world.cache_path().exists());
    }
}

#[test]
fn a_chain_learns_the_offset_at_its_first_call() {
    let second = "[connectors.second]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n\
                  source_connector = \"dev\"\nrole_arn = \"arn:aws:iam::210987654321:role/cross\"\n\
                  external_id = \"ext-1234\"\n";
    for offset in HOUR {
        let aws = Aws::new(offset, &[second]);
        let custom = world(offset);
        custom.profile(&["default_connector = \"second\"\n", BASE, ROLE, second]);
        for (world, session) in [
            (&aws.world, aws.session("second")),
            (&custom, custom.session("second")),
        ] {
            assert!(is_in(session.expires.unwrap(), SESSION), "{offset}");
            let calls = world.standin.calls();
            let statuses: Vec<u16> = calls.iter().map(|call| call.status).collect();
            assert_eq!(statuses, [403, 200, 200], "{offset}: {calls:#?}");
        }
    }
}
