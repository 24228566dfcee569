//! What the local credential endpoints have in common: plain HTTP, a JSON document.

use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::shown::one_line;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use chrono::DateTime;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Issued, account_of};
use crate::network::Question;
use crate::text::chain;

/// The maximum size of a response.
const LONGEST: usize = 64 * 1024;

/// The status and body of a response.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Creates a request with an optional header.
pub(super) fn request(
    method: &str,
    url: &str,
    header: Option<(&'static str, &str)>,
) -> Result<HttpRequest> {
    let wrong = || {
        Error::new(
            Kind::NoCredentials,
            format!("{} is not a URL", one_line(url)),
        )
    };
    let mut request = HttpRequest::get(url).map_err(|_| wrong())?;
    request.set_method(method).map_err(|_| wrong())?;
    if let Some((name, value)) = header {
        let refuse = |_| {
            let what = format!("the value of the {name} header contains an invalid character");
            Error::new(Kind::NoCredentials, what)
        };
        request
            .headers_mut()
            .try_insert(name, value.to_owned())
            .map_err(refuse)?;
    }
    Ok(request)
}

/// Sends a request and reads the whole response.
pub(super) async fn send(question: &Question<'_>, request: HttpRequest) -> Result<Answer> {
    let answer = question
        .connection
        .call(request)
        .await
        .map_err(|error| question.not_reached(&error))?;
    let status = answer.status().as_u16();
    let mut stream = ByteStream::new(answer.into_body());
    let mut body = Zeroizing::new(Vec::new());
    while let Some(part) = stream.next().await {
        let part = part.map_err(|error| question.not_reached(&error))?;
        body.extend_from_slice(&part);
        if body.len() > LONGEST {
            return Err(question.incomplete("with more than 64 KiB"));
        }
    }
    Ok(Answer { status, body })
}

impl Answer {
    /// The body as one line, for messages.
    pub(super) fn shown(&self, question: &Question<'_>) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text = one_line(&crate::text::without(&text, &question.hidden));
        if text.is_empty() {
            format!("HTTP {}", self.status)
        } else {
            format!("HTTP {}: {text}", self.status)
        }
    }

    /// Parses the credentials in a document from ECS, EKS or EC2.
    pub(super) fn session(&self, question: &Question<'_>) -> Result<Session> {
        let mut document = self.document(question)?;
        let expires_at = document
            .get("Expiration")
            .and_then(Value::as_str)
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            .map(|end| end.to_utc());
        let mut text = |field: &str| match document.remove(field) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let account = text("AccountId").or_else(|| text("RoleArn").as_deref().and_then(account_of));
        let found = Issued {
            access_key_id: text("AccessKeyId"),
            secret_access_key: text("SecretAccessKey"),
            session_token: text("Token"),
            expires_at,
            principal_arn: None,
        };
        let mut session = found.check(question)?;
        session.account_id = account;
        Ok(session)
    }

    /// Parses the body, which must be a JSON object.
    pub(super) fn document(&self, question: &Question<'_>) -> Result<Map<String, Value>> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(document)) => Ok(document),
            Ok(_) => Err(question.incomplete("that is not a JSON object")),
            Err(error) => Err(question.incomplete(&format!("that is not JSON: {}", chain(&error)))),
        }
    }
}
