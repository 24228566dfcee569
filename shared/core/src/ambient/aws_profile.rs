//! Follows an AWS CLI profile to the source of its credentials, in botocore's order: role, web
//! identity, IAM Identity Center, keys in the credentials file, `credential_process`, keys in the
//! config file.

use std::time::Duration;

use super::files::Section;
use super::ini::{Dialect, Kind, Property};
use super::{Found, Look, process, role, sso};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::plan::{How, KeysPlan, PlannedKeys, PlannedSecret, Step};
use crate::profile::{KeyPair, SecretRef};
use crate::secret::Secret;
use crate::shown::shown;

/// The profile used when none is named.
pub(super) const DEFAULT: &str = "default";

/// The maximum length of a chain of profiles.
const DEEPEST: usize = 32;

const ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";

/// The profile that the environment names.
pub(super) fn from_environment(env: &Env) -> Option<String> {
    env.get("AWS_PROFILE")
        .or_else(|| env.get("AWS_DEFAULT_PROFILE"))
}

/// The profile of the environment, or `default`, if it has credentials.
///
/// # Errors
/// The environment names a profile that does not exist, or the profile is invalid.
pub(super) fn shared(look: &Look<'_>) -> Result<Found> {
    let named = from_environment(look.env);
    let name = named.as_deref().unwrap_or(DEFAULT);
    if named.is_none() && !look.files().has_profile(name) {
        return Ok(Found::No(
            format!(
                "AWS CLI profile \"default\" not found in {}",
                look.files().places()
            )
            .into(),
        ));
    }
    let mut path = Path::new(name);
    match path.section(look)? {
        section if !mentions_credentials(&section) => Ok(Found::No(
            format!(
                "AWS CLI profile {} ({}) has no credentials{}",
                shown(name),
                section.place(),
                unread(look)
            )
            .into(),
        )),
        section => path
            .outermost(look, &section)
            .map(|step| Found::Step(Box::new(step))),
    }
}

/// A profile by its name.
///
/// # Errors
/// The profile does not exist, has no credentials or is invalid.
pub(super) fn named(look: &Look<'_>, name: &str) -> Result<Step> {
    let mut path = Path::new(name);
    let section = path.section(look)?;
    path.outermost(look, &section)
}

/// Hints at files that could not be read.
fn unread(look: &Look<'_>) -> String {
    look.files()
        .unreadable()
        .map_or_else(String::new, |why| format!("; cannot read {why}"))
}

fn mentions_credentials(section: &Section<'_>) -> bool {
    const TELLING: [&str; 8] = [
        ID,
        SECRET,
        "role_arn",
        "web_identity_token_file",
        "sso_account_id",
        "sso_role_name",
        "credential_process",
        "login_session",
    ];
    TELLING.iter().any(|key| section.has(key))
}

/// The chain of profiles, outermost first.
pub(super) struct Path(Vec<String>);

