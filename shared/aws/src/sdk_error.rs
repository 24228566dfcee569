//! Converts the SDK's errors: AWS refused the request, or sent no usable response.

use std::error::Error as StdError;

use aws_connector_core::error::{Error, Kind, Reason, Refusal};
use aws_connector_core::shown::one_line;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use chrono::TimeDelta;

use crate::error_codes;
use crate::network::Question;
use crate::text::{chain, without};

impl Question<'_> {
    /// The error for what the SDK returned.
    pub(crate) fn failed<E>(&self, error: SdkError<E, HttpResponse>) -> Error
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        match &error {
            SdkError::ServiceError(context) => {
                let status = context.raw().status().as_u16();
                match context.err().code() {
                    Some(code) => self.refused(status, code, context.err().message()),
                    None => self.unrecognized(status),
                }
            }
            SdkError::ResponseError(context) => self.unrecognized(context.raw().status().as_u16()),
            SdkError::TimeoutError(_) => self.no_answer("the request timed out"),
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) => self.not_reached(error),
                None => self.no_answer("the request could not be sent"),
            },
            _ => Error::profile(format!("cannot call {}: {}", self.what, chain(&error)))
                .fix("check region, endpoints, use_fips_endpoint and use_dualstack_endpoint"),
        }
    }

    /// The response is incomplete or implausible.
    pub(crate) fn incomplete(&self, what: &str) -> Error {
        self.unavailable(format!("{} returned a response {what}", self.what))
            .fix("retry; if it fails again, check the endpoint")
    }

    /// AWS answered with an error code.
    pub(crate) fn refused(&self, status: u16, code: &str, message: Option<&str>) -> Error {
        let code = clean_code(code);
        let message = one_line(&without(message.unwrap_or_default(), &self.hidden));
        let reason = self.reason(status, &code, &message);
        let fix = self.fix(reason, &message);
        // The message is embedded in a longer sentence.
        let message = message.strip_suffix('.').unwrap_or(&message).to_owned();
        let what = &self.what;
        let (kind, what) = match reason {
            Reason::Busy => (Kind::Unavailable, format!("{what} failed")),
            Reason::WrongMfaCode => (Kind::Denied, format!("{what}: AWS rejected the MFA code")),
            Reason::NotFound => (Kind::Denied, format!("{what} failed: not found")),
            Reason::InvalidParameter | Reason::MalformedPolicy | Reason::PolicyTooLarge => {
                (Kind::Denied, format!("{what} failed"))
            }
            _ => (Kind::Denied, format!("{what} was denied")),
        };
        let error = Error::new(kind, what).refusal(Refusal {
            operation: self.operation.to_owned(),
            note: (reason == Reason::WrongTime).then(|| self.clock_note()),
            code,
            reason,
            message,
        });
        match fix {
            Some(fix) => error.fix(fix),
            None => error,
        }
    }

    /// A signature that does not match may be one with the wrong time: few services tell the two
    /// apart.
    fn reason(&self, status: u16, code: &str, message: &str) -> Reason {
        // Signatures are valid for five minutes before and after their time.
        let far = TimeDelta::minutes(4);
        match error_codes::reason(status, code, message) {
            Reason::BadSignature if self.clock_offset().is_some_and(|it| it.abs() > far) => {
                Reason::WrongTime
            }
            reason => reason,
        }
    }

    /// How the clock is wrong.
    fn clock_note(&self) -> String {
        let describe = |offset: TimeDelta, later, earlier| {
            let direction = if offset > TimeDelta::zero() {
                later
            } else {
                earlier
            };
            (shown_length(offset.abs()), direction)
        };
        if let Some(offset) = self.clock_offset() {
            let (length, direction) = describe(offset, "behind", "ahead of");
            return format!("this machine's clock is {length} {direction} AWS's");
        }
        if let Some(offset) = self.implausible_offset() {
            let (length, direction) = describe(offset, "later", "earlier");
            return format!(
                "the response is dated {length} {direction} than this machine's clock, too far off \
                 to be clock skew"
            );
        }
        "the time in the signature is wrong".to_owned()
    }

    fn fix(&self, reason: Reason, message: &str) -> Option<String> {
        let key = self.who.as_deref().unwrap_or("the caller");
        let who = match denied_principal(message) {
            Some(arn) => arn.to_owned(),
            None if key.starts_with("arn:") || self.who.is_none() => key.to_owned(),
            // Policies cannot name an access key.
            None => format!("the identity of {key}"),
        };
        let operation = self.operation;
        Some(match reason {
            Reason::Busy => "retry in a minute".to_owned(),
            Reason::WrongMfaCode => {
                "enter a new code from the device in mfa_serial; each code works only once"
                    .to_owned()
            }
            Reason::NotFound => "check the name, the region and the account".to_owned(),
            Reason::WrongTime => "set this machine's clock".to_owned(),
            Reason::AccessDenied => match operation {
                "sts:AssumeRole" => format!(
                    "check that the role exists and external_id is correct, which AWS reports in \
                     the same way; allow {who} or its account in the role's trust policy; if \
                     only the account, also allow {who} to call sts:AssumeRole"
                ),
                "sts:AssumeRoleWithWebIdentity" => "allow the token's issuer, subject and \
                                                    audience in the role's trust policy"
                    .to_owned(),
                _ => format!("allow {who} to call {operation}"),
            },
            Reason::UnknownKey => format!(
                "replace the keys of {key}: the access key does not exist, is inactive or \
                 belongs to another partition, or the session token is wrong"
            ),
            Reason::Expired => match operation {
                "sts:AssumeRoleWithWebIdentity" => {
                    "refresh the token in web_identity_token_file".to_owned()
                }
                _ => format!("renew the session of {key}, which has expired"),
            },
            Reason::BadSignature => format!("check the secret access key of {key}"),
            Reason::RegionDisabled => format!(
                "activate STS in {} in the account's settings, or use another region",
                self.region
            ),
            Reason::NotSubscribed => format!("enable the region {} for the account", self.region),
            Reason::MalformedPolicy => "fix policy in the connectors file".to_owned(),
            Reason::PolicyTooLarge => "shorten policy, policy_arns or tags".to_owned(),
            Reason::InvalidParameter => "correct the field that AWS names".to_owned(),
            Reason::InvalidIdentityToken => {
                "check the token file, and the identity provider in IAM".to_owned()
            }
            Reason::Unauthorized | Reason::Other => return None,
        })
    }

    /// No error code, no usable body.
    fn unrecognized(&self, status: u16) -> Error {
        let peer = self.peer();
        let text = if (200..300).contains(&status) {
            format!(
                "{} failed: {peer} returned an unrecognized response",
                self.what
            )
        } else {
            format!(
                "{} failed: {peer} returned HTTP {status} without an AWS error code",
                self.what
            )
        };
        let fix = if status >= 500 || status == 429 {
            "retry in a minute"
        } else {
            "check the endpoint, and whether a proxy intercepts the request"
        };
        self.unavailable(text).fix(fix)
    }

    pub(crate) fn peer(&self) -> String {
        self.connection
            .seen()
            .peer
            .map_or_else(|| "AWS".to_owned(), |peer| one_line(&peer))
    }

    pub(crate) fn unavailable(&self, text: String) -> Error {
        Error::new(Kind::Unavailable, text)
    }
}

