//! Faults that a test configures.

use crate::support::*;
use aws_standin::{Fault, FaultKind, Standin};
use std::time::{Duration, Instant};

#[test]
fn faults_occur_as_configured() {
    let standin = Standin::start();
    let body = form("GetCallerIdentity", &[]);
    let ask = || {
        post(
            &standin,
            &user(),
            ("sts", "us-east-1"),
            &[FORM],
            &body,
            |r| r,
        )
    };
    let once = |kind| {
        standin.fault(Fault {
            service: "sts".into(),
            action: "*".into(),
            kind,
            times: Some(1),
        })
    };
    once(FaultKind::Drop);
    assert!(ask().is_none());
    once(FaultKind::HalfAnswer);
    let half = ask().unwrap();
    let length = half
        .head
        .to_lowercase()
        .split("content-length: ")
        .nth(1)
        .map(|v| v.lines().next().unwrap().to_owned());
    assert!(half.body.len() < length.unwrap().parse().unwrap() && !half.body.is_empty());
    once(FaultKind::Throttle);
    refused(&ask().unwrap(), "Throttling", "Rate exceeded");
    once(FaultKind::ServerError(503));
    assert_eq!(ask().unwrap().status, 503);
    once(FaultKind::Garbage);
    assert!(ask().unwrap().body.starts_with("<html>"));
    once(FaultKind::WrongDate(-86_400));
    let yesterday = (chrono::Utc::now() - chrono::Duration::days(1))
        .format("%a, %d %b %Y")
        .to_string();
    assert!(ask().unwrap().head.contains(&yesterday));
    once(FaultKind::Delay(Duration::from_millis(300)));
    let from = Instant::now();
    assert_eq!(ask().unwrap().status, 200);
    assert!(from.elapsed() >= Duration::from_millis(300));
    assert_eq!(ask().unwrap().status, 200);
    assert_eq!(standin.count("sts", "*"), 8);
}

#[test]
fn sessions_can_be_shorter_than_requested() {
    let standin = Standin::start();
    standin.set_max_session_seconds(Some(60));
    let got = assume(&standin, &user(), "dev", &[("DurationSeconds", "3600")]);
    let ends = chrono::DateTime::parse_from_rfc3339(&got.element("Expiration")).unwrap();
    assert!((ends.timestamp() - chrono::Utc::now().timestamp()).abs() <= 61);
    let session = got.keys();
    standin.set_clock_offset(62);
    refused(
        &sts(&standin, &session, "GetCallerIdentity", &[]),
        "ExpiredToken",
        "",
    );
}
