//! `GetAuthorizationToken` of ECR and ECR Public

use aws_connector_core::aws::Call;
use aws_connector_core::credential::{RegistryLogin, Session};
use aws_connector_core::error::Result;
use aws_connector_core::plan::{LoginPlan, Site};
use aws_connector_core::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use crate::network::{Network, Question, config, credentials, time};

/// The lifetime of ECR's logins.
const LIFETIME: TimeDelta = TimeDelta::hours(12);

/// The region of ECR Public's API.
const PUBLIC_REGION: &str = "us-east-1";

pub(crate) fn mint(
    network: &Network,
    plan: &LoginPlan,
    session: &Session,
    call: Call<'_>,
) -> Result<RegistryLogin> {
    if plan.public {
        public(network, &plan.site.in_region(PUBLIC_REGION), session, call)
    } else {
        private(network, &plan.site, session, call)
    }
}

fn private(
    network: &Network,
    site: &Site,
    session: &Session,
    call: Call<'_>,
) -> Result<RegistryLogin> {
    let operation = "ecr:GetAuthorizationToken";
    let question = network
        .question(operation, format!("{operation} in {}", site.region), call)
        .at(site)
        .by(session);
    let config = config!(aws_sdk_ecr, "ecr", site, &question)
        .credentials_provider(credentials(session))
        .build();
    let request = aws_sdk_ecr::Client::from_conf(config).get_authorization_token();
    let answer = network.run(&question, async {
        request.send().await.map_err(|error| question.failed(error))
    })?;
    let data = answer
        .authorization_data
        .and_then(|list| list.into_iter().next());
    let (token, said) = data.map_or((None, None), |data| {
        (data.authorization_token, data.expires_at)
    });
    login(&question, token, said.as_ref().and_then(time), session)
}

fn public(
    network: &Network,
    site: &Site,
    session: &Session,
    call: Call<'_>,
) -> Result<RegistryLogin> {
    let operation = "ecr-public:GetAuthorizationToken";
    let question = network
        .question(operation, operation.to_owned(), call)
        .at(site)
        .by(session);
    let config = config!(aws_sdk_ecrpublic, "ecr_public", site, &question)
        .credentials_provider(credentials(session))
        .build();
    let request = aws_sdk_ecrpublic::Client::from_conf(config).get_authorization_token();
    let answer = network.run(&question, async {
        request.send().await.map_err(|error| question.failed(error))
    })?;
    let data = answer.authorization_data;
    let (token, said) = data.map_or((None, None), |data| {
        (data.authorization_token, data.expires_at)
    });
    login(&question, token, said.as_ref().and_then(time), session)
}

fn login(
    question: &Question<'_>,
    token: Option<String>,
    said: Option<DateTime<Utc>>,
    session: &Session,
) -> Result<RegistryLogin> {
    let token = Zeroizing::new(token.ok_or_else(|| question.incomplete("without a token"))?);
    let (username, password) = parts(&token)
        .ok_or_else(|| question.incomplete("whose token is not a user name and password"))?;
    Ok(RegistryLogin {
        username,
        password,
        expires_at: end(said, session.expires_at, question.answered_at()),
    })
}

/// Splits `AWS:password` at the first colon; the password may contain more.
fn parts(token: &str) -> Option<(String, Secret)> {
    let bytes = Zeroizing::new(STANDARD.decode(token.trim()).ok()?);
    let (name, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    (!name.is_empty() && !password.is_empty()).then(|| (name.to_owned(), Secret::new(password)))
}

/// When the login expires: as ECR says, or after the usual lifetime if ECR's time is missing or
/// implausible (some stand-ins return a date in the past), and never after the session.
fn end(
    said: Option<DateTime<Utc>>,
    session: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let own = said.filter(|said| *said > now).unwrap_or(now + LIFETIME);
    session.map_or(own, |session| own.min(session))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_token_is_a_name_and_a_password_split_at_the_first_colon() {
        let (name, password) = parts(&STANDARD.encode("AWS:pass:word")).unwrap();
        assert_eq!((name.as_str(), password.expose()), ("AWS", "pass:word"));
        for bad in ["", "AWS", ":x", "AWS:"] {
            assert_eq!(parts(&STANDARD.encode(bad)), None, "{bad}");
        }
        assert_eq!(parts("not base64!"), None);
        assert_eq!(parts(&STANDARD.encode([0x41, 0x3a, 0xff])), None);
    }

    #[test]
    fn a_login_ends_with_its_session_at_the_latest() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let at = |hours| Some(now + TimeDelta::hours(hours));
        assert_eq!(Some(end(at(12), at(1), now)), at(1));
        assert_eq!(Some(end(at(12), at(36), now)), at(12));
        assert_eq!(Some(end(at(12), None, now)), at(12));
        assert_eq!(Some(end(None, None, now)), at(12));
        assert_eq!(Some(end(at(-1), None, now)), at(12));
        assert_eq!(Some(end(at(-1), at(1), now)), at(1));
    }
}
