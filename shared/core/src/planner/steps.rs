//! Plans the steps to a connector's session: one for each connector or ambient source in its chain.

use std::time::Duration;

use super::scope::{self, Scope};
use crate::ambient::Surroundings;
use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::local_secret::expand_home;
use crate::plan::{How, RoleCall, Site, Step, federation_name, session_name};
use crate::profile::{Auth, Connector, ImplicitSource, Mfa, Policies, Profile, Role, Source};
use crate::request::Client;

/// The variable that allows ambient credentials.
pub const CONSENT: &str = "AWS_CONNECTOR_ENABLE_IMPLICIT_AUTH_METHODS";

const HOUR: Duration = Duration::from_secs(3600);

pub(super) struct Maker<'a> {
    pub(super) profile: &'a Profile,
    pub(super) env: &'a Env,
    pub(super) around: Surroundings<'a>,
    pub(super) client: Client,
}

impl Maker<'_> {
    fn consent(&self, allowed: bool, connector: &str) -> Result<()> {
        if allowed || self.env.is_on(CONSENT) {
            return Ok(());
        }
        Err(Error::new(Kind::NoConsent, "ambient credentials are not allowed")
            .of(connector)
            .fix(match self.profile.has_file() {
                true => format!(
                    "set allow_implicit_auth_methods = true in the connectors file, or {CONSENT}=true"
                ),
                false => format!("set {CONSENT}=true"),
            }))
    }

    pub(super) fn step(
        &self,
        connector: &Connector,
        site: &Site,
        scope: &Scope,
        target: &str,
    ) -> Result<Step> {
        let mut step = self.step_of_method(connector, site, scope, target)?;
        step.keep(connector.cache);
        Ok(step)
    }

    fn step_of_method(
        &self,
        connector: &Connector,
        site: &Site,
        scope: &Scope,
        target: &str,
    ) -> Result<Step> {
        let name = &connector.name;
        let step = |how| Step::new(name, site, how);
        match &connector.auth {
            Auth::Anonymous => {
                Err(Error::refused("auth_method anonymous has no credentials").of(name))
            }
            Auth::Implicit {
                source,
                allowed,
                role,
            } => {
                self.consent(*allowed, name)?;
                let source = self.ambient(connector, source, site)?;
                match role {
                    None => Ok(source),
                    Some(role) => self.assume(connector, source, role, scope, target),
                }
            }
            Auth::SecretKey { keys } => {
                Ok(step(How::Keys(self.keys(connector, site, keys, None)?)))
            }
            Auth::StsToken { keys, token } => Ok(step(How::Keys(self.keys(
                connector,
                site,
                keys,
                Some(token),
            )?))),
            Auth::IamRole {
                source: Source::WebIdentity { token_file },
                role,
            } => {
                let call = self.role_call(connector, site, role, scope, target)?;
                Ok(step(How::WebIdentity {
                    token_file: expand_home(token_file, self.env)
                        .to_string_lossy()
                        .into_owned(),
                    call,
                }))
            }
            Auth::IamRole { source, role } => {
                let source = self.source(connector, site, source)?;
                self.assume(connector, source, role, scope, target)
            }
            Auth::SessionToken {
                source,
                duration,
                mfa,
            } => {
                let source = self.source(connector, site, source)?;
                user_keys_only(connector, &source)?;
                Ok(step(How::SessionToken {
                    source: Box::new(source),
                    duration: *duration,
                    mfa: mfa.clone(),
                }))
            }
            Auth::FederationToken {
                source,
                duration,
                name: federated,
                policies,
                tags,
            } => {
                let source = self.source(connector, site, source)?;
                user_keys_only(connector, &source)?;
                let policies = effective(policies, connector, scope, site, target);
                if policies.is_empty() {
                    return Err(Error::refused(
                        "a federation-token session without a policy has no permissions",
                    )
                    .of(name)
                    .fix(
                        "set policy or policy_arns in the connectors file, or request a \
                         resource type (--resource-type)",
                    ));
                }
                Ok(step(How::FederationToken {
                    source: Box::new(source),
                    name: federation_name(federated.as_deref(), name, self.client, self.env),
                    duration: *duration,
                    policies,
                    tags: tags.clone(),
                }))
            }
        }
    }

    fn source(&self, connector: &Connector, site: &Site, source: &Source) -> Result<Step> {
        match source {
            Source::Keys { keys, token } => {
                let keys = self.keys(connector, site, keys, token.as_ref())?;
                Ok(Step::new(&connector.name, site, How::Keys(keys)))
            }
            Source::AwsProfile(profile) => {
                self.ambient(connector, &ImplicitSource::Profile(profile.clone()), site)
            }
            Source::WebIdentity { .. } => Err(Error::new(
                Kind::Profile,
                "web_identity_token_file requires auth_method iam-role",
            )
            .of(&connector.name)),
            Source::Connector(name) => self.whole_connector(name, &site.region),
        }
    }

    /// The step for an ambient source, on behalf of a connector.
    fn ambient(&self, connector: &Connector, source: &ImplicitSource, site: &Site) -> Result<Step> {
        self.around.resolve(
            source,
            &connector.name,
            &connector.process_environment,
            site,
        )
    }

    /// The step for an SSM secret without a connector to fetch it.
    pub(super) fn ambient_chain(&self, connector: &Connector, site: &Site) -> Result<Step> {
        self.consent(false, &connector.name)?;
        self.ambient(connector, &ImplicitSource::Chain, site)
    }

    /// The session of a source connector. It is not limited to the scope, because it needs
    /// permissions for the next call.
    pub(super) fn whole_connector(&self, name: &str, default_region: &str) -> Result<Step> {
        let source = self.profile.connector_alone(name)?;
        let region = source
            .region
            .clone()
            .unwrap_or_else(|| default_region.to_owned());
        let site = self.site_of(&source, &region)?;
        self.step(&source, &site, &Scope::Unrestricted, &region)
    }

    fn assume(
        &self,
        connector: &Connector,
        source: Step,
        role: &Role,
        scope: &Scope,
        target: &str,
    ) -> Result<Step> {
        let site = self.source_site(connector, &source)?;
        let mut call = self.role_call(connector, &site, role, scope, target)?;
        let source = match &role.mfa {
            // One code serves every scope: it goes into a session that then assumes the roles.
            Some(mfa) if role.duration <= HOUR => {
                call.mfa = None;
                mfa_session(connector, &site, source, mfa)
            }
            _ => source,
        };
        let source = Box::new(source);
        let how = How::AssumeRole { source, call };
        Ok(Step::new(&connector.name, &site, how))
    }

    fn role_call(
        &self,
        connector: &Connector,
        site: &Site,
        role: &Role,
        scope: &Scope,
        target: &str,
    ) -> Result<RoleCall> {
        Ok(RoleCall {
            arn: role.arn.clone(),
            session_name: session_name(
                role.session_name.as_deref(),
                &connector.name,
                self.client,
                self.env,
            ),
            external_id: match &role.external_id {
                Some(secret) => Some(self.secret(connector, site, secret)?),
                None => None,
            },
            policies: effective(&role.policies, connector, scope, site, target),
            tags: role.tags.clone(),
            transitive_tag_keys: role.transitive_tag_keys.clone(),
            source_identity: role.source_identity.clone(),
            duration: role.duration,
            mfa: role.mfa.clone(),
        })
    }
}

fn mfa_session(connector: &Connector, site: &Site, source: Step, mfa: &Mfa) -> Step {
    let how = How::SessionToken {
        source: Box::new(source),
        duration: mfa.duration,
        mfa: Some(mfa.clone()),
    };
    Step::new(&connector.name, site, how)
}

/// The connector's own policies, or else the policy that limits the session to its scope.
fn effective(
    own: &Policies,
    connector: &Connector,
    scope: &Scope,
    site: &Site,
    target: &str,
) -> Policies {
    if !own.is_empty() || !connector.down_scope {
        return own.clone();
    }
    Policies {
        inline: scope::policy(scope, site.partition, target),
        arns: Vec::new(),
    }
}

fn user_keys_only(connector: &Connector, source: &Step) -> Result<()> {
    let temporary = match &source.how {
        How::Keys(keys) => keys.token.is_some(),
        _ => true,
    };
    if temporary {
        return Err(Error::refused(format!(
            "{} requires an IAM user's long-lived keys, but its source provides temporary ones \
             ({})",
            connector.auth.id(),
            source.describe()
        ))
        .of(&connector.name)
        .fix("use a source with long-lived keys, or auth_method iam-role"));
    }
    Ok(())
}
