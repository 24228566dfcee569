//! A home directory with a connectors file, and a fake AWS that grants every session.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use super::super::*;
use crate::aws::{Call, StepSecrets};
use crate::clock::ServerDate;
use crate::plan::{PlannedSecret, TokenPlan};
use crate::request::{Client, Wants};
use crate::resource::RegistryHost;
use crate::secret::Secret;

pub(super) const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// Settings of connector `dev`: a role that keys in the file assume.
pub(super) const ROLE: &str = r#"
auth_method = "iam-role"
region = "us-east-1"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
role_arn = "arn:aws:iam::123456789012:role/dev"
"#;

/// A home directory.
pub(super) struct Home {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

impl Home {
    /// A home directory with connector `dev`.
    pub(super) fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("connectors.toml");
        fs::write(&file, format!("[connectors.dev]\n{settings}")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let cache = folder.path().join("cache");
        let variables = [
            ("AWS_CONNECTOR_FILE", file),
            ("AWS_CONNECTOR_CACHE_DIR", cache),
        ]
        .map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned()));
        Self {
            folder,
            variables: variables.into(),
        }
    }

    pub(super) fn cache_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("cache")
    }

    pub(super) fn env(&self) -> Env {
        Env::Fixed(self.variables.clone())
    }

    /// The environment with one more variable.
    pub(super) fn env_with(&self, name: &str, value: &str) -> Env {
        let mut variables = self.variables.clone();
        variables.insert(name.to_owned(), value.to_owned());
        Env::Fixed(variables)
    }

    pub(super) fn serve(&self, wants: Wants, aws: &dyn Aws) -> Result<Delivered> {
        serve(&request(wants), &self.env(), Utc::now(), aws, None)
    }
}

pub(super) fn request(wants: Wants) -> Request {
    Request {
        connector: Some("dev".into()),
        wants,
        client: Client::EksToken,
        may_prompt: false,
    }
}

pub(super) fn session() -> Wants {
    Wants::Session { resource: None }
}

pub(super) fn registry_login() -> Wants {
    Wants::RegistryLogin {
        registry: RegistryHost::parse(REGISTRY).unwrap(),
    }
}

/// A fake AWS that counts its calls.
#[derive(Default)]
pub(super) struct Granting {
    sessions: AtomicUsize,
    secrets: AtomicUsize,
    /// The error for the next registry login, if set.
    refusal: Mutex<Option<Error>>,
    /// The `Date` of its responses.
    pub(super) date: Option<ServerDate>,
    /// The time and deadline of each call.
    pub(super) times: Mutex<Vec<(DateTime<Utc>, Instant)>>,
}

impl Granting {
    pub(super) fn refuse(&self, error: Error) {
        *self.refusal.lock().unwrap() = Some(error);
    }

    /// How many sessions and secrets were requested.
    pub(super) fn asked(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        (count(&self.sessions), count(&self.secrets))
    }
}

impl Aws for Granting {
    fn session(
        &self,
        _: &Step,
        _: Option<&Session>,
        _: &StepSecrets,
        call: Call<'_>,
    ) -> Result<Session> {
        self.times.lock().unwrap().push((call.now, call.deadline));
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        Ok(Session {
            access_key_id: format!("ASIA{number:016}"),
            secret_access_key: Secret::new("secret"),
            session_token: Some(Secret::new("token")),
            expires_at: Some(Utc::now() + TimeDelta::hours(1)),
            account_id: None,
            principal_arn: None,
            obtained_at: None,
        })
    }

    fn secret(&self, _: &PlannedSecret, _: Option<&Session>, _: Call<'_>) -> Result<Secret> {
        self.secrets.fetch_add(1, Ordering::Relaxed);
        Ok(Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
    }

    fn registry_login(&self, _: &LoginPlan, _: &Session, call: Call<'_>) -> Result<RegistryLogin> {
        self.times.lock().unwrap().push((call.now, call.deadline));
        match self.refusal.lock().unwrap().take() {
            Some(error) => Err(error),
            None => Ok(RegistryLogin {
                username: "AWS".into(),
                password: Secret::new("password"),
                expires_at: Utc::now() + TimeDelta::hours(12),
            }),
        }
    }

    fn cluster_token(&self, _: &TokenPlan, _: &Session, _: Call<'_>) -> Result<ClusterToken> {
        panic!("no test requests a cluster token");
    }

    fn server_date(&self) -> Option<ServerDate> {
        self.date
    }
}
