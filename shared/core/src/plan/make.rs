//! Builds the plan: checks that the connector is for the request, resolves regions and endpoints,
//! follows the chain of sources.

use std::path::Path;
use std::time::Duration;

use super::place::target;
use super::scope::{self, Scope};
use super::{
    Delivery, How, LoginPlan, Plan, RoleCall, Site, Step, TokenPlan, federation_name, session_name,
};
use crate::ambient::Surroundings;
use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::local_secret::expand_home;
use crate::profile::{Auth, Connector, ImplicitSource, Mfa, Policies, Profile, Role, Source};
use crate::request::{Client, Request, Wants};
use crate::resource::{Partition, RegistryHost, check_region};

/// The variable that consents to ambient credentials.
/// The variable that allows ambient credentials.
pub const CONSENT: &str = "AWS_CONNECTOR_ENABLE_IMPLICIT_AUTH_METHODS";

const HOUR: Duration = Duration::from_secs(3600);

/// The plan for a request.
///
/// # Errors
/// The connector is disabled or does not allow this request, or something it requires is missing.
pub fn make(
    profile: &Profile,
    connector: &Connector,
    request: &Request,
    env: &Env,
) -> Result<Plan> {
    plan(profile, connector, request, env).map_err(|error| match profile.wanted_file() {
        Some(path) => without_file(error, path),
        None => error,
    })
}

/// On a first run, the missing connectors file is the cause of every other error.
fn without_file(error: Error, path: &Path) -> Error {
    let create = "run 'aws-connector register NAME --auto-configure' to create it";
    let what = format!(
        "no connectors file yet at {}; {}",
        path.display(),
        error.summary()
    );
    Error::new(error.kind, what).fix(match error.fix {
        Some(fix) => format!("{create}, or {fix}"),
        None => create.to_owned(),
    })
}

fn plan(profile: &Profile, connector: &Connector, request: &Request, env: &Env) -> Result<Plan> {
    if !connector.enabled {
        return Err(Error::refused("this connector is disabled")
            .of(&connector.name)
            .fix("set enabled = true in the connectors file"));
    }
    if !connector.auth.has_credentials() {
        return Err(Error::refused("auth_method anonymous has no credentials")
            .of(&connector.name)
            .fix("use unsigned requests (aws --no-sign-request), or another connector"));
    }
    let scope = scope::of(connector, request)?;
    let target = target(connector, request)?;
    let maker = Maker {
        profile,
        env,
        around: Surroundings::new(env),
        client: request.client,
    };
    let own = maker
        .own_region(connector)
        .or_else(|| target.clone())
        .ok_or_else(|| {
            Error::profile("no region is known")
                .of(&connector.name)
                .fix(match profile.has_file() {
                    true => "set region in the connectors file, or AWS_REGION",
                    false => "set AWS_REGION",
                })
        })?;
    // One from the environment or an AWS CLI profile was not read by us: it becomes part of a
    // host's name.
    check_region(&own).map_err(|error| Error::usage(error.to_string()).of(&connector.name))?;
    let site = maker.site_of(connector, &own)?;
    let target = target.unwrap_or_else(|| own.clone());
    let session = maker.step(connector, &site, &scope, &target)?;
    let delivery = match &request.wants {
        Wants::Session { .. } => Delivery::Session,
        Wants::RegistryLogin { registry } => Delivery::RegistryLogin(login(&site, registry)),
        Wants::ClusterToken { cluster } => Delivery::ClusterToken(TokenPlan {
            cluster: cluster.name.clone(),
            sts_host: Partition::of_region(&target).sts_host(&target),
            region: target,
        }),
    };
    Ok(Plan {
        connector: connector.name.clone(),
        session,
        delivery,
        refresh_ahead: connector.refresh_ahead,
        lock_timeout: connector.lock_timeout,
    })
}

fn login(site: &Site, registry: &RegistryHost) -> LoginPlan {
    let mut site = site.in_region(registry.region());
    if let RegistryHost::Private(private) = registry {
        // The API host follows the registry host.
        site.use_fips |= private.fips;
        site.use_dual_stack |= private.dual_stack;
    }
    LoginPlan {
        public: matches!(registry, RegistryHost::Public(_)),
        site,
    }
}

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

    fn step(
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

    /// The step for what is around, on behalf of a connector.
    fn ambient(&self, connector: &Connector, source: &ImplicitSource, site: &Site) -> Result<Step> {
        self.around.resolve(
            source,
            &connector.name,
            &connector.process_environment,
            site,
        )
    }

    /// The step for a secret that no connector fetches.
    pub(super) fn ambient_chain(&self, connector: &Connector, site: &Site) -> Result<Step> {
        self.consent(false, &connector.name)?;
        self.ambient(connector, &ImplicitSource::Chain, site)
    }

    /// The session of another connector that is used as a source: not cut down, or it could not
    /// do what it is a source for.
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
            // One code for every scope: it goes into a session that the roles are assumed from.
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

/// The user's own policies, else the one that cuts the session down to its scope.
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
