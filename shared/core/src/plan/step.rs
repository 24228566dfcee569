//! Questions about a step. The matches are exhaustive, so a new kind of step does not compile until
//! it answers each of them.

use super::{How, KeysPlan, PlannedSecret, Site, Step};
use crate::profile::{CacheMode, Mfa, Policies};

/// What the call of a step carries, and the step before it.
#[derive(Default)]
struct Parts<'a> {
    source: Option<&'a Step>,
    policies: Option<&'a Policies>,
    external_id: Option<&'a PlannedSecret>,
    mfa: Option<&'a Mfa>,
}

impl Step {
    /// Creates a step with the default cache mode.
    pub fn new(connector: &str, site: &Site, how: How) -> Self {
        Self {
            connector: connector.to_owned(),
            site: site.clone(),
            cache: CacheMode::Files,
            how,
        }
    }

    /// Sets the cache mode of this step and of the steps before it, up to another connector's.
    pub(crate) fn keep(&mut self, mode: CacheMode) {
        self.cache = mode;
        let source = match &mut self.how {
            How::AssumeRole { source, .. }
            | How::SessionToken { source, .. }
            | How::FederationToken { source, .. } => source,
            How::Keys(_)
            | How::Process(_)
            | How::Sso(_)
            | How::Container(_)
            | How::InstanceMetadata(_)
            | How::WebIdentity { .. } => return,
        };
        if source.connector == self.connector {
            source.keep(mode);
        }
    }

    /// The stored keys that it reads, if it makes no call.
    pub fn keys(&self) -> Option<&KeysPlan> {
        match &self.how {
            How::Keys(keys) => Some(keys),
            _ => None,
        }
    }

    fn parts(&self) -> Parts<'_> {
        match &self.how {
            How::AssumeRole { source, call } => Parts {
                source: Some(source),
                policies: Some(&call.policies),
                external_id: call.external_id.as_ref(),
                mfa: call.mfa.as_ref(),
            },
            How::WebIdentity {
                token_file: _,
                call,
            } => Parts {
                policies: Some(&call.policies),
                ..Parts::default()
            },
            How::SessionToken {
                source,
                duration: _,
                mfa,
            } => Parts {
                source: Some(source),
                mfa: mfa.as_ref(),
                ..Parts::default()
            },
            How::FederationToken {
                source,
                name: _,
                duration: _,
                policies,
                tags: _,
            } => Parts {
                source: Some(source),
                policies: Some(policies),
                ..Parts::default()
            },
            How::Keys(_)
            | How::Process(_)
            | How::Sso(_)
            | How::Container(_)
            | How::InstanceMetadata(_) => Parts::default(),
        }
    }

    /// The step before this one, if any.
    pub fn source(&self) -> Option<&Step> {
        self.parts().source
    }

    /// The session policy in the call itself.
    pub fn inline_policy(&self) -> Option<&str> {
        self.parts().policies?.inline.as_deref()
    }

    /// The external id in the call itself.
    pub fn external_id(&self) -> Option<&PlannedSecret> {
        self.parts().external_id
    }

    /// The second factor that the call itself carries.
    pub fn mfa(&self) -> Option<&Mfa> {
        self.parts().mfa
    }

    /// Whether the result may be cached: only sessions that AWS issues for this purpose. Stored
    /// keys are read again each time, and an external process has its own cache.
    pub fn is_cacheable(&self) -> bool {
        match &self.how {
            How::Keys(_) => false,
            How::Process(_)
            | How::Sso(_)
            | How::Container(_)
            | How::InstanceMetadata(_)
            | How::AssumeRole { .. }
            | How::WebIdentity { .. }
            | How::SessionToken { .. }
            | How::FederationToken { .. } => true,
        }
    }

    /// The AWS operation or source that it calls, for messages.
    pub fn describe(&self) -> &'static str {
        match &self.how {
            How::Keys(_) => "access keys",
            How::Process(_) => "credential_process",
            How::Sso(_) => "IAM Identity Center",
            How::Container(_) => "container credentials",
            How::InstanceMetadata(_) => "instance metadata",
            How::AssumeRole { .. } => "sts:AssumeRole",
            How::WebIdentity { .. } => "sts:AssumeRoleWithWebIdentity",
            How::SessionToken { .. } => "sts:GetSessionToken",
            How::FederationToken { .. } => "sts:GetFederationToken",
        }
    }
}
