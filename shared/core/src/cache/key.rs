//! The key of a cache entry: a digest over everything that AWS would be asked, through the whole
//! chain, and over what identifies the source of the credentials, found without resolving a
//! secret or asking anybody.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::clock::boot_id;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::local_secret;
use crate::paths::Paths;
use crate::plan::{How, KeysPlan, LoginPlan, PlannedKeys, PlannedSecret, RoleCall, Site, Step};
use crate::profile::{Policies, SecretRef};
use crate::web_identity;

/// Entries of another schema are misses.
pub(crate) const SCHEMA: u32 = 1;

/// What an entry is found by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// 64 hexadecimal digits: the stem of the entry's file names.
    pub fn hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from(
                    DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'),
                ));
            }
        }
        text
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

/// The key of the session that a step yields.
///
/// # Errors
/// A file that identifies the source cannot be read.
pub fn of_session(step: &Step, env: &Env) -> Result<Key> {
    let mut hash = Fields::new("session");
    hash.step(step, env)?;
    Ok(hash.finish())
}

/// The key of a registry login: its session's, and the API that is asked.
pub fn of_login(session: Key, plan: &LoginPlan) -> Key {
    let mut hash = Fields::new("registry-login");
    hash.bytes("session", &session.0);
    hash.text("endpoint", &plan.endpoint());
    hash.finish()
}

/// Whether a command line runs our own binary.
fn asks_us(command: &str) -> bool {
    command.split_whitespace().any(|word| {
        word.trim_matches(['"', '\''])
            .ends_with("aws-connector-credential-process")
    })
}

/// Where the sealed form of an entry lies, so that connectors that seal and connectors that do not
/// can have the same session.
pub fn sealed(key: Key) -> Key {
    let mut hash = Fields::new("sealed");
    hash.bytes("key", &key.0);
    hash.finish()
}

/// Fields with their names and lengths, so that no two lists of fields run into the same bytes.
struct Fields(Sha256);

impl Fields {
    fn new(kind: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.text("aws-connector", kind);
        fields.bytes("schema", &SCHEMA.to_be_bytes());
        fields
    }

    fn finish(self) -> Key {
        Key(self.0.finalize().into())
    }

