//! The destination of a URL: which proxies apply, and how far to trust its `Date`.

use std::net::IpAddr;

use aws_connector_core::clock::Origin;
use aws_connector_core::resource::Partition;
use aws_connector_core::url::Url;
use aws_smithy_http_client::proxy::ProxyConfig;

/// The destination of a URL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination<'u>(Url<'u>);

impl<'u> Destination<'u> {
    pub(crate) fn is_tls(self) -> bool {
        self.0.tls
    }

    pub(crate) fn of(url: &'u str) -> Option<Self> {
        Url::parse(url).map(Self)
    }

    /// `host:port`
    pub(crate) fn peer(self) -> String {
        let Url { host, port, .. } = self.0;
        let host = host.to_ascii_lowercase();
        match self.0.address() {
            Some(IpAddr::V6(_)) => format!("[{host}]:{port}"),
            _ => format!("{host}:{port}"),
        }
    }

    /// How far to trust a `Date` from this destination; `aws` is `None` for a custom endpoint.
    pub(crate) fn origin(self, aws: Option<Partition>) -> Origin {
        let Url { tls, host, .. } = self.0;
        let host = host.to_ascii_lowercase();
        let suffixes =
            |partition: Partition| [Some(partition.dns_suffix()), partition.api_suffix()];
        let is_under = |suffix: &str| {
            let stem = host.strip_suffix(suffix);
            stem.is_some_and(|stem| stem.ends_with('.'))
        };
        match aws {
            Some(partition) if tls && suffixes(partition).into_iter().flatten().any(is_under) => {
                Origin::Aws
            }
            _ if tls || self.0.is_this_machine() => Origin::Endpoint,
            _ => Origin::Untrusted,
        }
    }

    /// The proxies for this destination.
    pub(crate) fn proxies(self) -> ProxyConfig {
        if self.is_near() {
            ProxyConfig::disabled()
        } else {
            ProxyConfig::from_env()
        }
    }

    /// Whether it is this machine or a metadata service, for which no proxy is used.
    pub(crate) fn is_near(self) -> bool {
        self.0.is_this_machine()
            || match self.0.address() {
                Some(IpAddr::V4(v4)) => v4.is_link_local(),
                Some(IpAddr::V6(v6)) => v6.segments().starts_with(&[0xfd00, 0x0ec2]),
                None => false,
            }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_peer_is_shown_with_its_port() {
        for (url, peer) in [
            ("https://STS.example.com/", "sts.example.com:443"),
            ("http://127.0.0.1:5000/x?y", "127.0.0.1:5000"),
            ("http://[fd00:ec2::254]/latest", "[fd00:ec2::254]:80"),
        ] {
            assert_eq!(Destination::of(url).unwrap().peer(), peer, "{url}");
        }
    }

    #[test]
    fn the_clock_is_learned_only_from_aws_endpoints() {
        use Origin::{Aws, Endpoint, Untrusted};
        let (own, custom) = (Some(Partition::Aws), None);
        for (url, aws, origin) in [
            ("https://sts.us-east-1.amazonaws.com/", own, Aws),
            ("https://ecr.us-east-1.api.aws/", own, Aws),
            ("https://sts.us-east-1.amazonaws.com/", custom, Endpoint),
            ("https://sts.cn-north-1.amazonaws.com.cn/", own, Endpoint),
            (
                "https://sts.cn-north-1.amazonaws.com.cn/",
                Some(Partition::AwsCn),
                Aws,
            ),
            ("https://notamazonaws.com/", own, Endpoint),
            ("https://amazonaws.com.example/", own, Endpoint),
            ("http://sts.us-east-1.amazonaws.com/", own, Untrusted),
            ("http://127.0.0.1:5000/", own, Endpoint),
            ("https://localhost/", custom, Endpoint),
            ("http://169.254.169.254/", custom, Untrusted),
            ("http://sts.example/", custom, Untrusted),
        ] {
            assert_eq!(
                Destination::of(url).unwrap().origin(aws),
                origin,
                "{url} {aws:?}"
            );
        }
    }

    #[test]
    fn no_proxy_leads_to_this_machine_or_a_metadata_service() {
        for (url, near) in [
            ("http://127.0.0.1/", true),
            ("http://localhost:1/", true),
            ("https://[::1]/", true),
            ("http://169.254.169.254/", true),
            ("http://169.254.170.2/", true),
            ("http://[fd00:ec2::23]/", true),
            ("https://sts.us-east-1.amazonaws.com/", false),
            ("http://10.0.0.1/", false),
            ("http://localhost.example/", false),
            ("http://127.0.0.1.example/", false),
        ] {
            assert_eq!(Destination::of(url).unwrap().is_near(), near, "{url}");
        }
    }
}
