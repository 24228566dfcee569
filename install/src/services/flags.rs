//! Flags of several commands.

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::Method;
use aws_connector_core::resource::{Resource, ResourceType};

/// The help template of commands with many flags: without section headings, so that it fits a
/// screen.
pub(crate) const DENSE_HELP: &str =
    "{about-with-newline}\n{usage-heading} {usage}\n\n{options}{after-help}";

/// `--resource-type`
pub(crate) fn resource_type(text: &str) -> std::result::Result<ResourceType, String> {
    ResourceType::parse(text).map_err(|error| error.to_string())
}

/// `--auth-method`, where it selects connectors.
pub(crate) fn auth_method(text: &str) -> std::result::Result<Method, String> {
    Method::parse(text)
        .ok_or_else(|| format!("use one of {}", Method::ALL.map(Method::id).join(", ")))
}

/// A name for an entry in a client's file that needs no quotes there.
pub(crate) fn entry_name(text: &str) -> std::result::Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-@:/+=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("use letters, digits and . _ - @ : / + =".to_owned())
}

/// Reads `--resource-type` and `--resource-id`.
pub(crate) fn resource(kind: Option<ResourceType>, id: Option<&str>) -> Result<Option<Resource>> {
    match (kind, id) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Error::usage("--resource-id requires --resource-type").fix(
            "add --resource-type aws-generic, s3-bucket, kubernetes-cluster or docker-registry",
        )),
        (Some(kind), id) => Resource::parse(kind, id)
            .map(Some)
            .map_err(|error| Error::usage("--resource-id").because(error)),
    }
}
