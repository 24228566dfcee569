//! The HTTP endpoints near the machine: the container credentials endpoint (ECS, EKS Pod Identity)
//! and the EC2 instance metadata service. This only resolves their addresses.

use std::time::Duration;

use super::{Found, Look};
use crate::error::{Error, Kind, Result};
use crate::plan::{ContainerPlan, How, InstanceMetadataPlan};
use crate::secret::Secret;
use crate::shown::shown;
use crate::url::{Url, is_plain};

const RELATIVE_URI: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// The variable with the metadata service's timeout, as in the AWS CLI.
const PATIENCE: &str = "AWS_METADATA_SERVICE_TIMEOUT";
const LONGEST_PATIENCE: u64 = 20;

/// ECS, and EKS Pod Identity over IPv4 and IPv6: plain HTTP is allowed to these.
const CONTAINER_HOSTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
const METADATA_HOSTS: [&str; 2] = ["169.254.169.254", "fd00:ec2::254"];

/// The container credentials endpoint.
///
/// # Errors
/// The URI is invalid, or would send the token unencrypted to a foreign host.
pub(super) fn container(look: &Look<'_>) -> Result<Found> {
    let uri = match (look.env.get(RELATIVE_URI), look.env.get(FULL_URI)) {
        (Some(path), _) => {
            if !path.starts_with('/') || !is_plain(&path) {
                return Err(wrong(
                    RELATIVE_URI,
                    "is not a path such as /v2/credentials/ID",
                ));
            }
            format!("http://{}{path}", CONTAINER_HOSTS[0])
        }
        (None, Some(uri)) => {
            check(&uri, &CONTAINER_HOSTS).map_err(|what| wrong(FULL_URI, &what))?;
            uri
        }
        (None, None) => return Ok(Found::No(missing(look).into())),
    };
    let token_file = look.env.get(TOKEN_FILE);
    let token = match token_file {
        Some(_) => None,
        None => look.env.get(TOKEN).map(Secret::new),
    };
    if token
        .as_ref()
        .is_some_and(|token| token.expose().chars().any(char::is_control))
    {
        return Err(wrong(
            TOKEN,
            "contains a line break or another control character",
        ));
    }
    Ok(look.found(How::Container(ContainerPlan {
        uri,
        token,
        token_file,
    })))
}

/// Explains that neither URI is set. ECS and EKS set one in every container, so some program in
/// between may not have passed it on.
fn missing(look: &Look<'_>) -> String {
    let mut why = format!("neither {RELATIVE_URI} nor {FULL_URI} is set");
    let set = |name: &&str| look.env.get(name).is_some();
    let seen = [
        "ECS_CONTAINER_METADATA_URI_V4",
        "ECS_CONTAINER_METADATA_URI",
    ]
    .into_iter()
    .find(set);
    if let Some(seen) = seen {
        why.push_str(&format!(
            " (but {seen} is set: a wrapper in this ECS task drops it; pass it through)"
        ));
    } else if set(&"SUDO_USER") {
        why.push_str(&format!(
            " (sudo drops them: sudo --preserve-env={RELATIVE_URI},{FULL_URI},{TOKEN},{TOKEN_FILE})"
        ));
    } else {
        why.push_str(
            " (in a container: a wrapper that clears the environment must pass them through)",
        );
    }
    why
}

/// The instance metadata service; only a request can show whether it exists.
///
/// # Errors
/// The endpoint in the environment is invalid.
pub(super) fn instance_metadata(look: &Look<'_>) -> Result<Found> {
    if look.env.is_on("AWS_EC2_METADATA_DISABLED") {
        return Ok(Found::nothing("AWS_EC2_METADATA_DISABLED is set"));
    }
    let endpoint = match look.env.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
        Some(endpoint) => {
            check(&endpoint, &METADATA_HOSTS)
                .map_err(|what| wrong("AWS_EC2_METADATA_SERVICE_ENDPOINT", &what))?;
            endpoint.trim_end_matches('/').to_owned()
        }
        None => match look.env.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") {
            Some(mode) if mode.eq_ignore_ascii_case("ipv6") => {
                format!("http://[{}]", METADATA_HOSTS[1])
            }
            Some(mode) if !mode.eq_ignore_ascii_case("ipv4") => {
                return Err(wrong(
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                    &format!("is {}; it is IPv4 or IPv6", shown(&mode)),
                ));
            }
            _ => format!("http://{}", METADATA_HOSTS[0]),
        },
    };
    let patience = match look.env.get(PATIENCE) {
        None => 1,
        Some(text) => text
            .parse()
            .ok()
            .filter(|seconds| (1..=LONGEST_PATIENCE).contains(seconds))
            .ok_or_else(|| {
                let what = format!(
                    "is {}; it must be 1 to {LONGEST_PATIENCE} seconds",
                    shown(&text)
                );
                wrong(PATIENCE, &what)
            })?,
    };
    Ok(look.found(How::InstanceMetadata(InstanceMetadataPlan {
        endpoint,
        patience: Duration::from_secs(patience),
        tried: String::new(),
    })))
}

fn wrong(variable: &str, what: &str) -> Error {
    Error::new(
        Kind::NoCredentials,
        format!("environment variable {variable} {what}"),
    )
    .fix(format!("correct or unset {variable}"))
}

/// Checks that keys may be requested from a URI: https to any host, http to this machine or the
/// `known` addresses.
fn check(uri: &str, known: &[&str]) -> std::result::Result<(), String> {
    let Some(url) = Url::parse(uri) else {
        return Err("is not a URL of the form http://HOST/PATH".to_owned());
    };
    let is_known = |address| known.iter().any(|known| known.parse() == Ok(address));
    if url.tls || url.is_this_machine() || url.address().is_some_and(is_known) {
        return Ok(());
    }
    Err(format!(
        "uses http with the host {}; http is allowed only for localhost, {}",
        shown(url.host),
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_allowed_only_to_this_machine_and_aws_addresses() {
        for good in [
            "https://example.com/x",
            "http://localhost:1234/x",
            "http://LOCALHOST",
            "http://127.0.0.1",
            "http://127.8.8.8:80/a?b=c",
            "http://[::1]:8080/",
            "http://169.254.170.2/v2",
            "HTTP://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "http://[FD00:EC2:0::23]/",
        ] {
            assert_eq!(check(good, &CONTAINER_HOSTS), Ok(()), "{good}");
        }
        for bad in [
            "",
            "http://",
            "localhost/x",
            "ftp://localhost/x",
            "http://example.com/",
            "http://169.254.169.254/",
            "http://169.254.170.2.evil.example/",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "http://localhost\\@evil.example/",
            "http://evil.example#@localhost/",
            "http://2130706433/",
            "http://127.1/",
            "http://[::1/",
            "http://[::1]evil/",
            "http://localhost:99999/",
            "http://local host/",
            "https://:443/",
        ] {
            assert!(check(bad, &CONTAINER_HOSTS).is_err(), "{bad}");
        }
    }
}
