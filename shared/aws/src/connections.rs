//! The HTTP client. All calls share its connections. Uses the environment's proxies, but never for
//! this machine or a metadata service. Records the peer and the `Date` of each response.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws_connector_core::clock::{Origin, ServerDate};
use aws_connector_core::env::Env;
use aws_connector_core::error::Error;
use aws_connector_core::plan::Site;
use aws_connector_core::resource::Partition;
use aws_smithy_http_client::Connector;
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

use crate::destination::Destination;
use crate::names::Names;

/// The timeout for connecting, including TLS.
const CONNECT: Duration = Duration::from_secs(5);

/// The maximum size of a response; a page of a list has at most a megabyte.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// A response that took longer by the wall clock says nothing about the time.
const PROMPT: TimeDelta = TimeDelta::seconds(25);

/// The connections of a process, opened on demand.
pub(crate) struct Connections {
    env: Env,
    pools: [OnceLock<Result<Connector, Error>>; 4],
    date: Mutex<Option<ServerDate>>,
}

impl Connections {
    pub(crate) fn new(env: Env) -> Self {
        Self {
            env,
            pools: Default::default(),
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

    /// The connector for a destination. Loads the trusted certificates only for `https`.
    fn pool(&self, place: Destination<'_>) -> Result<&Connector, Error> {
        let index = usize::from(place.is_tls()) * 2 + usize::from(place.is_near());
        let pool = self.pools.get(index).map(|pool| {
            pool.get_or_init(|| {
                let settings = HttpConnectorSettings::builder()
                    .connect_timeout(CONNECT)
                    .build();
                let builder = Connector::builder()
                    .connector_settings(settings)
                    .proxy_config(place.proxies());
                Ok(if place.is_tls() {
                    builder
                        .tls_provider(Provider::Rustls(CryptoMode::Ring))
                        .tls_context(crate::trust::context(&self.env)?)
                        .build_with_resolver(Names::default())
                } else {
                    builder.build_http()
                })
            })
        });
        match pool {
            Some(Ok(connector)) => Ok(connector),
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::local("no connector is configured for HTTP")),
        }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

/// The connections for one call: records the peer and the response's date.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    connections: Arc<Connections>,
    seen: Arc<Mutex<Seen>>,
    /// The partition of AWS's own endpoint; `None` for a custom endpoint.
    aws: Option<Partition>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// `host:port` of the last request.
    pub(crate) peer: Option<String>,
    /// The `Date` of the last response.
    pub(crate) date: Option<ServerDate>,
}

impl Connection {
    pub(crate) fn new(connections: &Arc<Connections>) -> Self {
        Self {
            connections: Arc::clone(connections),
            seen: Arc::default(),
            aws: None,
        }
    }

    /// The same connection, for a service at a site.
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

    /// Pretends that the last request went to a host.
    #[cfg(test)]
    pub(crate) fn set_peer(&self, peer: &str) {
        if let Ok(mut seen) = self.seen.lock() {
            seen.peer = Some(peer.to_owned());
        }
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
        self.connections.note(date);
        if let Ok(mut seen) = self.seen.lock() {
            seen.date = Some(date);
        }
    }
}

impl HttpConnector for Connection {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(place) = Destination::of(request.uri()) else {
            let error = Error::usage("the endpoint is not an http or https URL");
            return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
        };
        if let Ok(mut seen) = self.seen.lock() {
            seen.peer = Some(place.peer());
        }
        let origin = place.origin(self.aws);
        let answer = match self.connections.pool(place) {
            Ok(connector) => connector.call(request),
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let line = self.clone();
        let sent = Utc::now();
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            // The machine may have been suspended since the server sent it.
            if (Utc::now() - sent).abs() < PROMPT {
                line.note(answer.headers().get("date"), origin);
            }
            Ok(bounded(answer))
        })
    }
}

/// The same response, but reading more than the maximum size fails.
fn bounded(mut answer: HttpResponse) -> HttpResponse {
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    *answer.body_mut() = SdkBody::from_body_1_x(Limited::new(body, LONGEST_ANSWER));
    answer
}

impl HttpClient for Connection {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
