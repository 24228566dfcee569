//! The order of the ambient sources, and the error if none is configured.

use super::{Found, Look, aws_profile, container, environment};
use crate::error::{Error, Kind, Result};
use crate::plan::{How, Step};
use crate::profile::CredentialSource;

/// Returns the step of the first configured source.
///
/// # Errors
/// No source is configured, or the first configured one is invalid. Skipping it could select an
/// unintended identity.
pub(super) fn first(look: &Look<'_>) -> Result<Step> {
    let mut tried = String::new();
    for source in CredentialSource::ALL {
        match one(look, source)? {
            Found::Step(mut step) => {
                // Only a request shows whether it exists; if not, the error lists what else was
                // tried.
                if let How::InstanceMetadata(plan) = &mut step.how {
                    plan.tried = tried;
                }
                return Ok(*step);
            }
            Found::No(why) => {
                if !tried.is_empty() {
                    tried.push_str("; ");
                }
                tried.push_str(source.id());
                tried.push_str(": ");
                tried.push_str(&why);
            }
        }
    }
    Err(Error::new(
        Kind::NoCredentials,
        format!("no ambient credentials: {tried}"),
    )
    .fix("set up one of these, or set profile_name or credential_source in the connector"))
}

/// Returns the step of one specific source.
///
/// # Errors
/// It is not configured, or is invalid.
pub(super) fn only(look: &Look<'_>, source: CredentialSource) -> Result<Step> {
    match one(look, source)? {
        Found::Step(step) => Ok(*step),
        Found::No(why) => Err(Error::new(
            Kind::NoCredentials,
            format!("credential_source {} has no credentials: {why}", source.id()),
        )
        .fix(match source {
            CredentialSource::Environment => "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            CredentialSource::SharedProfile => "run aws configure, or set AWS_PROFILE to an AWS CLI profile with credentials",
            CredentialSource::WebIdentity => "set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN (on EKS, annotate the service account with its role)",
            CredentialSource::EcsContainer => "run it in an ECS task with a task role or a pod with Pod Identity, and pass these variables through",
            CredentialSource::Ec2InstanceMetadata => "unset AWS_EC2_METADATA_DISABLED",
        })),
    }
}

/// Looks up one source.
pub(super) fn one(look: &Look<'_>, source: CredentialSource) -> Result<Found> {
    match source {
        CredentialSource::Environment => environment::keys(look),
        CredentialSource::SharedProfile => aws_profile::shared(look),
        CredentialSource::WebIdentity => environment::web_identity(look),
        CredentialSource::EcsContainer => container::container(look),
        CredentialSource::Ec2InstanceMetadata => container::instance_metadata(look),
    }
}