/// The ARN in `User: ARN is not authorized to …`: policies name ARNs, while the caller may be known
/// only by its access key id.
fn denied_principal(message: &str) -> Option<&str> {
    let (_, user) = message.split_once("User: ")?;
    let (arn, _) = user.split_once(" is not authorized")?;
    (arn.starts_with("arn:") && !arn.contains(char::is_whitespace)).then_some(arn)
}

/// Keeps the leading letters, digits and `._-:#`, and drops the rest.
fn clean_code(code: &str) -> String {
    let clean: String = code
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '#'))
        .take(64)
        .collect();
    if clean.is_empty() {
        "unknown".to_owned()
    } else {
        clean
    }
}

/// `1h02m`, `3m20s`; hours to the nearest minute, since `Date` has no fractions.
fn shown_length(length: TimeDelta) -> String {
    let length = if length < TimeDelta::minutes(59) {
        length
    } else {
        length + TimeDelta::seconds(30)
    };
    let (hours, minutes, seconds) = (
        length.num_hours(),
        length.num_minutes() % 60,
        length.num_seconds() % 60,
    );
    if hours > 0 {
        format!("{hours}h{minutes:02}m")
    } else {
        format!("{minutes}m{seconds:02}s")
    }
}

#[cfg(test)]
#[path = "sdk_error_test.rs"]
mod tests;
