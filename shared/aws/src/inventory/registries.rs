//! `ecr:DescribeRepositories`

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::Result;
use aws_connector_core::plan::Site;

use super::MOST_PAGES;
use crate::Sdk;
use crate::network::{config, credentials};

impl Sdk {
    /// The names of all repositories in the site's region, of an account or of the caller's own.
    ///
    /// # Errors
    /// ECR denied the call, or did not respond validly before the deadline.
    pub fn repositories(
        &self,
        site: &Site,
        session: &Session,
        account: Option<&str>,
        call: Call<'_>,
    ) -> Result<Vec<String>> {
        let operation = "ecr:DescribeRepositories";
        let question = self
            .network
            .question(operation, format!("{operation} in {}", site.region), call)
            .at(site)
            .by(session);
        let config = config!(aws_sdk_ecr, "ecr", site, &question)
            .credentials_provider(credentials(session))
            .build();
        let network = aws_sdk_ecr::Client::from_conf(config);
        let all = async {
            let mut names = Vec::new();
            let mut next = None;
            for _ in 0..MOST_PAGES {
                let page = network
                    .describe_repositories()
                    .set_registry_id(account.map(str::to_owned))
                    .set_next_token(next.take())
                    .send()
                    .await
                    .map_err(|error| question.failed(error))?;
                let repositories = page.repositories.unwrap_or_default();
                names.extend(
                    repositories
                        .into_iter()
                        .filter_map(|one| one.repository_name),
                );
                next = page.next_token.filter(|token| !token.is_empty());
                if next.is_none() {
                    break;
                }
            }
            Ok(names)
        };
        self.network
            .run(&question, all)
            .map_err(|error| error.of(call.connector))
    }
}
