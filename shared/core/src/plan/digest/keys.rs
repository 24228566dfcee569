//! Digests of keys and secrets: by their text, or by the place they come from.

use super::fields::Fields;
use super::variables::mentioned;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::local_secret;
use crate::plan::{KeysPlan, PlannedKeys, PlannedSecret};
use crate::profile::SecretRef;

impl Fields {
    pub(super) fn keys(&mut self, plan: &KeysPlan, env: &Env) -> Result<()> {
        let KeysPlan {
            keys,
            token,
            // The expiration does not change who owns the keys.
            expires_at: _,
            tolerance: _,
            origin,
        } = plan;
        match keys {
            PlannedKeys::Separate { id, secret } => {
                self.secret("access-key-id", id, env)?;
                self.secret_access_key(secret, env)?;
            }
            PlannedKeys::Joined(joined) => self.secret("access-keys", joined, env)?,
        }
        match token {
            Some(token) => self.secret_access_key(token, env)?,
            None => self.text("absent", "token"),
        }
        self.optional("origin", origin.as_deref());
        Ok(())
    }

    /// The secret half of a pair. A literal adds nothing, because the key id identifies the pair. A
    /// reference counts by its place.
    fn secret_access_key(&mut self, secret: &PlannedSecret, env: &Env) -> Result<()> {
        match secret {
            PlannedSecret::Local(SecretRef::Literal(_)) => {
                self.text("secret", "literal");
                Ok(())
            }
            other => self.secret("secret", other, env),
        }
    }

    pub(super) fn secret(&mut self, name: &str, secret: &PlannedSecret, env: &Env) -> Result<()> {
        match secret {
            PlannedSecret::Local(secret) => self.local_secret(name, secret, env),
            PlannedSecret::Ssm {
                name: parameter,
                site,
                session,
            } => {
                self.text(name, "ssm");
                self.text("parameter", parameter);
                self.site(site, "ssm");
                self.step(session, env)
            }
        }
    }

    fn local_secret(&mut self, name: &str, secret: &SecretRef, env: &Env) -> Result<()> {
        match secret {
            SecretRef::Literal(text) => self.text(name, text.expose()),
            SecretRef::Env(variable) => {
                self.text(name, "env");
                self.text("variable", variable);
                self.optional("value", env.get(variable).as_deref());
            }
            SecretRef::File(path) => {
                self.text(name, "file");
                self.text("path", path);
                self.text("content", local_secret::read_file(path, env)?.expose());
            }
            SecretRef::Command(argv) => {
                self.text(name, "command");
                self.texts("argv", argv.iter().map(String::as_str));
                self.variables(&mentioned(argv.iter().map(String::as_str), env));
            }
            SecretRef::Keyring(entry) => {
                self.text(name, "keyring");
                self.text("entry", entry);
            }
            SecretRef::Ssm {
                name: parameter,
                // The planner turns such references into steps.
                connector: _,
                region: _,
            } => {
                return Err(Error::local(format!(
                    "SSM parameter {parameter} was not planned"
                )));
            }
        }
        Ok(())
    }
}
