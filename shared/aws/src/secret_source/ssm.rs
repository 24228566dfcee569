//! `ssm:GetParameter`, decrypted.

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Reason, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::one_line;
use zeroize::Zeroizing;

use crate::network::{Network, config, credentials};

pub(super) fn fetch(
    network: &Network,
    name: &str,
    site: &Site,
    session: &Session,
    call: Call<'_>,
) -> Result<Secret> {
    let operation = "ssm:GetParameter";
    let place = format!("{} in {}", one_line(name), site.region);
    let question = network
        .question(operation, format!("{operation} of {place}"), call)
        .at(site)
        .by(session);
    let config = config!(aws_sdk_ssm, "ssm", site, &question)
        .credentials_provider(credentials(session))
        .build();
    let request = aws_sdk_ssm::Client::from_conf(config)
        .get_parameter()
        .name(name)
        .with_decryption(true);
    let answer = network.run(&question, async {
        request.send().await.map_err(|error| question.failed(error))
    });
    let answer = answer.map_err(|error| match error.reason() {
        Some(Reason::NotFound) => {
            let what = format!("SSM parameter {place} not found");
            Error::new(Kind::NoCredentials, what)
                .fix("check its name, its region and the connector's account")
        }
        _ => error,
    })?;
    let value = answer.parameter.and_then(|parameter| parameter.value);
    let value = Zeroizing::new(value.ok_or_else(|| question.incomplete("without a value"))?);
    super::found(&value, &format!("SSM parameter {place}"))
}
