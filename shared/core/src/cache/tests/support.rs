//! A cache directory for tests, shared by several simulated commands.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use super::super::key::tests::some_key;
use super::super::lock::{self, Try};
use super::super::*;
use crate::clock::Clock;
use crate::credential::RegistryLogin;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

/// A cache directory, as several processes see it.
pub(super) struct House {
    pub(super) folder: TempDir,
    pub(super) clock: Clock,
}

impl House {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Clock::default(),
        }
    }

    /// A cache as another process would open it.
    pub(super) fn cache(&self) -> Cache {
        Cache::open(Some(self.folder.path()))
    }

    /// A command that starts now and does not wait for other processes.
    pub(super) fn turn(&self) -> Turn<'_> {
        Turn::new(&self.clock, Duration::ZERO, Utc::now())
    }

    pub(super) fn forced(&self) -> Turn<'_> {
        let mut turn = self.turn();
        turn.force = true;
        turn
    }

    pub(super) fn file(&self, kind: &str) -> std::path::PathBuf {
        self.folder
            .path()
            .join(format!("{}.{kind}", want().file_name()))
    }

    /// Caches a login that was obtained, and expires, this many minutes from now.
    pub(super) fn put(&self, obtained: i64, expires: i64) -> RegistryLogin {
        let now = Utc::now();
        let kept = login("kept", now + TimeDelta::minutes(expires));
        let obtained = now + TimeDelta::minutes(obtained);
        let entry = Entry::new(want().key, "dev", None, obtained, kept.clone(), 0.0).unwrap();
        let path = self.file("json");
        fs::write(&path, entry.render()).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        kept
    }

    pub(super) fn hit(&self, want: Want<'_>) -> Option<RegistryLogin> {
        match self.cache().look(want, &self.turn()) {
            Look::Hit(hit) => Some(hit.payload),
            Look::Miss(_) => None,
        }
    }

    /// Misses, acquires, and settles with `outcome` if this process has to mint.
    pub(super) fn obtain(
        &self,
        turn: &mut Turn<'_>,
        minted: Result<RegistryLogin>,
    ) -> Result<RegistryLogin> {
        let cache = self.cache();
        match acquire(&cache, want(), turn)? {
            Acquired::Lease(lease) => lease.settle(minted, turn),
            Acquired::Appeared(login) => Ok(login),
        }
    }

    /// Holds the lock as another process would, with this note.
    pub(super) fn hold(&self, note: &note::Note) -> lock::Guard {
        let Try::Locked(guard) = lock::try_lock(&self.file("lock")).unwrap() else {
            panic!("busy");
        };
        guard.say(note);
        guard
    }

    pub(super) fn note(&self) -> note::Note {
        note::read_note(&self.file("lock"))
    }
}

pub(super) fn want() -> Want<'static> {
    Want {
        key: some_key(7),
        keep: Keep::Files,
        need: Need::HandOut,
        connector: "dev",
        label: None,
        client: "docker",
    }
}

pub(super) fn acquire<'a>(
    cache: &'a Cache,
    want: Want<'a>,
    turn: &mut Turn<'_>,
) -> Result<Acquired<'a, RegistryLogin>> {
    match cache.look(want, turn) {
        Look::Miss(miss) => miss.acquire(turn),
        Look::Hit(_) => panic!("a hit"),
    }
}

pub(super) fn login(password: &str, expires_at: DateTime<Utc>) -> RegistryLogin {
    RegistryLogin {
        username: "AWS".into(),
        password: Secret::new(password),
        expires_at,
    }
}

/// A login that was just obtained.
pub(super) fn fresh() -> RegistryLogin {
    login("fresh", Utc::now() + TimeDelta::hours(12))
}

pub(super) fn error(kind: Kind) -> Error {
    Error::new(kind, "no")
}

pub(super) fn by_another(state: note::State) -> note::Note {
    note::Note {
        holder: Some(note::Holder {
            pid: 1,
            host: "host".into(),
            client: "docker".into(),
            since: Utc::now(),
            state,
        }),
        failure: None,
    }
}
