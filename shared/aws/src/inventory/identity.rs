//! `sts:GetCallerIdentity`

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::Result;
use aws_connector_core::plan::Site;

use crate::Sdk;
use crate::network::{config, credentials};

/// Who a session is to AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account, 12 digits.
    pub account: String,
    /// The ARN of the principal, with the session's name where it is a role's.
    pub arn: String,
}

impl Sdk {
    /// Asks STS who a session is. Needs no permission.
    ///
    /// # Errors
    /// STS said no, or did not answer sensibly before the deadline.
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
