//! `/v2/` of a private registry: accepts the logins that ECR issued, unless a fault
//! applies.

use crate::dispatch::{Recorded, Shared};
use crate::faults;
use crate::http::{Answer, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

pub(crate) fn is_meant(req: &Request) -> bool {
    req.path == "/v2/" && req.host().contains(".dkr.ecr.")
}

pub(crate) fn handle(shared: &Shared, req: &Request) -> Answer {
    let password = req
        .header("authorization")
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|text| STANDARD.decode(text).ok())
        .and_then(|pair| String::from_utf8(pair).ok())
        .and_then(|pair| Some(pair.strip_prefix("AWS:")?.to_owned()));
    let spoilt = faults::take(&mut shared.faults(), "registry", "Ping")
        .kind
        .is_some();
    let known = password.is_some_and(|password| shared.world().issued.contains(&password));
    let answer = if known && !spoilt {
        Answer::json(200, &json!({}))
    } else {
        let error =
            json!({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]});
        Answer::json(401, &error).with_header("www-authenticate", "Basic realm=\"ecr\"")
    };
    shared.calls().push(Recorded {
        service: "registry".to_owned(),
        action: "Ping".to_owned(),
        host: req.host().to_owned(),
        method: req.method.clone(),
        path: req.path.clone(),
        status: answer.status,
        user_agent: req.header("user-agent").unwrap_or_default().to_owned(),
        ..Recorded::default()
    });
    answer
}
