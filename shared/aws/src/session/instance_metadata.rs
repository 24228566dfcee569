//! The EC2 instance metadata service, version 2 only. It is nearby or does not exist, so it gets
//! one attempt and one second in total, unless the environment allows more time.

use std::time::{Duration, Instant};

use aws_config::imds::{self, client::error::ImdsError};
use aws_config::provider_config::ProviderConfig;
use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::plan::InstanceMetadataPlan;
use aws_connector_core::shown::one_line;
use serde_json::Value;
use zeroize::Zeroizing;

use super::nearby::Answer;
use crate::network::{Network, Question};
use crate::text::chain;

/// The lifetime of the token for our requests.
const TOKEN_TTL: Duration = Duration::from_secs(60);

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

pub(super) fn obtain(
    network: &Network,
    plan: &InstanceMetadataPlan,
    call: Call<'_>,
) -> Result<Session> {
    let call = Call {
        deadline: call.deadline.min(Instant::now() + plan.patience),
        ..call
    };
    let operation = "instance metadata";
    let what = format!("{operation} of {}", one_line(&plan.endpoint));
    let question = network.question(operation, what, call);
    let base = plan.endpoint.trim_end_matches('/');
    let session = network.run(&question, ask(&question, base, plan.patience));
    session.map_err(|error| with_tried(error, &plan.tried))
}

async fn ask(question: &Question<'_>, base: &str, patience: Duration) -> Result<Session> {
    let imds = imds(question, base, patience)?;
    let role = match imds.get(ROLES).await {
        Ok(role) => role,
        Err(ImdsError::ErrorResponse(answer)) if answer.response().status().as_u16() == 404 => {
            return Err(Error::new(
                Kind::NoCredentials,
                format!("{}: the instance has no role", question.what),
            )
            .fix("attach an instance profile, or use another source"));
        }
        Err(error) => return Err(failed(question, &error)),
    };
    let role: &str = role.as_ref();
    let role = role.lines().next().unwrap_or_default().trim();
    let named = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if role.is_empty() || !role.chars().all(named) {
        return Err(question.incomplete("with an invalid role name"));
    }
    let document = imds
        .get(format!("{ROLES}{role}"))
        .await
        .map_err(|error| failed(question, &error))?;
    let answer = Answer {
        status: 200,
        body: Zeroizing::new(String::from(document).into_bytes()),
    };
    match answer
        .document(question)?
        .get("Code")
        .and_then(Value::as_str)
    {
        None | Some("Success") => answer.session(question),
        Some(code) => {
            let text = format!(
                "{} has no credentials for its role: {}",
                question.what,
                one_line(code)
            );
            Err(Error::new(Kind::NoCredentials, text)
                .fix("allow ec2.amazonaws.com in the role's trust policy"))
        }
    }
}

/// The SDK's own client: version 2 only, without retries.
fn imds(question: &Question<'_>, base: &str, patience: Duration) -> Result<imds::Client> {
    let config = ProviderConfig::without_region()
        .with_http_client(question.connection.clone())
        .with_time_source(question.clock())
        .with_sleep_impl(crate::network::sleep());
    let builder = imds::Client::builder()
        .configure(&config)
        .endpoint(base)
        .map_err(|_| {
            Error::new(
                Kind::NoCredentials,
                format!("{} is not a URL", one_line(base)),
            )
        })?;
    Ok(builder
        .token_ttl(TOKEN_TTL)
        .max_attempts(1)
        .connect_timeout(patience)
        .read_timeout(patience)
        .build())
}

fn failed(question: &Question<'_>, error: &ImdsError) -> Error {
    let status = match error {
        ImdsError::ErrorResponse(answer) => Some(answer.response().status().as_u16()),
        ImdsError::FailedToLoadToken(token) if !token.is_dispatch_failure() => None,
        _ => return question.no_answer(&chain(error)),
    };
    let kind = match status {
        Some(status) if status >= 500 => Kind::Unavailable,
        _ => Kind::NoCredentials,
    };
    let said = status.map_or_else(|| chain(error), |status| format!("HTTP {status}"));
    Error::new(kind, format!("{} refused: {said}", question.what)).fix(
        "allow the metadata service (in a container, with a hop limit of 2), or use another source",
    )
}

/// Adds the sources before it in the chain to the error.
fn with_tried(error: Error, tried: &str) -> Error {
    let elsewhere = "set a source in the connector, or set AWS_EC2_METADATA_DISABLED=true if \
                     there is no metadata service";
    let fix = if error.kind == Kind::Unavailable {
        Some(elsewhere.to_owned())
    } else {
        error.fix.clone()
    };
    if tried.is_empty() {
        return Error { fix, ..error };
    }
    let what = format!("no ambient credentials: {tried}; {}", error.summary());
    Error {
        fix,
        ..Error::new(error.kind, what)
    }
}