impl Path {
    fn new(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// The current profile.
    fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    fn section<'l>(&self, look: &'l Look<'_>) -> Result<Section<'l>> {
        look.files()
            .section(Kind::Profile, self.name())?
            .ok_or_else(|| look.files().unknown(Kind::Profile, self.name()))
    }

    /// Resolves the requested profile: its role takes precedence over its keys.
    fn outermost(&mut self, look: &Look<'_>, section: &Section<'_>) -> Result<Step> {
        if takes_role(section) {
            return role::step(self, look, section);
        }
        self.without_role(look, section)
    }

    /// Resolves a profile that another one names as its source: its keys take precedence over its
    /// role.
    ///
    /// # Errors
    /// It does not exist, forms a loop, or is invalid.
    pub(super) fn source(
        &mut self,
        look: &Look<'_>,
        name: &str,
        named_by: &Property<'_>,
    ) -> Result<Step> {
        let Some(section) = look.files().section(Kind::Profile, name)? else {
            let named = named_by.wrong("names a profile that does not exist");
            let error = look.files().unknown(Kind::Profile, name);
            return Err(error.context(named.summary()));
        };
        let has_keys = section.has(ID) || section.has(SECRET);
        if has_keys || !takes_role(&section) {
            // A profile that holds keys may name itself as the source of its role.
            self.0.push(name.to_owned());
            let step = self.without_role(look, &section);
            self.0.pop();
            return step;
        }
        if let Some(start) = self.0.iter().position(|seen| seen == name) {
            let mut circle: Vec<String> =
                self.0.iter().skip(start).map(|name| shown(name)).collect();
            circle.push(shown(name));
            return Err(named_by
                .wrong(&format!("is a profile loop: {}", circle.join(" -> ")))
                .fix(
                    "point one of these profiles at a profile with keys, or at a \
                     credential_source",
                ));
        }
        if self.0.len() >= DEEPEST {
            let what = format!("the profile chain is longer than {DEEPEST}");
            return Err(named_by
                .file
                .wrong(named_by.line, what)
                .fix("remove profiles from the chain"));
        }
        self.0.push(name.to_owned());
        let step = role::step(self, look, &section);
        self.0.pop();
        step
    }

    fn without_role(&self, look: &Look<'_>, section: &Section<'_>) -> Result<Step> {
        if let Some((token_file, property)) = section.get("web_identity_token_file")? {
            process::require_own_file(look, property, "must not be read as root")?;
            return role::web_identity(look, section, token_file);
        }
        if let Some(plan) = sso::plan(look, section)? {
            return Ok(look.step(How::Sso(plan)));
        }
        if let Some(plan) = keys(section, Dialect::Credentials)? {
            return Ok(look.step(How::Keys(plan)));
        }
        if let Some(property) = section.filled("login_session") {
            return Err(property.wrong("(aws login) is not supported").fix(format!(
                "add a profile with credential_process = aws configure export-credentials \
                 --profile {} --format process, and use that one",
                shown(&section.name)
            )));
        }
        if let Some(property) = section.filled("credential_process") {
            return process::step(&self.0, look, section, property);
        }
        if let Some(plan) = keys(section, Dialect::Config)? {
            return Ok(look.step(How::Keys(plan)));
        }
        Err(section
            .wrong(&format!("has no credentials{}", unread(look)))
            .fix("add keys, role_arn with source_profile, sso_session or credential_process, or use another profile"))
    }
}

/// Whether the profile assumes a role with the credentials of another source.
fn takes_role(section: &Section<'_>) -> bool {
    section.has("role_arn") && !section.has("web_identity_token_file")
}

/// The keys in one of the files. Keys are never combined across files.
fn keys(section: &Section<'_>, dialect: Dialect) -> Result<Option<KeysPlan>> {
    let id = section.get_in(dialect, ID)?;
    let secret = section.get_in(dialect, SECRET)?;
    let ((id, at), (secret, _)) = match (id, secret) {
        (None, None) => return Ok(None),
        (Some(id), Some(secret)) => (id, secret),
        (Some((_, found)), None) => return Err(half(section, found, SECRET)),
        (None, Some((_, found))) => return Err(half(section, found, ID)),
    };
    let token = match section.get_in(dialect, "aws_session_token")? {
        Some(token) => Some(token),
        None => section.get_in(dialect, "aws_security_token")?,
    };
    let literal = |text: &str| SecretRef::Literal(Secret::new(text));
    Ok(Some(KeysPlan {
        keys: PlannedKeys::local(KeyPair::Separate {
            id: literal(id),
            secret: literal(secret),
        }),
        token: token.map(|(token, _)| PlannedSecret::Local(literal(token))),
        expires_at: None,
        tolerance: Duration::ZERO,
        // The key id identifies the keys. Hashing more of the section would tie an MFA session,
        // which serves every role and region, to the role or region configured next to the keys.
        origin: Some(format!("{} [{}]", at.file.path.display(), section.name)),
    }))
}

fn half(section: &Section<'_>, found: &Property<'_>, lacks: &str) -> Error {
    found
        .wrong(&format!(
            "of AWS CLI profile {} has no {lacks} next to it in the same file",
            shown(&section.name)
        ))
        .fix(format!("add {lacks}, or remove the other"))
}
