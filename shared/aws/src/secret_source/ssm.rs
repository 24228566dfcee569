//! `ssm:GetParameter`, decrypted.

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Reason, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::one_line;
use aws_runtime::auth::SigningOptions;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::error::ErrorMetadata;
use serde_json::{Value, json};

use crate::hosts;
use crate::network::Network;
use crate::signed_request::{self, Service, body};

pub(super) fn fetch(
    network: &Network,
    name: &str,
    site: &Site,
    session: &Session,
    call: Call<'_>,
) -> Result<Secret> {
    let operation = "ssm:GetParameter";
    let place = format!("{} in {}", one_line(name), site.region);
    let question = network
        .question(operation, format!("{operation} of {place}"), call)
        .at(site)
        .by(session);
    let service = Service {
        id: "ssm",
        signing_options: SigningOptions::default(),
        read_error,
    };
    let url = hosts::ssm(site);
    let get_parameter = signed_request::operation(service, &url, site, session, &question, value);
    let answer = network.run(&question, async {
        let answer = get_parameter.invoke(request(name)?).await;
        answer.map_err(|error| question.failed(error))
    });
    let answer = answer.map_err(|error| match error.reason() {
        Some(Reason::NotFound) => {
            let what = format!("SSM parameter {place} not found");
            Error::new(Kind::NoCredentials, what)
                .fix("check its name, its region and the connector's account")
        }
        _ => error,
    })?;
    let value = answer.ok_or_else(|| question.incomplete("without a value"))?;
    super::found(value.expose(), &format!("SSM parameter {place}"))
}

fn request(name: &str) -> Result<HttpRequest> {
    let mut request = signed_request::request("POST", "/")?;
    *request.body_mut() = json!({"Name": name, "WithDecryption": true})
        .to_string()
        .into();
    let headers = request.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.1");
    headers.insert("x-amz-target", "AmazonSSM.GetParameter");
    Ok(request)
}

/// The parameter's value, if the response has one.
fn value(body: &[u8]) -> Option<Option<Secret>> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    let value = answer.pointer_mut("/Parameter/Value").map(Value::take);
    Some(match value {
        Some(Value::String(value)) => Some(Secret::new(value)),
        _ => None,
    })
}

/// The code is in a header or in the body, possibly between a namespace and a URL.
fn read_error(response: &HttpResponse) -> ErrorMetadata {
    let body: Value = serde_json::from_slice(body(response)).unwrap_or_default();
    let text = |names: [&str; 2]| names.into_iter().find_map(|name| body.get(name)?.as_str());
    let mut error = ErrorMetadata::builder();
    let code = response.headers().get("x-amzn-errortype");
    if let Some(code) = code.or_else(|| text(["code", "__type"])) {
        let code = code.split_once(':').map_or(code, |(code, _)| code);
        let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
        error = error.code(code);
    }
    if let Some(message) = text(["message", "Message"]) {
        error = error.message(message);
    }
    error.build()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[test]
    fn an_error_has_its_code_in_a_header_or_in_the_body() {
        for (header, body, code, message) in [
            (
                None,
                r#"{"__type":"ParameterNotFound","message":"no"}"#,
                Some("ParameterNotFound"),
                Some("no"),
            ),
            (
                None,
                r#"{"__type":"com.amazonaws.ssm#ParameterNotFound","Message":"no"}"#,
                Some("ParameterNotFound"),
                Some("no"),
            ),
            (
                Some("AccessDeniedException:http://internal.amazon.com/x#y/"),
                r#"{"__type":"Other"}"#,
                Some("AccessDeniedException"),
                None,
            ),
            (None, r#"{"message":"no"}"#, None, Some("no")),
            (None, r#"{"__type":1,"message":{}}"#, None, None),
            (None, "<html>", None, None),
            (None, "", None, None),
        ] {
            let status = StatusCode::try_from(400).unwrap();
            let mut response = HttpResponse::new(status, SdkBody::from(body));
            if let Some(header) = header {
                response.headers_mut().insert("x-amzn-errortype", header);
            }
            let error = read_error(&response);
            assert_eq!((error.code(), error.message()), (code, message), "{body}");
        }
    }

    #[test]
    fn a_response_without_a_value_is_distinguished_from_another_document() {
        let found = |body: &str| value(body.as_bytes());
        let secret = found(r#"{"Parameter":{"Name":"x","Value":"s"}}"#).unwrap();
        assert_eq!(secret.unwrap().expose(), "s");
        assert!(found(r#"{"Parameter":{"Name":"x"}}"#).unwrap().is_none());
        assert!(found("<html>").is_none());
    }
}
