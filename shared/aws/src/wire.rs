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
use aws_connector_core::url::Url;
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
    fn lane(&self, place: Place<'_>) -> Result<&Connector, Error> {
        let index = usize::from(place.0.tls) * 2 + usize::from(place.is_near());
        let lane = self.lanes.get(index).map(|lane| {
            lane.get_or_init(|| {
                let settings = HttpConnectorSettings::builder()
                    .connect_timeout(CONNECT)
                    .build();
                let builder = Connector::builder()
                    .connector_settings(settings)
                    .proxy_config(place.proxies());
                Ok(if place.0.tls {
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
            seen.peer = Some(place.peer());
        }
        let origin = place.origin(self.aws);
        let answer = match self.wire.lane(place) {
            Ok(connector) => connector.call(request),
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let line = self.clone();
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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'u>(Url<'u>);

impl<'u> Place<'u> {
    pub(crate) fn of(url: &'u str) -> Option<Self> {
        Url::parse(url).map(Self)
    }

    /// `host:port`
    fn peer(self) -> String {
        let Url { host, port, .. } = self.0;
        let host = host.to_ascii_lowercase();
        match self.0.address() {
            Some(IpAddr::V6(_)) => format!("[{host}]:{port}"),
            _ => format!("{host}:{port}"),
        }
    }

    /// How far a `Date` from there is trusted; `aws` is set unless the endpoint is a custom one.
    fn origin(self, aws: Option<Partition>) -> Origin {
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

    /// The proxies on the way there.
    pub(crate) fn proxies(self) -> ProxyConfig {
        if self.is_near() {
            ProxyConfig::disabled()
        } else {
            ProxyConfig::from_env()
        }
    }

    /// On this machine or a metadata service: requests do not use a proxy.
    fn is_near(self) -> bool {
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
            assert_eq!(Place::of(url).unwrap().peer(), peer, "{url}");
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
