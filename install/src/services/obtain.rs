//! Credentials for the command itself, through the same pipeline and cache as for clients.

use aws_connector_core::aws::{Aws, Call, StepSecrets};
use aws_connector_core::clock::ServerDate;
use aws_connector_core::credential::{ClusterToken, RegistryLogin, Session};
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::{How, LoginPlan, PlannedSecret, Site, Step, TokenPlan};
use aws_connector_core::profile::{Connector, Profile, SecretRef};
use aws_connector_core::request::{Client, ClusterRef, Request, Wants};
use aws_connector_core::resource::{RegistryHost, Resource};
use aws_connector_core::secret::Secret;
use aws_connector_core::serve::{Delivered, serve_from, source_from};

use crate::app::App;
use crate::progress::Progress;

/// The request for a session.
pub(crate) fn session_request(name: &str, resource: Option<Resource>) -> Request {
    request(name, Wants::Session { resource })
}

fn request(name: &str, wants: Wants) -> Request {
    Request {
        connector: Some(name.to_owned()),
        wants,
        client: Client::Command,
        may_prompt: true,
    }
}

/// A session of a connector, for a resource or the connector's own scope.
pub(crate) fn session(
    app: &App,
    profile: &Profile,
    name: &str,
    resource: Option<Resource>,
) -> Result<Session> {
    match serve(app, profile, &session_request(name, resource))? {
        Delivered::Session(session) => Ok(session),
        _ => Err(unexpected()),
    }
}

/// A registry's login.
pub(crate) fn registry_login(
    app: &App,
    profile: &Profile,
    name: &str,
    registry: &RegistryHost,
) -> Result<RegistryLogin> {
    let wants = Wants::RegistryLogin {
        registry: registry.clone(),
    };
    match serve(app, profile, &request(name, wants))? {
        Delivered::RegistryLogin(login) => Ok(login),
        _ => Err(unexpected()),
    }
}

/// A cluster's token.
pub(crate) fn cluster_token(
    app: &App,
    profile: &Profile,
    name: &str,
    cluster: &ClusterRef,
) -> Result<ClusterToken> {
    let wants = Wants::ClusterToken {
        cluster: cluster.clone(),
    };
    match serve(app, profile, &request(name, wants))? {
        Delivered::ClusterToken(token) => Ok(token),
        _ => Err(unexpected()),
    }
}

/// The session that signs a connector's call to STS, and its site; `None` if there is no such call.
pub(crate) fn source(
    app: &App,
    profile: &Profile,
    connector: &Connector,
    resource: Option<Resource>,
) -> Result<Option<(Site, Session)>> {
    let request = session_request(&connector.name, resource);
    source_from(profile, &request, &app.env, &Watched { app })
}

fn serve(app: &App, profile: &Profile, request: &Request) -> Result<Delivered> {
    serve_from(profile, request, &app.env, &Watched { app })
}

fn unexpected() -> Error {
    Error::local("internal error: unexpected kind of credential")
}

/// AWS with a progress line on the terminal, except while a program runs that may prompt.
struct Watched<'a> {
    app: &'a App,
}

impl Watched<'_> {
    fn progress(&self) -> Progress {
        Progress::show(&self.app.env, "calling AWS")
    }
}

impl Aws for Watched<'_> {
    fn session(
        &self,
        step: &Step,
        source: Option<&Session>,
        secrets: &StepSecrets,
        call: Call<'_>,
    ) -> Result<Session> {
        let _progress = (!matches!(step.how, How::Process(_))).then(|| self.progress());
        self.app.sdk.session(step, source, secrets, call)
    }

    fn secret(
        &self,
        secret: &PlannedSecret,
        session: Option<&Session>,
        call: Call<'_>,
    ) -> Result<Secret> {
        let may_prompt = matches!(secret, PlannedSecret::Local(SecretRef::Command(_)));
        let _progress = (!may_prompt).then(|| self.progress());
        self.app.sdk.secret(secret, session, call)
    }

    fn registry_login(
        &self,
        plan: &LoginPlan,
        session: &Session,
        call: Call<'_>,
    ) -> Result<RegistryLogin> {
        let _progress = self.progress();
        self.app.sdk.registry_login(plan, session, call)
    }

    fn cluster_token(
        &self,
        plan: &TokenPlan,
        session: &Session,
        call: Call<'_>,
    ) -> Result<ClusterToken> {
        self.app.sdk.cluster_token(plan, session, call)
    }

    fn server_date(&self) -> Option<ServerDate> {
        self.app.sdk.server_date()
    }
}
