//! Finds secrets in pipes, which only one process can read, and only once.

use super::{How, KeysPlan, PlannedKeys, PlannedSecret, Step};
use crate::env::Env;
use crate::local_secret;

impl Step {
    /// Whether a secret of this step, or of a step before it, is in a pipe.
    pub(crate) fn reads_pipe(&self, env: &Env) -> bool {
        match &self.how {
            How::Keys(plan) => plan.reads_pipe(env),
            How::AssumeRole { source, call } => {
                let mut external_id = call.external_id.iter();
                external_id.any(|secret| secret.is_pipe(env)) || source.reads_pipe(env)
            }
            How::SessionToken { source, .. } | How::FederationToken { source, .. } => {
                source.reads_pipe(env)
            }
            // Tokens are read from regular files only.
            How::WebIdentity { .. }
            | How::Process(_)
            | How::Sso(_)
            | How::Container(_)
            | How::InstanceMetadata(_) => false,
        }
    }
}

impl KeysPlan {
    fn reads_pipe(&self, env: &Env) -> bool {
        let of_keys = match &self.keys {
            PlannedKeys::Separate { id, secret } => id.is_pipe(env) || secret.is_pipe(env),
            PlannedKeys::Joined(joined) => joined.is_pipe(env),
        };
        of_keys || self.token.iter().any(|token| token.is_pipe(env))
    }
}

impl PlannedSecret {
    fn is_pipe(&self, env: &Env) -> bool {
        match self {
            Self::Local(secret) => local_secret::is_pipe(secret, env),
            Self::Ssm { session, .. } => session.reads_pipe(env),
        }
    }
}
