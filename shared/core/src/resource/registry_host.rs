//! Recognizes ECR hosts, before a credential is returned for them.

use super::Partition;
use super::partition::is_region;
use crate::url::is_plain;

/// An ECR registry, parsed from the server URL that a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RegistryHost {
    /// One account's registry in one region.
    Private(PrivateRegistry),
    /// ECR Public.
    Public(PublicRegistry),
}

/// `ACCOUNT.dkr.ecr[-fips].REGION.SUFFIX`, or dual-stack `ACCOUNT.dkr-ecr[-fips].REGION.SUFFIX`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PrivateRegistry {
    /// The account that owns it, 12 digits.
    pub account: String,
    /// The region in the host name, in lower case.
    pub region: String,
    /// The partition of the region, which matches the host's suffix.
    pub partition: Partition,
    /// Whether the host is a FIPS endpoint.
    pub fips: bool,
    /// Whether the host is dual-stack (IPv4 and IPv6).
    pub dual_stack: bool,
}

/// One of ECR Public's two hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicRegistry {
    /// `public.ecr.aws`, or `ecr-public.aws.com` (dual-stack).
    pub host: &'static str,
}

/// The region of ECR Public's API.
const PUBLIC_REGION: &str = "us-east-1";
const PUBLIC_HOSTS: [&str; 2] = ["public.ecr.aws", "ecr-public.aws.com"];

/// The maximum length of a server URL in bytes: ample for host, port and a repository path.
const LONGEST_URL: usize = 4096;
/// The maximum length of a host in bytes; today's longest ECR host has about 75.
const LONGEST_HOST: usize = 128;

impl RegistryHost {
    /// Parses a server URL as Docker sends it. Scheme (`http://` or `https://`), port, path and one
    /// trailing dot are optional; case and surrounding white space are ignored.
    ///
    /// `None` unless it is exactly an ECR host, because the client then gets a credential. Rejects
    /// other suffixes, user names (`@`) before the path, characters that another parser might read
    /// differently (control characters, backslashes, non-ASCII characters, `?` or `#` before the
    /// path), an account that is not 12 digits, and a region in another partition than the suffix.
    pub fn parse(server_url: &str) -> Option<RegistryHost> {
        let url = server_url.trim_matches(|c: char| c.is_ascii_whitespace());
        if url.len() > LONGEST_URL || !is_plain(url) {
            return None;
        }
        let authority = without_scheme(url).split('/').next()?;
        let host = without_port(authority)?;
        let host = host.strip_suffix('.').unwrap_or(host);

        // Lower case on the stack: most requested hosts are not ECR's and need no allocation.
        let mut buffer = [0; LONGEST_HOST];
        let lower = buffer.get_mut(..host.len())?;
        lower.copy_from_slice(host.as_bytes());
        lower.make_ascii_lowercase();
        let host = std::str::from_utf8(lower).ok()?;

        if let Some(host) = PUBLIC_HOSTS.into_iter().find(|known| *known == host) {
            return Some(RegistryHost::Public(PublicRegistry { host }));
        }
        PrivateRegistry::parse(host).map(RegistryHost::Private)
    }

    /// The canonical host: lower case, no scheme, port, path or trailing dot.
    pub fn host(&self) -> String {
        match self {
            RegistryHost::Private(registry) => registry.host(),
            RegistryHost::Public(registry) => registry.host.to_owned(),
        }
    }

    /// The 12-digit account in the host; `None` for ECR Public.
    pub fn account(&self) -> Option<&str> {
        match self {
            RegistryHost::Private(registry) => Some(&registry.account),
            RegistryHost::Public(_) => None,
        }
    }

    /// The region of the API for this host: `us-east-1` for ECR Public.
    pub fn region(&self) -> &str {
        match self {
            RegistryHost::Private(registry) => &registry.region,
            RegistryHost::Public(_) => PUBLIC_REGION,
        }
    }

    /// The partition of the host: `aws` for ECR Public.
    pub fn partition(&self) -> Partition {
        match self {
            RegistryHost::Private(registry) => registry.partition,
            RegistryHost::Public(_) => Partition::Aws,
        }
    }
}

impl PrivateRegistry {
    /// Parses `host`, which is in lower case and has no port.
    fn parse(host: &str) -> Option<PrivateRegistry> {
        let (account, rest) = host.split_once('.')?;
        if !is_account(account) {
            return None;
        }
        let (dual_stack, rest) = match rest.strip_prefix("dkr.ecr") {
            Some(rest) => (false, rest),
            None => (true, rest.strip_prefix("dkr-ecr")?),
        };
        let (fips, rest) = match rest.strip_prefix("-fips") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (region, suffix) = rest.strip_prefix('.')?.split_once('.')?;
        if !is_region(region) {
            return None;
        }
        // The region determines the partition, so the suffix must match it.
        let partition = Partition::of_region(region);
        let right = if dual_stack {
            partition.dual_stack_suffix()?
        } else {
            partition.dns_suffix()
        };
        (suffix == right).then(|| PrivateRegistry {
            account: account.to_owned(),
            region: region.to_owned(),
            partition,
            fips,
            dual_stack,
        })
    }

    /// The canonical host, as in [`RegistryHost::host`].
    pub fn host(&self) -> String {
        let fips = if self.fips { "-fips" } else { "" };
        let (separator, suffix) = match self.partition.dual_stack_suffix() {
            Some(suffix) if self.dual_stack => ('-', suffix),
            _ => ('.', self.partition.dns_suffix()),
        };
        format!(
            "{}.dkr{separator}ecr{fips}.{}.{suffix}",
            self.account, self.region
        )
    }
}

/// Removes the scheme. Not [`crate::url::Url`], because Docker also sends hosts without a scheme.
fn without_scheme(url: &str) -> &str {
    for scheme in ["https://", "http://"] {
        if let Some((start, rest)) = url.split_at_checked(scheme.len())
            && start.eq_ignore_ascii_case(scheme)
        {
            return rest;
        }
    }
    url
}

/// The host of `host[:port]`; `None` if the port is invalid.
fn without_port(authority: &str) -> Option<&str> {
    let Some((host, port)) = authority.split_once(':') else {
        return Some(authority);
    };
    let digits = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    (digits && port.parse::<u16>().is_ok_and(|port| port != 0)).then_some(host)
}

pub(super) fn is_account(account: &str) -> bool {
    account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())
}
