//! `sts:GetCallerIdentity`

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::Result;
use aws_connector_core::plan::Site;

use crate::Sdk;
use crate::network::{config, credentials};

/// The identity of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account, 12 digits.
    pub account: String,
    /// The ARN of the principal, including the session name for a role.
    pub arn: String,
}

impl Sdk {
    /// Asks STS for a session's identity. Requires no permission.
    ///
    /// # Errors
    /// STS denied the call, or did not respond validly before the deadline.
    pub fn caller_identity(
        &self,
        site: &Site,
        session: &Session,
        call: Call<'_>,
    ) -> Result<Identity> {
        let operation = "sts:GetCallerIdentity";
        let question = self
            .network
            .question(operation, operation.to_owned(), call)
            .at(site)
            .by(session);
        let config = config!(aws_sdk_sts, "sts", site, &question)
            .credentials_provider(credentials(session))
            .build();
        let request = aws_sdk_sts::Client::from_conf(config).get_caller_identity();
        let answer = self
            .network
            .run(&question, async {
                request.send().await.map_err(|error| question.failed(error))
            })
            .map_err(|error| error.of(call.connector))?;
        match (answer.account, answer.arn) {
            (Some(account), Some(arn)) => Ok(Identity { account, arn }),
            _ => Err(question
                .incomplete("without an account and an ARN")
                .of(call.connector)),
        }
    }
}
