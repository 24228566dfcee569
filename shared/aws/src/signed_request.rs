//! Signed requests to services of which too few operations are called to link their generated
//! clients. The SDK's orchestrator signs, sends and retries them as it does for those clients.

use std::fmt::Debug;

use aws_config::Region;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_runtime_api::http::HttpError;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;

use crate::network::{Question, credentials, retries, sleep, timeouts};

/// A service that is called without a generated client.
#[derive(Debug)]
pub(crate) struct Service {
    /// Its name in endpoints and signatures.
    pub(crate) id: &'static str,
    /// Its variant of the signature.
    pub(crate) signing_options: SigningOptions,
    /// Reads the code and the message of an error response.
    pub(crate) read_error: fn(&HttpResponse) -> ErrorMetadata,
}

/// An operation of `service` at `url`, to be invoked with requests whose URIs have only a path and
/// a query. `read` reads the body of a response and returns `None` if it is not recognized.
pub(crate) fn operation<T>(
    service: Service,
    url: &str,
    site: &Site,
    session: &Session,
    question: &Question<'_>,
    read: fn(&[u8]) -> Option<T>,
) -> Operation<HttpRequest, T, ErrorMetadata>
where
    T: Debug + Send + Sync + 'static,
{
    let Service {
        id,
        signing_options,
        read_error,
    } = service;
    let mut signing = Layer::new("signing");
    signing.store_put(AuthSchemeOptionResolverParams::new(()));
    signing.store_put(SigV4OperationSigningConfig {
        region: Some(Region::new(site.region.clone()).into()),
        name: Some(id.into()),
        signing_options,
        ..SigV4OperationSigningConfig::default()
    });
    let schemes = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
    let identity = SharedCredentialsProvider::new(credentials(session));
    let components = RuntimeComponentsBuilder::new("signing")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(schemes))
        .with_identity_cache(Some(IdentityCache::no_cache()))
        .with_identity_resolver(SCHEME_ID, identity);
    let signing = StaticRuntimePlugin::new()
        .with_config(signing.freeze())
        .with_runtime_components(components);
    Operation::builder()
        .service_name(id)
        .operation_name(question.operation)
        .endpoint_url(url)
        .http_client(question.connection.to(site, id))
        .runtime_plugin(signing)
        .time_source(question.clock())
        .sleep_impl(sleep())
        .standard_retry(&retries())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
        .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .with_connection_poisoning()
        .serializer(Ok)
        .deserializer(move |response| {
            let answer = if response.status().is_success() {
                read(body(response)).ok_or_else(|| ErrorMetadata::builder().build())
            } else {
                Err(read_error(response))
            };
            answer.map_err(OrchestratorError::operation)
        })
        .build()
}

/// A request to a path of the service.
///
/// # Errors
/// The path is not a path.
pub(crate) fn request(method: &str, path: &str) -> Result<HttpRequest> {
    let invalid = |error: HttpError| Error::local(format!("{path} is not a valid path: {error}"));
    let mut request = HttpRequest::get(path).map_err(invalid)?;
    request.set_method(method).map_err(invalid)?;
    request.headers_mut().insert("user-agent", "aws-connector");
    Ok(request)
}

/// The body of a response, which the orchestrator has read.
pub(crate) fn body(response: &HttpResponse) -> &[u8] {
    response.body().bytes().unwrap_or_default()
}
