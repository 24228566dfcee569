//! The digest of a step: every argument of the AWS calls in its chain, and what identifies the
//! source of the credentials. Computed without resolving a secret or calling a service.
//!
//! Structs are destructured without `..`, so a new field does not compile until somebody decides
//! whether it is part of the identity. A field that is not is bound to `_`, with the reason.

mod fields;
mod keys;
#[cfg(test)]
mod steps_test;
mod variables;

use std::collections::BTreeMap;

use super::{
    ContainerPlan, How, InstanceMetadataPlan, LoginPlan, ProcessPlan, RoleCall, Site, SsoPlan, Step,
};
use crate::boot::boot_id;
use crate::cache::Key;
use crate::env::Env;
use crate::error::Result;
use crate::paths::Paths;
use crate::profile::{LONGEST_FILE, Mfa, Policies};
use crate::web_identity;
use fields::Fields;
use variables::of_process;

/// The key of the session that a step yields.
///
/// # Errors
/// A file that identifies the source cannot be read.
pub fn of_session(step: &Step, env: &Env) -> Result<Key> {
    let mut hash = Fields::new("session");
    hash.step(step, env)?;
    Ok(hash.finish())
}

/// The key of a registry login: its session's, and the API that issues it.
pub fn of_login(session: Key, plan: &LoginPlan) -> Key {
    let LoginPlan { public, site } = plan;
    let mut hash = Fields::new("registry-login");
    hash.bytes("session", session.digest());
    hash.site(site, if *public { "ecr_public" } else { "ecr" });
    hash.flag("public", *public);
    hash.finish()
}

/// Whether a command line visibly runs one of our own programs, even inside a shell's script.
fn asks_us(command: &str) -> bool {
    command.contains("aws-connector")
}

impl Fields {
    /// Hashes each name with its value; unset and empty differ.
    fn variables(&mut self, variables: &BTreeMap<String, Option<String>>) {
        self.bytes("variables", &(variables.len() as u64).to_be_bytes());
        for (name, value) in variables {
            self.text("variable", name);
            self.optional("value", value.as_deref());
        }
    }

    fn site(&mut self, site: &Site, service: &str) {
        let Site {
            region,
            partition,
            endpoints,
            use_fips,
            use_dual_stack,
        } = site;
        self.text("partition", partition.id());
        self.text("region", region);
        match endpoints.get(service) {
            // These two select among AWS's own endpoints.
            Some(url) => self.text("endpoint", url),
            None => {
                self.flag("fips", *use_fips);
                self.flag("dual-stack", *use_dual_stack);
            }
        }
    }

