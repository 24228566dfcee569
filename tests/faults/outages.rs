//! AWS faults: without a cached session the error is one line with its cause; a cached session that is valid is served
//! with a warning.

use aws_standin::{FaultKind, Standin};

use crate::support::{Client, House, Run};
use crate::table::{Scenario, told};

const SILENCE: &str = "there is no answer";

/// Runs the AWS CLI's request twice: with an empty cache, and with a cached session within the margin.
fn both(fault: &'static str, inject: impl Fn(&mut House) + Send + 'static) -> Scenario {
    let observe = move || {
        let mut cold = House::new();
        inject(&mut cold);
        let run = Run::of(&mut cold.credential_process());
        let failed = told(&cold, &run);
        assert!(failed.starts_with("failed: `connector 'dev': "), "{failed}");

        let mut warm = House::new();
        let first = Run::of(&mut warm.credential_process()).quiet().key();
        warm.shelf().make_short();
        inject(&mut warm);
        let run = Run::of(&mut warm.credential_process());
        assert_eq!(run.key(), first);
        run.warning();
        // The next command is served the same session without another call.
        let calls = warm.sts_calls();
        assert_eq!(Run::of(&mut warm.credential_process()).key(), first);
        assert_eq!(warm.sts_calls(), calls);
        // An expired session is not served. (A fault without an answer has its own test, because it takes long.)
        if fault == SILENCE {
            return vec![failed, told(&warm, &run)];
        }
        warm.shelf().age("session", -1);
        let late = Run::of(&mut warm.credential_process());
        assert!(
            !late.status.success() && late.stdout.is_empty(),
            "{late:#?}"
        );
        vec![failed, told(&warm, &run)]
    };
    Scenario {
        fault,
        observe: Box::new(observe),
    }
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let sts = |fault: &'static str, kind: FaultKind| {
        both(fault, move |house| house.fault("sts", kind.clone()))
    };
    vec![
        sts("STS throttles", FaultKind::Throttle),
        sts("STS answers 500", FaultKind::ServerError(500)),
        sts("STS answers 503", FaultKind::ServerError(503)),
        sts("STS denies", FaultKind::AccessDenied),
        sts(
            "the session of the source has expired",
            FaultKind::ExpiredToken,
        ),
        sts(
            "the connection is closed without an answer",
            FaultKind::Drop,
        ),
        sts("the answer is truncated", FaultKind::HalfAnswer),
        sts(
            "a captive portal answers with an HTML page",
            FaultKind::Garbage,
        ),
        sts(SILENCE, FaultKind::Hang),
        both("the port is closed", |house| {
            // The connectors file still has the port of the stand-in that stops here.
            drop(std::mem::replace(&mut house.aws, Standin::start()));
        }),
        untrusted(),
    ]
}

/// A certificate that is not trusted.
fn untrusted() -> Scenario {
    let observe = || {
        let house = House::new();
        let profile = std::fs::read_to_string(house.profile()).unwrap();
        house.write_connectors(&profile.replace(&house.aws.url(), &house.aws.https_url()));
        let run = Run::of(&mut house.credential_process());
        let failed = told(&house, &run);
        assert_eq!(house.sts_calls(), 0);

        let bundle = house.write("ca.pem", &house.aws.ca_pem());
        let first = Run::of(house.credential_process().env("AWS_CA_BUNDLE", bundle))
            .quiet()
            .key();
        house.shelf().make_short();
        let run = Run::of(&mut house.credential_process());
        assert_eq!(run.key(), first);
        run.warning();
        vec![failed, told(&house, &run)]
    };
    Scenario {
        fault: "the TLS certificate is not trusted",
        observe: Box::new(observe),
    }
}

#[test]
fn a_transient_fault_is_retried_silently() {
    for kind in [
        FaultKind::Throttle,
        FaultKind::ServerError(500),
        FaultKind::Drop,
    ] {
        let house = House::new();
        house.aws.fault(aws_standin::Fault {
            service: "*".to_owned(),
            action: "*".to_owned(),
            kind,
            times: Some(1),
        });
        Run::of(&mut house.client(Client::Docker)).quiet();
    }
}

#[test]
fn docker_gets_the_error_in_one_line_on_standard_output_or_a_login_that_is_still_valid() {
    let house = House::new();
    house.fault("ecr", FaultKind::ServerError(500));
    let run = Run::of(&mut house.client(Client::Docker));
    assert_eq!(
        (run.status.code(), run.stderr.as_str()),
        (Some(1), ""),
        "{run:#?}"
    );
    assert!(run.stdout.lines().count() == 1 && run.stdout.starts_with("connector 'dev': "));

    house.aws.clear_faults();
    let first = Run::of(&mut house.client(Client::Docker)).quiet().stdout;
    house.shelf().age("registry-login", 600);
    house.fault("ecr", FaultKind::ServerError(500));
    let run = Run::of(&mut house.client(Client::Docker));
    assert_eq!(run.stdout, first);
    run.warning();
    house.shelf().age("registry-login", -1);
    assert!(!Run::of(&mut house.client(Client::Docker)).status.success());
}
