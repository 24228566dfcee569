//! The container credentials endpoint of ECS and EKS Pod Identity.

use std::time::Duration;

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::plan::ContainerPlan;
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::{one_line, shown};
use aws_connector_core::web_identity;

use super::nearby::{Answer, request, send};
use crate::network::{Network, Question};

/// The delays before each retry: the endpoint rejects requests when many tasks start at once.
const WAITS: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];

pub(super) fn obtain(network: &Network, plan: &ContainerPlan, call: Call<'_>) -> Result<Session> {
    let token = match &plan.token_file {
        Some(path) => Some(read(path)?),
        None => plan.token.clone(),
    };
    let operation = "container credentials";
    let what = format!("{operation} of {}", one_line(&plan.uri));
    let question = network
        .question(operation, what, call)
        .hide_if(token.as_ref());
    network.run(&question, async {
        let mut waits = WAITS.iter();
        loop {
            let header = token
                .as_ref()
                .map(|token| ("authorization", token.expose()));
            let answer = send(&question, request("GET", &plan.uri, header)?).await;
            let busy = match &answer {
                Ok(answer) => answer.status >= 500 || answer.status == 429,
                Err(error) => error.kind == Kind::Unavailable,
            };
            match waits.next().filter(|_| busy) {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => return judge(&question, &answer?),
            }
        }
    })
}

fn judge(question: &Question<'_>, answer: &Answer) -> Result<Session> {
    match answer.status {
        200 => answer.session(question),
        status => {
            let kind = if status >= 500 || status == 429 {
                Kind::Unavailable
            } else {
                Kind::NoCredentials
            };
            let text = format!("{} were refused: {}", question.what, answer.shown(question));
            Err(Error::new(kind, text).fix(
                "check the task role or the pod identity association, and that \
                 AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE) is passed through",
            ))
        }
    }
}

/// Reads the authorization token, which EKS rotates.
fn read(path: &str) -> Result<Secret> {
    let fail = |what: &str| {
        let place = format!("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE {}", shown(path));
        Error::new(Kind::NoCredentials, format!("{place} {what}"))
    };
    let text = web_identity::read(path).map_err(|error| fail("cannot be read").because(error))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(fail("is empty")),
        token => Ok(Secret::new(token)),
    }
}
