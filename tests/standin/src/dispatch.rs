//! Serves one request: route, faults, signature, service, record.

use crate::api::{ApiError, Call, Service, render};
use crate::faults::{self, Fault, FaultKind};
use crate::http::{Answer, Request};
use crate::ids::{partition_of, random_bytes, real_now_ms};
use crate::route::{Route, host_scope, route};
use crate::server::{Ending, Handler, Reply};
use crate::sigv4::{self, Refusal, Signed};
use crate::world::{Principal, World};
use crate::{control, ecr, eks, metadata, registry, s3, ssm, sso, sts};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One served request.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// `sts`, `ecr`, `ecr-public`, `eks`, `ssm`, `s3`, `imds`, `container`, `sso`, `sso-oidc`, `registry` or `unknown`.
    pub service: String,
    /// The operation's name; empty if unknown.
    pub action: String,
    /// Query, form or top-level JSON parameters.
    pub params: BTreeMap<String, String>,
    /// The `Host` header.
    pub host: String,
    /// The region of the credential scope.
    pub region: String,
    /// The HTTP method.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The access key id in the signature, not verified.
    pub access_key_id: Option<String>,
    /// The ARN of the caller, verified.
    pub principal_arn: Option<String>,
    /// The status of the response; 0 if there was none.
    pub status: u16,
    /// The AWS error code of the response.
    pub error_code: Option<String>,
    /// Arrival, milliseconds since the epoch by the machine's own clock.
    pub at_ms: u128,
    /// The `User-Agent` header.
    pub user_agent: String,
}

/// The state shared by the server's threads and the test.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    world: Mutex<World>,
    calls: Mutex<Vec<Recorded>>,
    faults: Mutex<Vec<Fault>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(world: World) -> Shared {
        Shared {
            world: Mutex::new(world),
            ..Shared::default()
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, Vec<Recorded>> {
        lock(&self.calls)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        lock(&self.faults)
    }

    fn serve(&self, req: &Request) -> Reply {
        let at_ms = real_now_ms();
        let request_id = request_id();
        let signed = sigv4::read(req);
        let Route {
            service,
            action,
            params,
        } = route(req, signed.as_ref().ok().and_then(Option::as_ref));
        let due = faults::take(&mut self.faults(), service.name(), &action);
        let claimed = signed.as_ref().ok().and_then(|s| s.as_ref());
        let mut record = Recorded {
            service: service.name().to_owned(),
            action: action.clone(),
            params: params.clone(),
            host: req.host().to_owned(),
            region: claimed.map(|s| s.region.clone()).unwrap_or_default(),
            method: req.method.clone(),
            path: req.path.clone(),
            access_key_id: claimed.map(|s| s.access_key_id.clone()),
            principal_arn: None,
            status: 0,
            error_code: None,
            at_ms,
            user_agent: req.header("user-agent").unwrap_or_default().to_owned(),
        };
        let ending = match due.kind {
            Some(FaultKind::Drop) => Ending::Drop,
            Some(FaultKind::Hang) => Ending::Hang,
            Some(FaultKind::HalfAnswer) => Ending::Half,
            _ => Ending::Whole,
        };
        if matches!(ending, Ending::Drop | Ending::Hang) {
            self.calls().push(record);
            return Reply {
                answer: Answer::default(),
                delay: due.delay,
                ending,
            };
        }
        let mut world = self.world();
        let now = world.now();
        let result = match due.kind.as_ref().and_then(FaultKind::error) {
            Some(error) => Err(error),
            None if due.kind == Some(FaultKind::Garbage) => Ok(FaultKind::garbage(service)),
            None => authenticate(&world, req, signed, now).and_then(|(caller, region)| {
                record.principal_arn = caller.as_ref().map(|who| who.arn.clone());
                let call = Call {
                    req,
                    service,
                    action: &action,
                    params: &params,
                    caller,
                    region: &region,
                    request_id: &request_id,
                    now,
                };
                handle(&mut world, &call)
            }),
        };
        drop(world);
        let answer = result
            .unwrap_or_else(|error| render(&error, service, sts::wants_json(req), &request_id));
        record.status = answer.status;
        record.error_code = answer.error.clone();
        self.calls().push(record);
        let answer = answer
            .with_header("x-amzn-requestid", &request_id)
            .with_header("date", http_date(now + due.date_offset));
        Reply {
            answer,
            delay: due.delay,
            ending,
        }
    }
}

impl Handler for Shared {
    fn handle(&self, req: Request) -> Reply {
        if req.path.starts_with("/_standin/") {
            return Reply::now(control::handle(self, &req));
        }
        if registry::is_meant(&req) {
            return Reply::now(registry::handle(self, &req));
        }
        self.serve(&req)
    }
}

fn handle(world: &mut World, call: &Call<'_>) -> Result<Answer, ApiError> {
    match call.service {
        Service::Sts => sts::handle(world, call),
        Service::Ecr | Service::EcrPublic => ecr::handle(world, call),
        Service::Eks => eks::handle(world, call),
        Service::Ssm => ssm::handle(world, call),
        Service::S3 => s3::handle(world, call),
        Service::Imds => metadata::instance(world, call),
        Service::Container => metadata::container(world, call),
        Service::Sso => sso::role_credentials(world, call),
        Service::SsoOidc => sso::create_token(world, call),
        Service::Unknown => {
            call.caller()?;
            Err(ApiError::new(
                400,
                "InvalidAction",
                "This stand-in has no such service",
            ))
        }
    }
}

/// The verified caller and the region, or `None` for an unsigned request, which the service can refuse.
fn authenticate(
    world: &World,
    req: &Request,
    signed: Result<Option<Signed>, Refusal>,
    now: i64,
) -> Result<(Option<Principal>, String), ApiError> {
    let Some(signed) = signed.map_err(refusal)? else {
        return Ok((None, String::new()));
    };
    if let Some((service, region)) = host_scope(req.host()) {
        let told = if service != signed.service {
            Some(format!(
                "Credential should be scoped to correct service: '{service}'. "
            ))
        } else if region != signed.region {
            Some(format!(
                "Credential should be scoped to a valid region, not '{}'. ",
                signed.region
            ))
        } else {
            None
        };
        if let Some(told) = told {
            return Err(ApiError::new(403, "SignatureDoesNotMatch", told));
        }
    }
    // A key of another partition does not exist in this one.
    let who = world
        .principals
        .get(&signed.access_key_id)
        .filter(|who| {
            who.partition == partition_of(&signed.region) && who.token == signed.session_token
        })
        .ok_or_else(ApiError::invalid_token)?;
    sigv4::verify(req, &signed, &who.secret, now).map_err(refusal)?;
    if who.expires.is_some_and(|ends| ends <= now) {
        return Err(ApiError::expired_token());
    }
    Ok((Some(who.clone()), signed.region))
}

fn refusal(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Incomplete(told) => ApiError::new(400, "IncompleteSignature", told),
        Refusal::Mismatch(told) => ApiError::new(403, "SignatureDoesNotMatch", told),
        Refusal::Skew(told) => ApiError::new(403, "RequestTimeTooSkewed", told),
        Refusal::PayloadHash => ApiError::new(
            400,
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
    }
}

fn request_id() -> String {
    let hex = hex::encode(random_bytes(16));
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

fn http_date(at: i64) -> String {
    DateTime::<Utc>::from_timestamp(at, 0)
        .unwrap_or_default()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}