    fn bytes(&mut self, name: &str, value: &[u8]) {
        for part in [name.as_bytes(), value] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.bytes(name, value.as_bytes());
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.text("absent", name),
        }
    }

    fn texts<'t>(&mut self, name: &str, values: impl ExactSizeIterator<Item = &'t str>) {
        self.bytes(name, &(values.len() as u64).to_be_bytes());
        for value in values {
            self.text("", value);
        }
    }

    fn site(&mut self, site: &Site, service: &str) {
        self.text("partition", site.partition.id());
        self.text("endpoint", &site.describe(service));
    }

    fn step(&mut self, step: &Step, env: &Env) -> Result<()> {
        match &step.how {
            How::Keys(plan) => self.keys(plan, env),
            How::Process(plan) => {
                self.text("process", &plan.command);
                if asks_us(&plan.command) {
                    // What it yields depends on our own profile, as what we yield does.
                    self.optional("connector", env.get("AWS_CONNECTOR").as_deref());
                    let file = Paths::find(env).profile_file;
                    let text = file.and_then(|file| {
                        crate::fs::read_text(&file, crate::profile::LONGEST_FILE).ok()
                    });
                    self.optional("profile", text.as_deref().map(String::as_str));
                }
                self.text("origin", &plan.origin);
                Ok(())
            }
            How::Sso(plan) => {
                self.text("sso", &plan.start_url);
                self.text("sso-region", &plan.region);
                self.text("account", &plan.account_id);
                self.text("role", &plan.role_name);
                self.optional("session", plan.session_name.as_deref());
                self.text("origin", &plan.origin);
                self.optional(
                    "endpoint",
                    step.site.endpoints.get("sso").map(String::as_str),
                );
                Ok(())
            }
            How::Container(plan) => {
                self.text("container", &plan.uri);
                self.optional("token-file", plan.token_file.as_deref());
                // Path and URI are the same in every pod: it is the token that says whose it is.
                if let Some(file) = &plan.token_file {
                    self.text("identity", &web_identity::of_container(file)?);
                }
                // The token names the pod or task; two of them are two identities.
                self.optional(
                    "token",
                    plan.token.as_ref().map(crate::secret::Secret::expose),
                );
                Ok(())
            }
            How::InstanceMetadata(plan) => {
                self.text("instance-metadata", &plan.endpoint);
                // Instance metadata is this instance's alone, whatever HOME is shared.
                self.text("boot", &boot_id());
                Ok(())
            }
            How::AssumeRole { source, call } => {
                self.text("call", "AssumeRole");
                self.site(&step.site, "sts");
                self.role(call, env)?;
                self.step(source, env)
            }
            How::WebIdentity { token_file, call } => {
                self.text("call", "AssumeRoleWithWebIdentity");
                self.site(&step.site, "sts");
                self.role(call, env)?;
                self.text("token-file", token_file);
                // The token rotates, whom it names does not.
                self.text("identity", &web_identity::identity(token_file)?);
                Ok(())
            }
            How::SessionToken {
                source,
                duration,
                mfa,
            } => {
                self.text("call", "GetSessionToken");
                self.bytes("duration", &duration.as_secs().to_be_bytes());
                self.text("partition", step.site.partition.id());
                self.optional(
                    "endpoint",
                    step.site.endpoints.get("sts").map(String::as_str),
                );
                match mfa {
                    // One code serves every role, region and connector of the same keys.
                    Some(mfa) => self.text("mfa", &mfa.serial),
                    None => self.site(&step.site, "sts"),
                }
                self.step(source, env)
            }
            How::FederationToken {
                source,
                name,
                duration,
                policies,
                tags,
            } => {
                self.text("call", "GetFederationToken");
                self.site(&step.site, "sts");
                self.text("name", name);
                self.bytes("duration", &duration.as_secs().to_be_bytes());
                self.policies(policies);
                self.tags(tags);
                self.step(source, env)
            }
        }
    }

    fn role(&mut self, call: &RoleCall, env: &Env) -> Result<()> {
        self.text("role", &call.arn);
        self.text("session-name", &call.session_name);
        match &call.external_id {
            Some(secret) => self.secret("external-id", secret, env)?,
            None => self.text("absent", "external-id"),
        }
        self.policies(&call.policies);
        self.tags(&call.tags);
        self.texts(
            "transitive",
            call.transitive_tag_keys.iter().map(String::as_str),
        );
        self.optional("source-identity", call.source_identity.as_deref());
        self.bytes("duration", &call.duration.as_secs().to_be_bytes());
        self.optional("mfa", call.mfa.as_ref().map(|mfa| mfa.serial.as_str()));
        Ok(())
    }

    fn policies(&mut self, policies: &Policies) {
        self.optional("policy", policies.inline.as_deref());
        self.texts("policy-arns", policies.arns.iter().map(String::as_str));
    }

    fn tags(&mut self, tags: &std::collections::BTreeMap<String, String>) {
        self.texts("tag-keys", tags.keys().map(String::as_str));
        self.texts("tag-values", tags.values().map(String::as_str));
    }

    fn keys(&mut self, plan: &KeysPlan, env: &Env) -> Result<()> {
        match &plan.keys {
            PlannedKeys::Separate { id, secret } => {
                self.secret("access-key-id", id, env)?;
                self.secret_access_key(secret, env)?;
            }
            PlannedKeys::Joined(joined) => self.secret("access-keys", joined, env)?,
        }
        match &plan.token {
            Some(token) => self.secret_access_key(token, env)?,
            None => self.text("absent", "token"),
        }
        self.optional("origin", plan.origin.as_deref());
        Ok(())
    }

    /// The secret half of a pair: the key id beside it says whose it is, so that a literal one
    /// adds nothing. One from elsewhere counts with the place it comes from.
    fn secret_access_key(&mut self, secret: &PlannedSecret, env: &Env) -> Result<()> {
        match secret {
            PlannedSecret::Local(SecretRef::Literal(_)) => {
                self.text("secret", "literal");
                Ok(())
            }
            other => self.secret("secret", other, env),
        }
    }

    fn secret(&mut self, name: &str, secret: &PlannedSecret, env: &Env) -> Result<()> {
        match secret {
            PlannedSecret::Local(SecretRef::Literal(text)) => self.text(name, text.expose()),
            PlannedSecret::Local(SecretRef::Env(variable)) => {
                self.text(name, "env");
                self.text("variable", variable);
                let value = env.get(variable);
                self.optional("value", value.as_deref());
            }
            PlannedSecret::Local(SecretRef::File(path)) => {
                self.text(name, "file");
                self.text("path", path);
                let content = local_secret::read_file(path, env)?;
                self.text("content", content.expose());
            }
            PlannedSecret::Local(SecretRef::Command(argv)) => {
                self.text(name, "command");
                self.texts("argv", argv.iter().map(String::as_str));
            }
            PlannedSecret::Local(SecretRef::Keyring(entry)) => {
                self.text(name, "keyring");
                self.text("entry", entry);
            }
            PlannedSecret::Local(SecretRef::Ssm {
                name: parameter, ..
            }) => {
                return Err(Error::local(format!(
                    "SSM parameter {parameter} was not planned"
                )));
            }
            PlannedSecret::Ssm {
                name: parameter,
                site,
                session,
            } => {
                self.text(name, "ssm");
                self.text("parameter", parameter);
                self.site(site, "ssm");
                self.step(session, env)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A key that is nobody's, for tests of what lies under a key.
    pub(crate) fn some_key(seed: u8) -> Key {
        Key([seed; 32])
    }

    #[test]
    fn a_key_is_shown_as_64_hexadecimal_digits() {
        assert_eq!(some_key(0xa7).hex(), "a7".repeat(32));
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let key = |pairs: &[(&str, &str)]| {
            let mut fields = Fields::new("test");
            for (name, value) in pairs {
                fields.text(name, value);
            }
            fields.finish()
        };
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", ""), ("b", "")]), key(&[("a", "b")]));
    }
}
