//! Questions about an auth method. The matches are exhaustive, so a new method does not compile
//! until it answers each of them.

use std::time::Duration;

use super::{Auth, ImplicitSource, KeyPair, Mfa, Origin, Policies, Role, Source, Yields};
use crate::profile::{SecretRef, field};
use crate::resource::{Arn, Partition};

/// The contents of a method's variant, by purpose.
#[derive(Default)]
struct Parts<'a> {
    origin: Origin<'a>,
    role: Option<&'a Role>,
    mfa: Option<&'a Mfa>,
    policies: Option<&'a Policies>,
    duration: Option<Duration>,
}

impl Auth {
    /// Without `..`, so that a new field does not compile until somebody decides whether it belongs
    /// to one of these, above all whether it is a secret.
    fn parts(&self) -> Parts<'_> {
        let with_role = |origin, role| Parts {
            origin,
            ..Parts::of_role(role)
        };
        match self {
            Self::Anonymous => Parts::default(),
            Self::Implicit {
                source,
                allowed: _,
                role,
            } => {
                let origin = Origin::Ambient(source);
                match role {
                    Some(role) => with_role(origin, role),
                    None => Parts::of(origin),
                }
            }
            Self::SecretKey { keys } => Parts::of(Origin::Own { keys, token: None }),
            Self::StsToken { keys, token } => Parts::of(Origin::Own {
                keys,
                token: Some(token),
            }),
            Self::IamRole { source, role } => with_role(Origin::Source(source), role),
            Self::SessionToken {
                source,
                duration,
                mfa,
            } => Parts {
                mfa: mfa.as_ref(),
                duration: Some(*duration),
                ..Parts::of(Origin::Source(source))
            },
            Self::FederationToken {
                source,
                duration,
                name: _,
                policies,
                tags: _,
            } => Parts {
                policies: Some(policies),
                duration: Some(*duration),
                ..Parts::of(Origin::Source(source))
            },
        }
    }

    /// The credentials that it starts from.
    pub fn origin(&self) -> Origin<'_> {
        self.parts().origin
    }

    /// The source that signs its call to STS; `None` if it makes no such call, or signs it with
    /// ambient credentials.
    pub fn source(&self) -> Option<&Source> {
        match self.origin() {
            Origin::Source(source) => Some(source),
            Origin::Nothing | Origin::Ambient(_) | Origin::Own { .. } => None,
        }
    }

    /// The connector that is its source.
    pub fn source_connector(&self) -> Option<&str> {
        match self.source()? {
            Source::Connector(name) => Some(name),
            Source::Keys { .. } | Source::AwsProfile(_) | Source::WebIdentity { .. } => None,
        }
    }

    /// The AWS CLI profile that it uses.
    pub(crate) fn aws_profile(&self) -> Option<&str> {
        match self.origin() {
            Origin::Ambient(ImplicitSource::Profile(name))
            | Origin::Source(Source::AwsProfile(name)) => Some(name),
            Origin::Nothing
            | Origin::Ambient(ImplicitSource::Chain | ImplicitSource::Pinned(_))
            | Origin::Own { .. }
            | Origin::Source(
                Source::Keys { .. } | Source::Connector(_) | Source::WebIdentity { .. },
            ) => None,
        }
    }

    /// Whether its credentials come from the AWS CLI's files or another ambient source.
    pub(crate) fn is_ambient(&self) -> bool {
        matches!(self.origin(), Origin::Ambient(_)) || self.aws_profile().is_some()
    }

    /// The role that it assumes.
    pub fn role(&self) -> Option<&Role> {
        self.parts().role
    }

    /// The partition of the role that it assumes.
    pub(crate) fn role_partition(&self) -> Option<Partition> {
        let arn = Arn::parse(&self.role()?.arn).ok()?;
        Some(arn.partition)
    }

    /// The second factor that it requires.
    pub fn mfa(&self) -> Option<&Mfa> {
        self.parts().mfa
    }

    /// The connector's own session policies; `None` if STS does not accept a session policy for
    /// this method.
    pub fn policies(&self) -> Option<&Policies> {
        self.parts().policies
    }

    /// Whether STS accepts a session policy, which can limit a session to a resource.
    pub fn takes_policy(&self) -> bool {
        self.policies().is_some()
    }

    /// Whether its session has no permissions unless the request adds a policy.
    pub fn needs_policy(&self) -> bool {
        self.yields() == Yields::FederationSession
            && self.policies().is_some_and(Policies::is_empty)
    }

    /// The duration of its session, if AWS issues one.
    pub fn duration(&self) -> Option<Duration> {
        self.parts().duration
    }

    /// Whether it has credentials; if not, requests are unsigned.
    pub fn has_credentials(&self) -> bool {
        self.yields() != Yields::Nothing
    }

    /// The kind of credentials that it returns.
    pub fn yields(&self) -> Yields {
        match self {
            Self::Anonymous => Yields::Nothing,
            Self::SecretKey { .. } | Self::Implicit { role: None, .. } => Yields::UserKeys,
            Self::Implicit { role: Some(_), .. }
            | Self::StsToken { .. }
            | Self::IamRole { .. }
            | Self::SessionToken { .. } => Yields::Session,
            Self::FederationToken { .. } => Yields::FederationSession,
        }
    }

    /// Every secret, with its field name.
    pub fn secrets(&self) -> Vec<(&'static str, &SecretRef)> {
        let Parts { origin, role, .. } = self.parts();
        let mut found = Vec::new();
        if let Some((keys, token)) = origin.keys() {
            match keys {
                KeyPair::Separate { id, secret } => {
                    found.push((field::AWS_ACCESS_KEY_ID.name(), id));
                    found.push((field::AWS_SECRET_ACCESS_KEY.name(), secret));
                }
                KeyPair::Joined(joined) => found.push((field::ACCESS_KEYS.name(), joined)),
            }
            found.extend(token.map(|token| (field::AWS_SESSION_TOKEN.name(), token)));
        }
        let external_id = role.and_then(|role| role.external_id.as_ref());
        found.extend(external_id.map(|id| (field::EXTERNAL_ID.name(), id)));
        found
    }
}

impl<'a> Parts<'a> {
    fn of(origin: Origin<'a>) -> Self {
        Self {
            origin,
            ..Self::default()
        }
    }

    fn of_role(role: &'a Role) -> Self {
        Self {
            role: Some(role),
            mfa: role.mfa.as_ref(),
            policies: Some(&role.policies),
            duration: Some(role.duration),
            ..Self::default()
        }
    }
}
