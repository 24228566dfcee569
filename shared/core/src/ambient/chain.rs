//! The order in which sources are asked, and what is said when none answers.

use super::{Found, Look, aws_profile, container, environment};
use crate::error::{Error, Kind, Result};
use crate::plan::{How, Step};
use crate::profile::CredentialSource;

/// The first source that is configured.
///
/// # Errors
/// None is, or the first that is configured is so wrongly: to pass over it would serve another
/// identity than the one that was meant.
pub(super) fn first(look: &Look<'_>) -> Result<Step> {
    let mut tried = String::new();
    for source in CredentialSource::ALL {
        match one(look, source)? {
            Found::Step(mut step) => {
                // Only asking shows whether it is there; then this is what else was tried.
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

/// One source and no other.
///
/// # Errors
/// It is not configured, or wrongly.
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

/// What a source answers.
pub(super) fn one(look: &Look<'_>, source: CredentialSource) -> Result<Found> {
    match source {
        CredentialSource::Environment => environment::keys(look),
        CredentialSource::SharedProfile => aws_profile::shared(look),
        CredentialSource::WebIdentity => environment::web_identity(look),
        CredentialSource::EcsContainer => container::container(look),
        CredentialSource::Ec2InstanceMetadata => container::instance_metadata(look),
    }
}
