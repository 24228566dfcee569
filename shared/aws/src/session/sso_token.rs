//! The token file in `~/.aws/sso/cache`, which `aws sso login` writes and all AWS tools share.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::fs;
use aws_connector_core::log;
use aws_connector_core::paths;
use aws_connector_core::plan::SsoPlan;
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::shown;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use sha1::{Digest as _, Sha1};

/// The size limit of the file; the AWS CLI writes a few kilobytes.
const LONGEST: u64 = 1024 * 1024;

/// A token file as read.
pub(super) struct Token {
    pub(super) access_token: Secret,
    pub(super) expires_at: DateTime<Utc>,
    path: PathBuf,
    /// Whether the token can be refreshed: only with `sso_session`, not with the older kind of
    /// login.
    renewable: bool,
    document: Map<String, Value>,
}

/// What is needed to refresh the token.
pub(super) struct Refresh {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) token: Secret,
}

impl Token {
    /// Reads the file of a session, or of a start URL if the profile names no session.
    ///
    /// # Errors
    /// The user is not logged in, or the file was not written by `aws sso login`.
    pub(super) fn load(plan: &SsoPlan, env: &Env) -> Result<Self> {
        let home = paths::home(env).ok_or_else(|| {
            Error::new(
                Kind::NoCredentials,
                "HOME is not set, so the IAM Identity Center login cannot be found",
            )
        })?;
        let name = plan.session_name.as_ref().unwrap_or(&plan.start_url);
        let path = file(&home, name);
        let place = || shown(&path.display().to_string());
        let text = fs::read(&path, LONGEST).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::new(
                Kind::Interaction,
                format!(
                    "not logged in to IAM Identity Center for AWS CLI profile {}",
                    shown(&plan.profile)
                ),
            ),
            _ => Error::new(Kind::NoCredentials, format!("{} cannot be read", place()))
                .because(error),
        })?;
        let wrong = || {
            let what = format!("{} is not a token file of 'aws sso login'", place());
            Error::new(Kind::NoCredentials, what)
        };
        let Ok(Value::Object(document)) = serde_json::from_slice(&text) else {
            return Err(wrong());
        };
        let access_token = string(&document, "accessToken").map(Secret::new);
        let expires_at = time(&document, "expiresAt");
        Ok(Self {
            access_token: access_token.ok_or_else(wrong)?,
            expires_at: expires_at.ok_or_else(wrong)?,
            renewable: plan.session_name.is_some(),
            path,
            document,
        })
    }

    /// What is needed to refresh the token, if it is present and still valid.
    pub(super) fn refresh(&self, now: DateTime<Utc>) -> Option<Refresh> {
        let registered = time(&self.document, "registrationExpiresAt");
        if !self.renewable || registered.is_none_or(|end| end <= now) {
            return None;
        }
        Some(Refresh {
            client_id: string(&self.document, "clientId")?.to_owned(),
            client_secret: string(&self.document, "clientSecret").map(Secret::new)?,
            token: string(&self.document, "refreshToken").map(Secret::new)?,
        })
    }

    /// Replaces the token and writes the file for other tools. If the write fails, this process can
    /// still use the new token.
    pub(super) fn replace(&mut self, access: String, refresh: Option<String>, end: DateTime<Utc>) {
        self.access_token = Secret::new(&*access);
        self.expires_at = end;
        let mut set = |field: &str, text: String| {
            self.document.insert(field.to_owned(), Value::String(text));
        };
        set("accessToken", access);
        set("expiresAt", end.to_rfc3339_opts(SecondsFormat::Secs, true));
        if let Some(refresh) = refresh {
            set("refreshToken", refresh);
        }
        if let Err(error) = self.write() {
            log::warn(format_args!(
                "cannot write the refreshed IAM Identity Center token to {}: {error}",
                shown(&self.path.display().to_string())
            ));
        }
    }

    fn write(&self) -> std::io::Result<()> {
        let text = zeroize::Zeroizing::new(serde_json::to_vec(&self.document)?);
        // Another thread may be refreshing it as well.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("aws-connector-{}-{count}", std::process::id());
        fs::replace(self.path.with_extension(name), &self.path, &text)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        for value in self.document.values_mut() {
            if let Value::String(text) = value {
                zeroize::Zeroize::zeroize(text);
            }
        }
    }
}

fn file(home: &Path, name: &str) -> PathBuf {
    let mut path = home.join(".aws/sso/cache");
    let digest = Sha1::digest(name.as_bytes());
    let mut hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.push_str(".json");
    path.push(hex);
    path
}

fn string<'a>(document: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    document
        .get(field)?
        .as_str()
        .filter(|text| !text.is_empty())
}

/// Parses a time in RFC 3339; older tools wrote `UTC` for `Z`.
fn time(document: &Map<String, Value>, field: &str) -> Option<DateTime<Utc>> {
    let text = string(document, field)?.replace("UTC", "Z");
    DateTime::parse_from_rfc3339(&text)
        .ok()
        .map(|time| time.to_utc())
}

#[cfg(test)]
#[path = "sso_token_test.rs"]
mod tests;
