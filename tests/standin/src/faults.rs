//! Failures on demand.

use crate::api::{ApiError, Service};
use crate::http::Answer;
use std::time::Duration;

/// A failure to inject.
#[derive(Clone, Debug)]
pub struct Fault {
    /// `sts`, `ecr`, … or `*`.
    pub service: String,
    /// `AssumeRole`, … or `*`.
    pub action: String,
    /// What happens.
    pub kind: FaultKind,
    /// How many times; `None`: until cleared.
    pub times: Option<u32>,
}

/// What a fault does to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The call is served at once and its response delayed; further faults apply to the same call.
    Delay(Duration),
    /// The service's throttling error.
    Throttle,
    /// The service's access-denied error.
    AccessDenied,
    /// An internal failure with this status.
    ServerError(u16),
    /// The error for an expired session.
    ExpiredToken,
    /// The connection is closed without a response.
    Drop,
    /// The call is served, but the connection is closed after half of the response.
    HalfAnswer,
    /// Status 200 and an HTML page, like a captive portal.
    Garbage,
    /// The connection stays open and silent.
    Hang,
    /// The `Date` header of the response is off by this many seconds.
    WrongDate(i64),
}

/// All faults that apply to one call.
#[derive(Debug, Default)]
pub(crate) struct Due {
    pub(crate) delay: Duration,
    pub(crate) date_offset: i64,
    pub(crate) kind: Option<FaultKind>,
}

/// Consumes the faults for this call: every delay and date, and the oldest of the others.
pub(crate) fn take(faults: &mut Vec<Fault>, service: &str, action: &str) -> Due {
    let mut due = Due::default();
    for fault in faults.iter_mut() {
        let meant = (fault.service == "*" || fault.service == service)
            && (fault.action == "*" || fault.action == action);
        if !meant || fault.times == Some(0) {
            continue;
        }
        match &fault.kind {
            FaultKind::Delay(time) => due.delay += *time,
            FaultKind::WrongDate(offset) => due.date_offset += offset,
            _ if due.kind.is_some() => continue,
            other => due.kind = Some(other.clone()),
        }
        fault.times = fault.times.map(|left| left - 1);
    }
    faults.retain(|fault| fault.times != Some(0));
    due
}

impl FaultKind {
    /// The error of this fault, if it returns one.
    pub(crate) fn error(&self) -> Option<ApiError> {
        match self {
            FaultKind::Throttle => Some(ApiError::new(400, "Throttling", "Rate exceeded")),
            FaultKind::AccessDenied => Some(ApiError::denied(
                "User is not authorized to perform this action",
            )),
            FaultKind::ServerError(status) => {
                let code = if *status == 503 {
                    "ServiceUnavailable"
                } else {
                    "InternalFailure"
                };
                Some(ApiError::new(
                    *status,
                    code,
                    "The request processing has failed because of an unknown error.",
                ))
            }
            FaultKind::ExpiredToken => Some(ApiError::expired_token()),
            _ => None,
        }
    }

    pub(crate) fn garbage(service: Service) -> Answer {
        let page = format!(
            "<html><body>Please sign in to the network to reach {}</body>",
            service.name()
        );
        Answer::new(200, "text/html", page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(service: &str, action: &str, kind: FaultKind, times: Option<u32>) -> Fault {
        Fault {
            service: service.into(),
            action: action.into(),
            kind,
            times,
        }
    }

    #[test]
    fn a_fault_is_consumed_only_by_matching_calls() {
        let mut faults = vec![fault("sts", "AssumeRole", FaultKind::Throttle, Some(2))];
        assert!(take(&mut faults, "ecr", "AssumeRole").kind.is_none());
        assert!(take(&mut faults, "sts", "GetCallerIdentity").kind.is_none());
        assert_eq!(
            take(&mut faults, "sts", "AssumeRole").kind,
            Some(FaultKind::Throttle)
        );
        assert_eq!(
            take(&mut faults, "sts", "AssumeRole").kind,
            Some(FaultKind::Throttle)
        );
        assert!(take(&mut faults, "sts", "AssumeRole").kind.is_none());
        assert!(faults.is_empty());
    }

    #[test]
    fn a_delay_combines_with_another_fault_and_older_faults_come_first() {
        let mut faults = vec![
            fault("*", "*", FaultKind::Delay(Duration::from_secs(1)), None),
            fault("sts", "*", FaultKind::Drop, Some(1)),
            fault("sts", "*", FaultKind::Garbage, Some(1)),
        ];
        let first = take(&mut faults, "sts", "x");
        assert_eq!(
            (first.delay, first.kind),
            (Duration::from_secs(1), Some(FaultKind::Drop))
        );
        let second = take(&mut faults, "sts", "x");
        assert_eq!(
            (second.delay, second.kind),
            (Duration::from_secs(1), Some(FaultKind::Garbage))
        );
    }
}
