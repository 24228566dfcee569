//! Resolves host names without the host's C library, because a static binary must not depend on the
//! NSS modules of the machine it runs on. Reads `/etc/hosts` and `/etc/resolv.conf`, and falls back
//! to the C library if those cannot be read.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolveHosts;
use tokio::sync::OnceCell;

/// The timeout for one name server, before the next server or attempt.
const PATIENCE: Duration = Duration::from_secs(2);

/// The resolver of this machine.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<OnceCell<Option<TokioResolver>>>);

/// Why a host name has no address.
#[derive(Debug)]
pub(crate) struct NoAddress {
    /// Whether the name server answered that the name does not exist.
    pub(crate) is_unknown: bool,
    /// The resolver's reason.
    why: String,
}

#[cfg(test)]
impl NoAddress {
    pub(crate) fn new(is_unknown: bool, why: &str) -> Self {
        Self {
            is_unknown,
            why: why.to_owned(),
        }
    }
}

impl std::fmt::Display for NoAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.is_unknown {
            true => f.write_str("host name not found"),
            false => write!(f, "host name lookup failed: {}", self.why),
        }
    }
}

impl std::error::Error for NoAddress {}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

impl ResolveDns for Names {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let addresses = match self.0.get_or_init(async || system_resolver()).await {
                Some(resolver) => resolver
                    .lookup_ip(name)
                    .await
                    .map(|found| found.iter().collect())
                    .map_err(|error| NoAddress {
                        is_unknown: error.is_no_records_found() || error.is_nx_domain(),
                        why: error.to_string(),
                    }),
                None => by_c_library(name).await.map_err(|error| NoAddress {
                    is_unknown: false,
                    why: error.to_string(),
                }),
            };
            addresses.map_err(ResolveDnsError::new)
        })
    }
}

fn system_resolver() -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    let options = builder.options_mut();
    options.timeout = PATIENCE;
    options.use_hosts_file = ResolveHosts::Always;
    builder.build().ok()
}

async fn by_c_library(name: &str) -> std::io::Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host((name, 0)).await?;
    Ok(found.map(|address| address.ip()).collect())
}
