//! The EC2 instance metadata service, version 2 only. It is near or it is not there: one second
//! and one try for everything.

use std::time::{Duration, Instant};

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::plan::InstanceMetadataPlan;
use aws_connector_core::secret::Secret;
use serde_json::Value;

use super::nearby::{Answer, request, send};
use crate::client::{Client, Question};
use crate::text::one_line;

/// For the token, the role's name and its credentials together.
const BUDGET: Duration = Duration::from_secs(1);

/// Seconds that the token for our three requests lives.
const TOKEN_TTL: &str = "60";

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

pub(super) fn obtain(
    client: &Client,
    plan: &InstanceMetadataPlan,
    call: Call<'_>,
) -> Result<Session> {
    let call = Call {
        deadline: call.deadline.min(Instant::now() + BUDGET),
        ..call
    };
    let operation = "instance metadata";
    let what = format!("{operation} of {}", one_line(&plan.endpoint));
    let question = client.question(operation, what, call);
    let base = plan.endpoint.trim_end_matches('/');
    let session = client.run(&question, ask(&question, base));
    session.map_err(|error| with_tried(error, &plan.tried))
}

async fn ask(question: &Question<'_>, base: &str) -> Result<Session> {
    let header = Some(("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL));
    let url = format!("{base}/latest/api/token");
    let token = send(question, request("PUT", &url, header)?).await?;
    let token = Secret::new(text(question, &token)?);
    let get = async |path: &str| {
        let header = Some(("x-aws-ec2-metadata-token", token.expose()));
        send(question, request("GET", &format!("{base}{path}"), header)?).await
    };
    let role = get(ROLES).await?;
    if role.status == 404 {
        return Err(Error::new(
            Kind::NoCredentials,
            format!("{}: the instance has no role", question.what),
        )
        .fix("attach an instance profile, or use another source"));
    }
    let role = text(question, &role)?;
    let named = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if role.is_empty() || !role.chars().all(named) {
        return Err(question.incomplete("with a role that has no role's name"));
    }
    let answer = get(&format!("{ROLES}{role}")).await?;
    if answer.status != 200 {
        return Err(refused(question, &answer));
    }
    match answer
        .document(question)?
        .get("Code")
        .and_then(Value::as_str)
    {
        None | Some("Success") => answer.session(question),
        Some(code) => {
            let text = format!(
                "{} has nothing for its role: {}",
                question.what,
                one_line(code)
            );
            Err(Error::new(Kind::NoCredentials, text)
                .fix("let the role's trust policy name ec2.amazonaws.com"))
        }
    }
}

/// The first line of a text.
fn text(question: &Question<'_>, answer: &Answer) -> Result<String> {
    if answer.status != 200 {
        return Err(refused(question, answer));
    }
    let text = std::str::from_utf8(&answer.body)
        .map_err(|_| question.incomplete("with something that is no text"))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

fn refused(question: &Question<'_>, answer: &Answer) -> Error {
    let kind = if answer.status >= 500 {
        Kind::Unavailable
    } else {
        Kind::NoCredentials
    };
    let text = format!("{} refused: {}", question.what, answer.shown(question));
    Error::new(kind, text).fix(
        "allow the metadata service (in a container, with a hop limit of 2), or use another source",
    )
}

/// Says which sources came before it in the chain.
fn with_tried(error: Error, tried: &str) -> Error {
    let elsewhere = "let the connector name its source, or set AWS_EC2_METADATA_DISABLED=true \
                     where there is no such service";
    let what = if tried.is_empty() {
        error.what
    } else {
        format!("no ambient credentials: {tried}; {}", error.what)
    };
    let fix = if error.kind == Kind::Unavailable {
        Some(elsewhere.to_owned())
    } else {
        error.fix
    };
    Error { what, fix, ..error }
}
