//! Shared by all services: the current call, errors, and the error format of each protocol.

use crate::http::{Answer, Request, xml};
use crate::world::Principal;
use serde_json::json;
use std::collections::BTreeMap;

/// A service of the stand-in. Calls and faults refer to it by `name()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Sts,
    Ecr,
    EcrPublic,
    Eks,
    Ssm,
    S3,
    Imds,
    Container,
    Sso,
    SsoOidc,
    Unknown,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::Sts => "sts",
            Service::Ecr => "ecr",
            Service::EcrPublic => "ecr-public",
            Service::Eks => "eks",
            Service::Ssm => "ssm",
            Service::S3 => "s3",
            Service::Imds => "imds",
            Service::Container => "container",
            Service::Sso => "sso",
            Service::SsoOidc => "sso-oidc",
            Service::Unknown => "unknown",
        }
    }

    /// The service in a credential scope.
    pub(crate) fn from_scope(name: &str) -> Service {
        match name {
            "sts" => Service::Sts,
            "ecr" => Service::Ecr,
            "ecr-public" => Service::EcrPublic,
            "eks" => Service::Eks,
            "ssm" => Service::Ssm,
            "s3" => Service::S3,
            _ => Service::Unknown,
        }
    }
}

/// The current call, with a verified signature if it is signed.
pub(crate) struct Call<'a> {
    pub(crate) req: &'a Request,
    pub(crate) service: Service,
    pub(crate) action: &'a str,
    pub(crate) params: &'a BTreeMap<String, String>,
    /// `None`: the request was not signed.
    pub(crate) caller: Option<Principal>,
    pub(crate) region: &'a str,
    pub(crate) request_id: &'a str,
    /// The server's clock, epoch seconds.
    pub(crate) now: i64,
}

impl Call<'_> {
    pub(crate) fn caller(&self) -> Result<&Principal, ApiError> {
        self.caller
            .as_ref()
            .ok_or_else(ApiError::missing_authentication)
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    /// The JSON body; an empty one is an empty object.
    pub(crate) fn json(&self) -> Result<serde_json::Value, ApiError> {
        if self.req.body.is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_slice(&self.req.body)
            .map_err(|_| ApiError::new(400, "SerializationException", "not JSON"))
    }
}

/// An AWS error with its name in the query protocol; `render` converts it for the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> ApiError {
        ApiError {
            status,
            code: code.to_owned(),
            message: message.into(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> ApiError {
        ApiError::new(400, "ValidationError", message)
    }

    pub(crate) fn denied(message: impl Into<String>) -> ApiError {
        ApiError::new(403, "AccessDenied", message)
    }

    pub(crate) fn missing_authentication() -> ApiError {
        ApiError::new(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        )
    }

    pub(crate) fn invalid_token() -> ApiError {
        ApiError::new(
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        )
    }

    pub(crate) fn expired_token() -> ApiError {
        ApiError::new(
            403,
            "ExpiredToken",
            "The security token included in the request is expired",
        )
    }
}

/// The name that JSON services use for a common error.
fn json_code(code: &str) -> &str {
    match code {
        "AccessDenied" => "AccessDeniedException",
        "ExpiredToken" => "ExpiredTokenException",
        "IncompleteSignature" => "IncompleteSignatureException",
        "InvalidClientTokenId" => "UnrecognizedClientException",
        "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch" | "RequestTimeTooSkewed" => "InvalidSignatureException",
        "Throttling" => "ThrottlingException",
        other => other,
    }
}

/// Formats an error as the called service does.
pub(crate) fn render(
    error: &ApiError,
    service: Service,
    wants_json: bool,
    request_id: &str,
) -> Answer {
    let mut status = error.status;
    let mut code = error.code.as_str();
    let answer = match service {
        Service::Sts | Service::Unknown => {
            if code == "RequestTimeTooSkewed" {
                code = "SignatureDoesNotMatch";
            }
            let kind = if status < 500 { "Sender" } else { "Receiver" };
            if wants_json {
                Answer::json(
                    status,
                    &json!({"Error": {"Code": code, "Message": error.message, "Type": kind}, "RequestId": request_id}),
                )
            } else {
                let body = format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>{kind}</Type>\n    \
                     <Code>{code}</Code>\n    <Message>{}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
                    xml(&error.message)
                );
                Answer::new(status, "text/xml", body)
            }
        }
        Service::S3 => {
            (status, code) = match code {
                "InvalidClientTokenId" => (403, "InvalidAccessKeyId"),
                "ExpiredToken" => (400, "ExpiredToken"),
                "Throttling" => (503, "SlowDown"),
                "MissingAuthenticationToken" => (403, "AccessDenied"),
                "InternalFailure" => (status, "InternalError"),
                other => (status, other),
            };
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{}</Message><RequestId>{request_id}</RequestId></Error>",
                xml(&error.message)
            );
            Answer::new(status, "application/xml", body)
        }
        Service::Ecr
        | Service::EcrPublic
        | Service::Ssm
        | Service::Eks
        | Service::Sso
        | Service::SsoOidc => {
            code = json_code(code);
            let rest = !matches!(service, Service::Ecr | Service::EcrPublic | Service::Ssm);
            if !rest && status < 500 {
                status = 400;
            } else if rest && code == "ThrottlingException" {
                status = 429;
            }
            let (kind, body) = if rest {
                ("application/json", json!({"message": error.message}))
            } else {
                (
                    "application/x-amz-json-1.1",
                    json!({"__type": code, "message": error.message}),
                )
            };
            Answer::new(status, kind, body.to_string()).with_header("x-amzn-errortype", code)
        }
        Service::Imds | Service::Container => {
            Answer::json(status, &json!({"code": code, "message": error.message}))
        }
    };
    let mut answer = answer;
    answer.headers.extend(error.headers.clone());
    answer.error = Some(code.to_owned());
    answer
}
