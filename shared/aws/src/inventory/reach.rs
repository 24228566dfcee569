//! Checks that the services of a site can be reached: DNS, network, TLS. Nothing is signed.

use aws_connector_core::aws::Call;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::shown::one_line;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::{Sdk, hosts};

/// A service that connectors call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Security Token Service
    Sts,
    /// Simple Storage Service
    S3,
    /// Elastic Kubernetes Service
    Eks,
    /// Elastic Container Registry
    Ecr,
}

impl Service {
    /// Its name in endpoint settings.
    pub fn id(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::S3 => "s3",
            Self::Eks => "eks",
            Self::Ecr => "ecr",
        }
    }
}

/// AWS's own endpoint of a service, as the SDK resolves it.
macro_rules! own_endpoint {
    ($sdk:ident, $site:expr) => {{
        use $sdk::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
        let site: &Site = $site;
        let params = Params::builder()
            .region(site.region.clone())
            .use_fips(site.use_fips)
            .use_dual_stack(site.use_dual_stack)
            .build()
            .map_err(|error| Error::local(error.to_string()))?;
        DefaultResolver::new()
            .resolve_endpoint(&params)
            .await
            .map(|endpoint| endpoint.url().to_owned())
            .map_err(|error| Error::local(one_line(&error.to_string())))?
    }};
}

impl Sdk {
    /// Sends an unsigned request to a service's endpoint; any response shows that it can be
    /// reached. Returns the endpoint.
    ///
    /// # Errors
    /// The endpoint does not exist, or does not respond before the deadline.
    pub fn endpoint_answers(
        &self,
        site: &Site,
        service: Service,
        call: Call<'_>,
    ) -> Result<String> {
        let what = format!("reaching {} in {}", service.id(), site.region);
        let question = self.network.question("GET /", what, call).at(site);
        let asked = async {
            let url = match (site.endpoints.get(service.id()), service) {
                (Some(url), _) => url.clone(),
                (None, Service::Sts) => own_endpoint!(aws_sdk_sts, site),
                (None, Service::S3) => hosts::s3(site)?,
                (None, Service::Eks) => own_endpoint!(aws_sdk_eks, site),
                (None, Service::Ecr) => own_endpoint!(aws_sdk_ecr, site),
            };
            let mut request = HttpRequest::empty();
            request
                .set_uri(format!("{}/", url.trim_end_matches('/')))
                .map_err(|_| Error::local(format!("{url} is not a valid URL")))?;
            let line = question.connection.to(site, service.id());
            let answer = line.call(request).await;
            answer
                .map(|_| url)
                .map_err(|error| question.not_reached(&error))
        };
        self.network
            .run(&question, asked)
            .map_err(|error| error.of(call.connector))
    }
}
