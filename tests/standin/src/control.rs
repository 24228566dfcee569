//! The control API under `/_standin/`, for tests that are not written in Rust.

use crate::dispatch::Shared;
use crate::faults::{Fault, FaultKind};
use crate::http::{Answer, Request};
use crate::state;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn handle(shared: &Shared, req: &Request) -> Answer {
    let body: Value = if req.body.is_empty() {
        json!({})
    } else {
        match serde_json::from_slice(&req.body) {
            Ok(body) => body,
            Err(error) => return wrong(&format!("the body is not JSON: {error}")),
        }
    };
    match act(shared, req, &body) {
        Ok(answer) => Answer::json(200, &answer),
        Err(told) => wrong(&told),
    }
}

fn wrong(told: &str) -> Answer {
    Answer::json(400, &json!({"error": told}))
}

fn act(shared: &Shared, req: &Request, body: &Value) -> Result<Value, String> {
    let path = req.path.trim_start_matches("/_standin/");
    match (req.method.as_str(), path) {
        ("GET", "health") => {}
        ("GET", "calls") => return Ok(calls(shared)),
        ("POST", path) => post(shared, path, body)?,
        (method, path) => return Err(format!("there is no {method} {path}")),
    }
    Ok(json!({"ok": true}))
}

/// Requests that change the stand-in.
pub(crate) fn post(shared: &Shared, path: &str, body: &Value) -> Result<(), String> {
    match path {
        "calls/clear" => shared.calls().clear(),
        "fault" => shared.faults().push(fault(body)?),
        "faults/clear" => shared.faults().clear(),
        "clock" => shared.world().clock_offset = number(body, "offset")?,
        "max-session-seconds" => shared.world().max_session_seconds = body["seconds"].as_i64(),
        "expire" => {
            let key = body["access_key_id"]
                .as_str()
                .ok_or("access_key_id is missing")?;
            let mut world = shared.world();
            let now = world.now();
            world
                .principals
                .get_mut(key)
                .ok_or("no such access key")?
                .expires = Some(now - 1);
        }
        "state" => state::apply(&mut shared.world(), body)?,
        path => return Err(format!("unknown path: POST {path}")),
    }
    Ok(())
}

fn number(body: &Value, name: &str) -> Result<i64, String> {
    body[name]
        .as_i64()
        .ok_or_else(|| format!("{name} must be a whole number"))
}

/// `{"service":"sts","action":"AssumeRole","kind":"throttle","times":2}`; some kinds need `ms`, `status` or `offset`.
fn fault(body: &Value) -> Result<Fault, String> {
    let kind = match body["kind"].as_str().unwrap_or_default() {
        "delay" => FaultKind::Delay(Duration::from_millis(number(body, "ms")?.unsigned_abs())),
        "throttle" => FaultKind::Throttle,
        "access-denied" => FaultKind::AccessDenied,
        "server-error" => FaultKind::ServerError(
            u16::try_from(body["status"].as_u64().unwrap_or(500)).map_err(|e| e.to_string())?,
        ),
        "expired-token" => FaultKind::ExpiredToken,
        "drop" => FaultKind::Drop,
        "half-answer" => FaultKind::HalfAnswer,
        "garbage" => FaultKind::Garbage,
        "hang" => FaultKind::Hang,
        "wrong-date" => FaultKind::WrongDate(number(body, "offset")?),
        other => return Err(format!("unknown kind of fault: {other:?}")),
    };
    let name = |key: &str| body[key].as_str().unwrap_or("*").to_owned();
    let times = match body["times"].as_u64() {
        None => None,
        Some(times) => Some(u32::try_from(times).map_err(|e| e.to_string())?),
    };
    Ok(Fault {
        service: name("service"),
        action: name("action"),
        kind,
        times,
    })
}

fn calls(shared: &Shared) -> Value {
    let calls = shared.calls();
    calls
        .iter()
        .map(|c| {
            json!({
                "service": c.service,
                "action": c.action,
                "params": c.params,
                "host": c.host,
                "region": c.region,
                "method": c.method,
                "path": c.path,
                "access_key_id": c.access_key_id,
                "principal_arn": c.principal_arn,
                "status": c.status,
                "error_code": c.error_code,
                "at_ms": c.at_ms as u64,
                "user_agent": c.user_agent
            })
        })
        .collect()
}
