//! Clients that keep requesting while sessions expire and are renewed.

use std::time::{Duration, Instant};

use chrono::Utc;

use crate::support::{House, LONG, Run, size};

/// The result of one attempt.
struct Seen {
    /// Sessions, in the order in which they appeared.
    keys: Vec<String>,
    /// How many clients other than the first waited for AWS.
    misses: usize,
    /// The longest run time of a client that did not have to wait.
    slowest_hit: Duration,
}

/// Requests ten times a second until the third session has expired.
fn live_through_three(house: &House) -> Seen {
    let mut seen = Seen {
        keys: Vec::new(),
        misses: 0,
        slowest_hit: Duration::ZERO,
    };
    let mut third_ends = None;
    while third_ends.is_none_or(|end| Utc::now() < end) {
        let next = Instant::now() + Duration::from_millis(100);
        let run = Run::of(house.credential_process().env("AWS_CONNECTOR_LOG", "debug"));
        assert!(run.end() > Utc::now(), "an expired document: {run:#?}");
        let is_first = seen.keys.is_empty();
        if run.stderr.contains("debug: hit ") {
            seen.slowest_hit = seen.slowest_hit.max(run.took);
        } else if !is_first {
            seen.misses += 1;
        }
        if !seen.keys.contains(&run.key()) {
            seen.keys.push(run.key());
            if seen.keys.len() == 3 {
                third_ends = Some(run.end());
            }
        }
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    seen
}

#[test]
fn through_three_expiries_no_client_waits_or_gets_an_expired_document() {
    let seconds = size("FAULTS_SESSION_SECONDS", 12);
    // The minimum time between the start of a renewal and the margin. If the machine stalls for longer, the attempt is repeated.
    let slack = Duration::from_secs(seconds as u64) / 16;
    let began = Instant::now();
    loop {
        let house = House::new();
        house
            .aws
            .set_max_session_seconds(Some(i64::try_from(seconds).unwrap()));
        let seen = live_through_three(&house);
        if seen.misses == 0 {
            assert!(seen.keys.len() >= 3);
            assert!(
                house.sts_calls() <= seen.keys.len() + 1,
                "{} calls",
                house.sts_calls()
            );
            return;
        }
        assert!(
            seen.slowest_hit > slack / 4 && began.elapsed() < LONG,
            "{} clients waited although none was slower than {:?}",
            seen.misses,
            seen.slowest_hit
        );
    }
}
