//! The one HTTP client: connections are shared by all calls; proxies as the environment says, but
//! never to this machine or a metadata service. Notes whom it asked and what time the answer told.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws_connector_core::clock::{Origin, ServerDate};
use aws_connector_core::env::Env;
use aws_connector_core::error::Error;
use aws_connector_core::plan::Site;
use aws_connector_core::resource::Partition;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::Limited;

use crate::names::Names;

/// How long a connection, TLS included, may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// Lists come in pages of a megabyte at most.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// An answer that took longer by the wall clock says nothing about the time.
const PROMPT: TimeDelta = TimeDelta::seconds(25);

/// The connections of a process, made when they are needed.
pub(crate) struct Wire {
    env: Env,
    lanes: [OnceLock<Result<Connector, Error>>; 4],
    date: Mutex<Option<ServerDate>>,
}

impl Wire {
    pub(crate) fn new(env: Env) -> Self {
        Self {
            env,
            lanes: Default::default(),
            date: Mutex::default(),
        }
    }

    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    pub(crate) fn last_date(&self) -> Option<ServerDate> {
        *self.date.lock().ok()?
    }

    fn note(&self, date: ServerDate) {
        if let Ok(mut last) = self.date.lock()
            && (date.origin != Origin::Untrusted
                || last.is_none_or(|last| last.origin == Origin::Untrusted))
        {
            *last = Some(date);
        }
    }

    /// The connector for a place. The trusted certificates are only read for `https`.
    fn lane(&self, place: &Place) -> Result<&Connector, Error> {
        let index = usize::from(place.tls) * 2 + usize::from(place.is_near());
        let lane = self.lanes.get(index).map(|lane| {
            lane.get_or_init(|| {
                let settings = HttpConnectorSettings::builder()
                    .connect_timeout(CONNECT)
                    .build();
                let builder = Connector::builder()
                    .connector_settings(settings)
                    .proxy_config(place.proxies());
                Ok(if place.tls {
                    builder
                        .tls_provider(Provider::Rustls(CryptoMode::Ring))
                        .tls_context(crate::trust::context(&self.env)?)
                        .build_with_resolver(Names::default())
                } else {
                    builder.build_http()
                })
            })
        });
        match lane {
            Some(Ok(connector)) => Ok(connector),
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::local("no connector is configured for HTTP")),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

/// The wire as one question uses it: remembers whom it asked and what time it was there.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    wire: Arc<Wire>,
    seen: Arc<Mutex<Seen>>,
    /// The partition whose own hosts are called; none for a custom endpoint.
    aws: Option<Partition>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// `host:port` of the last request.
    pub(crate) peer: Option<String>,
    /// The `Date` of the last answer.
    pub(crate) date: Option<ServerDate>,
}

impl Line {
    pub(crate) fn new(wire: &Arc<Wire>) -> Self {
        Self {
            wire: Arc::clone(wire),
            seen: Arc::default(),
            aws: None,
        }
    }

    /// The same line to a service at a site.
    pub(crate) fn to(&self, site: &Site, service: &str) -> Self {
        let is_custom = site.endpoints.contains_key(service);
        Self {
            aws: (!is_custom).then_some(site.partition),
            ..self.clone()
        }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen
            .lock()
            .map(|seen| seen.clone())
            .unwrap_or_default()
    }

    fn note(&self, date: Option<&str>, origin: Origin) {
        let Some(said) = date.and_then(|text| DateTime::parse_from_rfc2822(text).ok()) else {
            return;
        };
        let date = ServerDate {
            said: said.to_utc(),
            heard_at: Utc::now(),
            origin,
        };
        self.wire.note(date);
        if let Ok(mut seen) = self.seen.lock() {
            seen.date = Some(date);
        }
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(place) = Place::of(request.uri()) else {
            let error = Error::usage("the endpoint is not an http or https URL");
            return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
        };
        if let Ok(mut seen) = self.seen.lock() {
            seen.peer = Some(format!("{}:{}", place.host, place.port));
        }
        let answer = match self.wire.lane(&place) {
            Ok(connector) => connector.call(request),
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let line = self.clone();
        let origin = place.origin(self.aws);
        let sent = Utc::now();
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            // The machine may have slept since the server wrote it.
            if (Utc::now() - sent).abs() < PROMPT {
                line.note(answer.headers().get("date"), origin);
            }
            Ok(bounded(answer))
        })
    }
}

