//! Maps AWS's error codes. No other module knows them.

use aws_connector_core::error::Reason;

/// The meaning of an error response with this HTTP status, code and message.
pub(crate) fn reason(status: u16, code: &str, message: &str) -> Reason {
    if status >= 500 || code.contains("Throttl") {
        return Reason::Busy;
    }
    // The code is AccessDenied.
    if message.contains("MultiFactorAuthentication failed") {
        return Reason::WrongMfaCode;
    }
    // The code is SignatureDoesNotMatch.
    if message.contains("Signature expired") || message.contains("Signature not yet current") {
        return Reason::WrongTime;
    }
    match code {
        "BandwidthLimitExceeded"
        | "IDPCommunicationError"
        | "InternalError"
        | "InternalFailure"
        | "PriorRequestNotComplete"
        | "RequestLimitExceeded"
        | "ServerException"
        | "ServiceUnavailable"
        | "SlowDown"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "TransactionInProgressException" => Reason::Busy,
        "RequestExpired" | "RequestInTheFuture" | "RequestTimeTooSkewed" | "InvalidTime" => {
            Reason::WrongTime
        }
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "IncompleteSignature" => {
            Reason::BadSignature
        }
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Reason::AccessDenied,
        "InvalidClientTokenId" | "UnrecognizedClientException" => Reason::UnknownKey,
        "ExpiredToken" | "ExpiredTokenException" => Reason::Expired,
        "UnauthorizedException" => Reason::Unauthorized,
        "InvalidIdentityToken" | "InvalidIdentityTokenException" | "IDPRejectedClaim" => {
            Reason::InvalidIdentityToken
        }
        "ResourceNotFoundException"
        | "RepositoryNotFoundException"
        | "NoSuchBucket"
        | "ParameterNotFound"
        | "ParameterVersionNotFound" => Reason::NotFound,
        "RegionDisabledException" => Reason::RegionDisabled,
        "OptInRequired" | "SubscriptionRequiredException" => Reason::NotSubscribed,
        "MalformedPolicyDocument" | "MalformedPolicyDocumentException" => Reason::MalformedPolicy,
        "PackedPolicyTooLarge" | "PackedPolicyTooLargeException" => Reason::PolicyTooLarge,
        "ValidationError" | "ValidationException" | "InvalidParameterValue" => {
            Reason::InvalidParameter
        }
        _ => Reason::Other,
    }
}
