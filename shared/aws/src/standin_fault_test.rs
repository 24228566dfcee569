//! Network failures, TLS, connections, SSM and web identities.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{io, thread};

use aws_connector_core::clock::Origin;

use super::*;

fn ask(sdk: &Sdk, url: String, call: Call<'_>) -> Result<Session> {
    let none = StepSecrets::default();
    sdk.session(&assume(url, role(DEV)), Some(&user()), &none, call)
}

fn failure(kind: FaultKind) -> Error {
    let aws = Standin::start();
    fault(&aws, "sts", kind, None);
    ask(&sdk([]), aws.url(), call()).unwrap_err()
}

#[test]
fn a_transient_failure_is_retried() {
    for kind in [
        FaultKind::Throttle,
        FaultKind::ServerError(500),
        FaultKind::Drop,
    ] {
        let aws = Standin::start();
        fault(&aws, "sts", kind.clone(), Some(2));
        let found = ask(&sdk([]), aws.url(), call());
        assert!(found.is_ok(), "{kind:?}: {found:?}");
    }
}

#[test]
fn a_persistent_failure_is_unavailable_with_its_cause_and_a_fix() {
    for (kind, part) in [
        (FaultKind::Throttle, "Throttling"),
        (FaultKind::ServerError(503), "failed"),
        (FaultKind::Drop, "127.0.0.1:"),
        (FaultKind::HalfAnswer, "127.0.0.1:"),
        (FaultKind::Garbage, "unrecognized response"),
    ] {
        let error = failure(kind.clone());
        assert_eq!(error.kind, Kind::Unavailable, "{kind:?}: {error}");
        let text = error.to_string();
        assert!(
            text.contains(part) && text.contains(DEV),
            "{kind:?}: {text}"
        );
        assert!(error.fix.is_some() && !text.contains('\n'), "{text}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let error = ask(&sdk([]), format!("http://{address}"), call()).unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    let text = error.to_string();
    assert!(
        text.contains(&address.to_string()) && text.contains("refused"),
        "{text}"
    );
}

#[test]
fn an_expired_source_and_a_denial_are_denied() {
    let error = failure(FaultKind::ExpiredToken);
    assert_eq!(error.kind, Kind::Denied);
    assert!(error.fix.unwrap().contains("renew"));
    assert_eq!(failure(FaultKind::AccessDenied).kind, Kind::Denied);
}

#[test]
fn the_deadline_holds_while_aws_is_silent() {
    let aws = Standin::start();
    fault(&aws, "sts", FaultKind::Hang, None);
    let start = Instant::now();
    let call = Call {
        deadline: start + Duration::from_millis(700),
        ..call()
    };
    let error = ask(&sdk([]), aws.url(), call).unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.what.contains("timed out after"), "{error}");
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn signatures_use_the_time_of_the_call_instead_of_the_clock() {
    let aws = Standin::start();
    aws.set_clock_offset(3600);
    let sdk = sdk([]);
    let error = ask(&sdk, aws.url(), call()).unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert_eq!(error.reason(), Some(Reason::WrongTime));
    assert!(error.summary().contains("clock is 1h00m behind"), "{error}");
    let date = sdk.server_date().unwrap();
    let now = Utc::now() + (date.said - date.heard_at);
    ask(&sdk, aws.url(), Call { now, ..call() }).unwrap();
}

#[test]
fn the_bundle_decides_whether_a_private_ca_is_trusted() {
    let aws = Standin::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    fs::write(&path, aws.ca_pem()).unwrap();
    let path = path.to_str().unwrap();
    let trusting = sdk([("AWS_CA_BUNDLE", path)]);
    ask(&trusting, aws.https_url(), call()).unwrap();
    assert_eq!(trusting.server_date().unwrap().origin, Origin::Endpoint);
    let error = ask(&sdk([]), aws.https_url(), call()).unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.to_string().contains("AWS_CA_BUNDLE"), "{error}");
    let error = ask(
        &sdk([("AWS_CA_BUNDLE", "/no/such")]),
        aws.https_url(),
        call(),
    )
    .unwrap_err();
    assert_eq!(error.kind, Kind::Local);
    assert!(error.to_string().contains("/no/such"), "{error}");
}

#[test]
fn a_parameter_is_fetched_and_a_missing_one_is_named() {
    let aws = Standin::start();
    let sdk = sdk([]);
    let fetch = |name: &str| {
        let secret = PlannedSecret::Ssm {
            name: name.into(),
            site: site(aws.url()),
            session: keys(),
        };
        sdk.secret(&secret, Some(&user()), call())
    };
    assert_eq!(
        fetch("/teams/dev/external-id").unwrap().expose(),
        "ext-1234"
    );
    let error = fetch("/no/such").unwrap_err();
    assert_eq!(error.kind, Kind::NoCredentials);
    assert!(error.what.contains("/no/such"), "{error}");
}

#[test]
fn a_web_identity_is_the_token_in_its_file() {
    let aws = Standin::start();
    let folder = tempfile::tempdir().unwrap();
    let ask = |token_file: &str| {
        let (token_file, call) = (token_file.to_owned(), role(DEV));
        let step = step(aws.url(), How::WebIdentity { token_file, call });
        sdk([]).session(&step, None, &StepSecrets::default(), self::call())
    };
    let path = folder.path().join("token");
    let token = |end: TimeDelta| {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let end = (Utc::now() + end).timestamp();
        let claims = format!(
            r#"{{"iss":"https://i.example","sub":"s","aud":"sts.amazonaws.com","iat":{0},"exp":{end}}}"#,
            end - 7200
        );
        let token = format!("{}.{}.c2ln", encode(r#"{"alg":"RS256"}"#), encode(&claims));
        fs::write(&path, format!("{token}\n")).unwrap();
        token
    };
    token(TimeDelta::hours(1));
    let session = ask(path.to_str().unwrap()).unwrap();
    lives(&session, 900);
    assert_eq!(session.account_id.as_deref(), Some("123456789012"));
    let stale = token(TimeDelta::hours(-1));
    let error = ask(path.to_str().unwrap()).unwrap_err();
    assert_eq!(error.kind, Kind::Denied, "{error}");
    assert!(!error.to_string().contains(&stale), "{error}");
    let error = ask("/no/such/token").unwrap_err();
    assert_eq!(error.kind, Kind::NoCredentials);
    assert!(error.what.contains("/no/such/token"), "{error}");
}

/// Forwards connections and counts them.
fn counting(aws: &Standin) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (count, port) = (Arc::new(AtomicUsize::new(0)), aws.port());
    let seen = Arc::clone(&count);
    thread::spawn(move || {
        for here in listener.incoming() {
            seen.fetch_add(1, Ordering::SeqCst);
            let here = here.unwrap();
            let there = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut from, mut to) = (here.try_clone().unwrap(), there.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut from, &mut to));
            thread::spawn(move || io::copy(&mut &there, &mut &here));
        }
    });
    (url, count)
}

#[test]
fn all_calls_of_a_process_share_one_connection() {
    let aws = Standin::start();
    let (url, connections) = counting(&aws);
    let sdk = sdk([]);
    let none = StepSecrets::default();
    let step = assume(url.clone(), role(DEV));
    for _ in 0..3 {
        let session = sdk.session(&step, Some(&user()), &none, call()).unwrap();
        let plan = LoginPlan {
            public: false,
            site: site(url.clone()),
        };
        sdk.registry_login(&plan, &session, call()).unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(|stream| stream.ok()) {
            let head =
                b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n";
            let chunk = [&b"10000\r\n"[..], &[b' '; 0x10000], b"\r\n"].concat();
            let mut write = |bytes: &[u8]| io::Write::write_all(&mut stream, bytes);
            if write(head).is_err() {
                continue;
            }
            while write(&chunk).is_ok() {
                counted.fetch_add(chunk.len(), Ordering::Relaxed);
            }
        }
    });
    let error = ask(&sdk([]), format!("http://{address}"), call()).unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable, "{error}");
    // Three attempts, and what was buffered.
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent < 3 * 32 * 1024 * 1024, "{sent} bytes");
}