/// The same answer, which fails where it is longer than any of AWS's.
fn bounded(mut answer: HttpResponse) -> HttpResponse {
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    *answer.body_mut() = SdkBody::from_body_1_x(Limited::new(body, LONGEST_ANSWER));
    answer
}

impl HttpClient for Line {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Where a URL leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    tls: bool,
    host: String,
    port: u16,
}

impl Place {
    pub(crate) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let tls = scheme.eq_ignore_ascii_case("https");
        if !tls && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let authority = rest.split(['/', '?', '#']).next()?;
        let authority = authority.rsplit('@').next()?;
        let port_at = authority
            .rfind(':')
            .filter(|at| !authority.ends_with(']') || *at == 0);
        let (host, port) = match port_at {
            Some(at) => (authority.get(..at)?, authority.get(at + 1..)?),
            None => (authority, ""),
        };
        let port = match port {
            "" if tls => 443,
            "" => 80,
            port => port.parse().ok()?,
        };
        (!host.is_empty()).then(|| Self {
            tls,
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    fn address(&self) -> Option<IpAddr> {
        self.host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .ok()
    }

    fn is_this_machine(&self) -> bool {
        self.host == "localhost" || self.address().is_some_and(|address| address.is_loopback())
    }

    /// What a `Date` from there is worth; `aws` where the endpoint is not a custom one.
    fn origin(&self, aws: Option<Partition>) -> Origin {
        let suffixes =
            |partition: Partition| [Some(partition.dns_suffix()), partition.api_suffix()];
        let is_under = |suffix: &str| {
            let stem = self.host.strip_suffix(suffix);
            stem.is_some_and(|stem| stem.ends_with('.'))
        };
        match aws {
            Some(partition)
                if self.tls && suffixes(partition).into_iter().flatten().any(is_under) =>
            {
                Origin::Aws
            }
            _ if self.tls || self.is_this_machine() => Origin::Endpoint,
            _ => Origin::Untrusted,
        }
    }

    /// The proxies on the way there.
    pub(crate) fn proxies(&self) -> ProxyConfig {
        if self.is_near() {
            ProxyConfig::disabled()
        } else {
            ProxyConfig::from_env()
        }
    }

    /// On this machine or beside it, as the metadata services are: no proxy leads there.
    fn is_near(&self) -> bool {
        self.is_this_machine()
            || match self.address() {
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
    fn a_url_gives_the_host_and_port() {
        for (url, tls, host, port) in [
            (
                "https://sts.us-east-1.amazonaws.com/",
                true,
                "sts.us-east-1.amazonaws.com",
                443,
            ),
            ("http://127.0.0.1:5000/x?y", false, "127.0.0.1", 5000),
            ("http://[::1]:80", false, "[::1]", 80),
            (
                "http://[fd00:ec2::254]/latest",
                false,
                "[fd00:ec2::254]",
                80,
            ),
            ("HTTPS://LocalHost:?x", true, "localhost", 443),
        ] {
            let place = Place::of(url).unwrap();
            assert_eq!(
                (place.tls, place.host.as_str(), place.port),
                (tls, host, port),
                "{url}"
            );
        }
        for url in ["", "ftp://x", "http://", "http://x:y/", "x"] {
            assert_eq!(Place::of(url), None, "{url}");
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
            assert_eq!(Place::of(url).unwrap().origin(aws), origin, "{url} {aws:?}");
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
            assert_eq!(Place::of(url).unwrap().is_near(), near, "{url}");
        }
    }
}
