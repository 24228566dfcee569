//! The state of the simulated AWS: principals and their keys, roles, resources, and the server's clock.

use crate::api::ApiError;
use crate::ids::{random_bytes, random_id, real_now, split_role, stable_id};
use crate::policy::{self, Policy, Verdict};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The account of the default world.
pub const ACCOUNT: &str = "123456789012";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Root,
    /// GetSessionToken.
    Session,
    /// AssumeRole, web identity, SSO, instance and task roles.
    Role,
    Federated,
}

/// The owner of a key pair.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) kind: Kind,
    pub(crate) partition: String,
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) expires: Option<i64>,
    /// The user or role whose own policies apply.
    pub(crate) identity: String,
    /// The session policies. `None`: not limited. An empty list allows nothing, as for a federation session without a policy.
    pub(crate) session_policies: Option<Vec<Policy>>,
    pub(crate) mfa: bool,
    pub(crate) transitive_tags: BTreeMap<String, String>,
    pub(crate) source_identity: Option<String>,
}

/// A role that can be assumed.
#[derive(Clone, Debug)]
pub struct Role {
    /// Account ids or ARNs that can assume it; empty: every known identity.
    pub trusted: Vec<String>,
    /// The external id that callers must send.
    pub external_id: Option<String>,
    /// Whether callers must send an MFA code, or use an MFA session.
    pub require_mfa: bool,
    /// Seconds, 3600 to 43200.
    pub max_session_duration: i64,
    /// Issuers accepted by AssumeRoleWithWebIdentity; empty: any.
    pub web_identity_issuers: Vec<String>,
    /// The role's own policy (JSON); `None` allows everything.
    pub policy: Option<String>,
}

impl Default for Role {
    fn default() -> Role {
        Role {
            trusted: Vec::new(),
            external_id: None,
            require_mfa: false,
            max_session_duration: 3600,
            web_identity_issuers: Vec::new(),
            policy: None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ClusterRecord {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) ca: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) account: String,
    pub(crate) region: String,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) clock_offset: i64,
    pub(crate) max_session_seconds: Option<i64>,
    pub(crate) principals: HashMap<String, Principal>,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) policies: BTreeMap<String, Policy>,
    pub(crate) identity_policies: BTreeMap<String, Policy>,
    pub(crate) clusters: Vec<ClusterRecord>,
    pub(crate) parameters: BTreeMap<String, (String, bool)>,
    pub(crate) buckets: BTreeMap<String, Bucket>,
    /// Account, region, name.
    pub(crate) repositories: BTreeSet<(String, String, String)>,
    pub(crate) ecr_password: Option<String>,
    /// Passwords that ECR issued.
    pub(crate) issued: BTreeSet<String>,
    pub(crate) ecr_seconds: Option<i64>,
    pub(crate) ecr_public_denied: bool,
    pub(crate) mfa: Mfa,
    pub(crate) imds_role: Option<String>,
    pub(crate) imds_tokens: BTreeMap<String, i64>,
    pub(crate) container_role: String,
    pub(crate) container_token: String,
    /// SSO access tokens and their expiry.
    pub(crate) sso_tokens: BTreeMap<String, i64>,
    pub(crate) sso_refresh_tokens: BTreeSet<String>,
    /// Pairs of account and role name that are assigned in SSO.
    pub(crate) sso_roles: BTreeSet<(String, String)>,
}

#[derive(Debug, Default)]
pub(crate) struct Mfa {
    pub(crate) serials: BTreeSet<String>,
    pub(crate) code: String,
    pub(crate) single_use: bool,
    pub(crate) used: BTreeSet<String>,
}

/// The properties of a new session; the others are random or computed.
pub(crate) struct NewSession {
    pub(crate) kind: Kind,
    pub(crate) partition: String,
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
    pub(crate) identity: String,
    pub(crate) policies: Option<Vec<Policy>>,
    pub(crate) mfa: bool,
    pub(crate) transitive_tags: BTreeMap<String, String>,
    pub(crate) source_identity: Option<String>,
    pub(crate) seconds: i64,
    /// The size of policies and tags in characters, which lengthens the token.
    pub(crate) packed: usize,
}