    fn step(&mut self, step: &Step, env: &Env) -> Result<()> {
        let Step {
            // Connectors with the same calls share a session.
            connector: _,
            // Where an entry is stored decides its file, not its identity.
            cache: _,
            // Only for calls to AWS; keys, processes and local endpoints have no site.
            site,
            how,
        } = step;
        match how {
            How::Keys(plan) => self.keys(plan, env),
            How::Process(plan) => {
                self.process(plan, env);
                Ok(())
            }
            How::Sso(plan) => {
                self.sso(plan, site);
                Ok(())
            }
            How::Container(plan) => self.container(plan),
            How::InstanceMetadata(plan) => {
                self.instance_metadata(plan);
                Ok(())
            }
            How::AssumeRole { source, call } => {
                self.text("call", "AssumeRole");
                self.site(site, "sts");
                self.role(call, env)?;
                self.step(source, env)
            }
            How::WebIdentity { token_file, call } => {
                self.text("call", "AssumeRoleWithWebIdentity");
                self.site(site, "sts");
                self.role(call, env)?;
                self.text("token-file", token_file);
                // The token rotates; its subject does not.
                self.text("identity", &web_identity::identity(token_file)?);
                Ok(())
            }
            How::SessionToken {
                source,
                duration,
                mfa,
            } => {
                self.text("call", "GetSessionToken");
                self.seconds("duration", *duration);
                match mfa {
                    Some(mfa) => {
                        self.mfa(mfa);
                        // One code serves every region of the same keys, with or without FIPS.
                        self.text("partition", site.partition.id());
                        self.optional("endpoint", site.endpoints.get("sts").map(String::as_str));
                    }
                    None => self.site(site, "sts"),
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
                self.site(site, "sts");
                self.text("name", name);
                self.seconds("duration", *duration);
                self.policies(policies);
                self.tags(tags);
                self.step(source, env)
            }
        }
    }

    fn process(&mut self, plan: &ProcessPlan, env: &Env) {
        let ProcessPlan {
            command,
            origin,
            environment,
        } = plan;
        self.text("process", command);
        self.text("origin", origin);
        self.variables(&of_process(command, environment, env));
        if asks_us(command) {
            // Its output depends on our connectors file, as ours does.
            let file = Paths::find(env).profile_file;
            let text = file.and_then(|file| crate::fs::read_text(&file, LONGEST_FILE).ok());
            self.optional("profile", text.as_deref().map(String::as_str));
        }
    }

    fn sso(&mut self, plan: &SsoPlan, site: &Site) {
        let SsoPlan {
            // For messages; the origin includes it.
            profile: _,
            session_name,
            start_url,
            region,
            account_id,
            role_name,
            origin,
        } = plan;
        self.text("sso", start_url);
        self.site(&site.in_region(region), "sso");
        self.text("account", account_id);
        self.text("role", role_name);
        self.optional("session", session_name.as_deref());
        self.text("origin", origin);
    }

    fn container(&mut self, plan: &ContainerPlan) -> Result<()> {
        let ContainerPlan {
            uri,
            token,
            token_file,
        } = plan;
        self.text("container", uri);
        self.optional("token-file", token_file.as_deref());
        // Path and URI are the same in every pod; the token identifies the pod.
        if let Some(file) = token_file {
            self.text("identity", &web_identity::of_container(file)?);
        }
        // The token identifies the pod or task.
        self.optional("token", token.as_ref().map(crate::secret::Secret::expose));
        Ok(())
    }

    fn instance_metadata(&mut self, plan: &InstanceMetadataPlan) {
        let InstanceMetadataPlan {
            endpoint,
            // The timeout does not change the response.
            patience: _,
            // For messages.
            tried: _,
        } = plan;
        self.text("instance-metadata", endpoint);
        // Several instances may share a HOME, so the boot id separates their sessions.
        self.text("boot", &boot_id());
    }

    fn role(&mut self, call: &RoleCall, env: &Env) -> Result<()> {
        let RoleCall {
            arn,
            session_name,
            external_id,
            policies,
            tags,
            transitive_tag_keys,
            source_identity,
            duration,
            mfa,
        } = call;
        self.text("role", arn);
        self.text("session-name", session_name);
        match external_id {
            Some(secret) => self.secret("external-id", secret, env)?,
            None => self.text("absent", "external-id"),
        }
        self.policies(policies);
        self.tags(tags);
        self.texts("transitive", transitive_tag_keys.iter().map(String::as_str));
        self.optional("source-identity", source_identity.as_deref());
        self.seconds("duration", *duration);
        match mfa {
            Some(mfa) => self.mfa(mfa),
            None => self.text("absent", "mfa"),
        }
        Ok(())
    }

    fn mfa(&mut self, mfa: &Mfa) {
        let Mfa {
            serial,
            // The source of the code is irrelevant: every code proves the same device.
            process: _,
            // The key already includes the duration of the call that carries the code.
            duration: _,
        } = mfa;
        self.text("mfa", serial);
    }

    fn policies(&mut self, policies: &Policies) {
        let Policies { inline, arns } = policies;
        self.optional("policy", inline.as_deref());
        self.texts("policy-arns", arns.iter().map(String::as_str));
    }

    fn tags(&mut self, tags: &BTreeMap<String, String>) {
        self.texts("tag-keys", tags.keys().map(String::as_str));
        self.texts("tag-values", tags.values().map(String::as_str));
    }
}
