//! Checks that a registry or a cluster's API server accepts a credential.

use aws_connector_core::aws::Call;
use aws_connector_core::credential::{ClusterToken, RegistryLogin};
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::resource::RegistryHost;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::ClusterInfo;
use crate::Sdk;
use crate::destination::Destination;
use crate::names::Names;
use crate::network::Question;

impl Sdk {
    /// Sends a registry its login, to `/v2/` as Docker does.
    ///
    /// # Errors
    /// The registry cannot be reached, or rejects the login.
    pub fn registry_takes(
        &self,
        registry: &RegistryHost,
        login: &RegistryLogin,
        call: Call<'_>,
    ) -> Result<()> {
        let host = registry.host();
        let question = self
            .network
            .question("GET /v2/", format!("GET https://{host}/v2/"), call)
            .hide(&login.password);
        let pair = format!("{}:{}", login.username, login.password.expose());
        let request = get(
            &format!("https://{host}/v2/"),
            &format!("Basic {}", STANDARD.encode(pair)),
        );
        self.ask(&question, &question.connection.clone(), request)
            .map_err(|error| error.of(call.connector))
    }

    /// Sends a cluster its token, to `/version` as kubectl does.
    ///
    /// # Errors
    /// The API server cannot be reached, is not the one that EKS named, or rejects the token.
    pub fn cluster_takes(
        &self,
        cluster: &ClusterInfo,
        token: &ClusterToken,
        call: Call<'_>,
    ) -> Result<()> {
        let url = format!("{}/version", cluster.endpoint.trim_end_matches('/'));
        let question = self
            .network
            .question("GET /version", format!("GET {url}"), call)
            .hide(&token.token);
        let proxies =
            Destination::of(&url).map_or_else(ProxyConfig::disabled, |place| place.proxies());
        let connector = Connector::builder()
            .connector_settings(HttpConnectorSettings::builder().build())
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(trust(&cluster.certificate_authority)?)
            .proxy_config(proxies)
            .build_with_resolver(Names::default());
        let request = get(&url, &format!("Bearer {}", token.token.expose()));
        self.ask(&question, &connector, request)
            .map_err(|error| error.of(call.connector))
    }

    fn ask(
        &self,
        question: &Question<'_>,
        connector: &dyn HttpConnector,
        request: Option<HttpRequest>,
    ) -> Result<()> {
        let what = &question.what;
        let request = request.ok_or_else(|| Error::local(format!("{what} is not a valid URL")))?;
        let answer = self.network.run(question, async {
            let answer = connector.call(request).await;
            answer.map_err(|error| question.not_reached(&error))
        })?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status @ (401 | 403) => Err(Error::new(
                Kind::Denied,
                format!("{what} returned HTTP {status}"),
            )),
            status => Err(
                Error::new(Kind::Unavailable, format!("{what} returned HTTP {status}"))
                    .fix("retry in a minute"),
            ),
        }
    }
}

fn get(url: &str, authorization: &str) -> Option<HttpRequest> {
    let mut request = HttpRequest::empty();
    request.set_uri(url.to_owned()).ok()?;
    request
        .headers_mut()
        .insert("authorization", authorization.to_owned());
    request.headers_mut().insert("user-agent", "aws-connector");
    Some(request)
}

/// Trusts only the cluster's own CA certificate. The HTTP client panics on an invalid certificate,
/// so check it first.
fn trust(base64_pem: &str) -> Result<TlsContext> {
    let wrong = || {
        Error::local("EKS returned a certificate authority that is not a PEM certificate")
            .fix("check the cluster's certificateAuthority in EKS (aws eks describe-cluster)")
    };
    let pem = STANDARD.decode(base64_pem).map_err(|_| wrong())?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots
            .add(certificate.map_err(|_| wrong())?)
            .map_err(|_| wrong())?;
    }
    if roots.is_empty() {
        return Err(wrong());
    }
    TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(pem))
        .build()
        .map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::trust;

    #[test]
    fn an_invalid_certificate_is_an_error() {
        for text in ["", "!", "QQ==", "LS0tLS1CRUdJTg=="] {
            assert!(trust(text).is_err(), "{text}");
        }
    }
}