impl World {
    pub(crate) fn now(&self) -> i64 {
        real_now() + self.clock_offset
    }

    pub(crate) fn add_key(
        &mut self,
        kind: Kind,
        partition: &str,
        account: &str,
        name: &str,
        key: &str,
        secret: &str,
    ) {
        let arn = match kind {
            Kind::Root => format!("arn:{partition}:iam::{account}:root"),
            _ => format!("arn:{partition}:iam::{account}:user/{name}"),
        };
        let user_id = if kind == Kind::Root {
            account.to_owned()
        } else {
            stable_id("AIDA", &arn)
        };
        let principal = Principal {
            kind,
            partition: partition.to_owned(),
            account: account.to_owned(),
            identity: arn.clone(),
            arn,
            user_id,
            access_key_id: key.to_owned(),
            secret: secret.to_owned(),
            token: None,
            expires: None,
            session_policies: None,
            mfa: false,
            transitive_tags: BTreeMap::new(),
            source_identity: None,
        };
        self.principals.insert(key.to_owned(), principal);
    }

    pub(crate) fn issue(&mut self, new: NewSession) -> Principal {
        let seconds = self
            .max_session_seconds
            .map_or(new.seconds, |most| most.min(new.seconds));
        let mut token = b"\x16\x0a\x17\x6f\x72\x69\x67\x69\x6e".to_vec();
        token.extend(random_bytes(390 + new.packed * 2 / 3));
        let principal = Principal {
            kind: new.kind,
            partition: new.partition,
            account: new.account,
            arn: new.arn,
            user_id: new.user_id,
            access_key_id: format!("ASIA{}", random_id(16)),
            secret: STANDARD.encode(random_bytes(30)),
            token: Some(STANDARD.encode(token)),
            expires: Some(self.now() + seconds),
            identity: new.identity,
            session_policies: new.policies,
            mfa: new.mfa,
            transitive_tags: new.transitive_tags,
            source_identity: new.source_identity,
        };
        self.principals
            .insert(principal.access_key_id.clone(), principal.clone());
        principal
    }

    /// A role session for the services that issue them without STS.
    pub(crate) fn issue_role(&mut self, role_arn: &str, session: &str, seconds: i64) -> Principal {
        let (partition, account, path) =
            split_role(role_arn).unwrap_or(("aws", ACCOUNT, "unknown"));
        let name = path.rsplit('/').next().unwrap_or(path);
        self.issue(NewSession {
            kind: Kind::Role,
            partition: partition.to_owned(),
            account: account.to_owned(),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}"),
            user_id: format!("{}:{session}", stable_id("AROA", role_arn)),
            identity: role_arn.to_owned(),
            policies: None,
            mfa: false,
            transitive_tags: BTreeMap::new(),
            source_identity: None,
            seconds,
            packed: 0,
        })
    }

    /// Whether the policies of the session and of the identity allow `who` an `action`.
    pub(crate) fn authorise(
        &self,
        who: &Principal,
        action: &str,
        resource: &str,
        context: &BTreeMap<String, String>,
    ) -> Result<(), ApiError> {
        let refuse = |because: &str| {
            Err(ApiError::denied(format!(
                "User: {} is not authorized to perform: {action} on resource: {resource} {because}",
                who.arn
            )))
        };
        if let Some(policies) = &who.session_policies {
            match policy::evaluate(policies, action, resource, context) {
                Verdict::Allow => {}
                Verdict::ExplicitDeny => {
                    return refuse("with an explicit deny in a session policy");
                }
                Verdict::NoAllow => {
                    return refuse(&format!(
                        "because no session policy allows the {action} action"
                    ));
                }
            }
        }
        if let Some(policy) = self.identity_policies.get(&who.identity) {
            match policy::evaluate(std::slice::from_ref(policy), action, resource, context) {
                Verdict::Allow => {}
                Verdict::ExplicitDeny => {
                    return refuse("with an explicit deny in an identity-based policy");
                }
                Verdict::NoAllow => {
                    return refuse(&format!(
                        "because no identity-based policy allows the {action} action"
                    ));
                }
            }
        }
        Ok(())
    }
}
