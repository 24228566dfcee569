//! The file-locked cache: one process asks AWS, everybody else reads what it wrote.
//!
//! A hit takes no lock. A miss takes the entry's lock, reads again, mints, writes and unlocks.

mod ask;
mod detach;
mod entry;
mod folder;
pub mod key;
mod lock;
mod obtain;
mod renew;
mod seal;
mod signals;
mod sweep;
mod wait;

use std::cell::Cell;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

pub use ask::{Ask, Mint, Progress};
pub use entry::{Cacheable, Entry, Need};
pub use key::Key;
pub use lock::{LockFile, try_lock_open};

use crate::log;
use folder::{Folder, Found};
use seal::Sealer;

/// The cache of one user.
#[derive(Debug)]
pub struct Cache {
    folder: Option<Folder>,
    /// Seals what is written, for `cache = "keyring"`.
    sealer: Option<Sealer>,
    /// Whether the user was told that the cache is not used.
    told: Cell<bool>,
}

/// An entry in a listing.
#[derive(Clone, Debug)]
pub struct Listed {
    /// `session` or `registry-login`.
    pub kind: String,
    /// The connector that it was made for.
    pub connector: String,
    /// What it was made for in words, such as a registry's host.
    pub label: Option<String>,
    /// Whom it makes its holder.
    pub identity: Option<String>,
    /// When it was made.
    pub obtained_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Its size on disk in bytes.
    pub size: u64,
    /// The stem of its file names.
    pub key: String,
}

/// What [`Cache::clear`] did, in keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Removed.
    pub removed: usize,
    /// Kept, because another process holds the lock.
    pub kept: usize,
}

impl Cache {
    /// A cache in a folder, which is made when the first entry is written. A folder that cannot
    /// be trusted is not used, which is said once on stderr.
    pub fn open(folder: Option<&Path>) -> Self {
        let cache = Self {
            folder: None,
            sealer: None,
            told: Cell::new(false),
        };
        let Some(path) = folder else {
            cache.tell("there is no home folder; set AWS_CONNECTOR_CACHE_DIR");
            return cache;
        };
        match Folder::open(path) {
            Ok(folder) => Self {
                folder: Some(folder),
                ..cache
            },
            Err(why) => {
                cache.tell(&why);
                cache
            }
        }
    }

    /// The same cache with its entries sealed under a key of the platform's keyring; without a
    /// keyring it is not used.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        if let Some(folder) = &self.folder {
            match folder.create().and_then(|()| Sealer::find(folder.path())) {
                Ok(sealer) => self.sealer = Some(sealer),
                Err(why) => {
                    self.tell(&why);
                    self.folder = None;
                }
            }
        }
        self
    }

    /// A cache that keeps nothing.
    pub fn off() -> Self {
        Self {
            folder: None,
            sealer: None,
            told: Cell::new(true),
        }
    }

    /// Reads an entry, whatever life is left in it.
    pub fn read<T: Cacheable>(&self, key: Key) -> Option<Entry<T>> {
        match self.folder.as_ref()?.read(key) {
            Ok(Found::Bytes(bytes)) => {
                let entry = match &self.sealer {
                    Some(sealer) => sealer.open_entry(key, &bytes),
                    None => Entry::parse(&bytes, key),
                };
                if entry.is_none() {
                    log::debug(format_args!(
                        "entry {} is torn or foreign: a miss",
                        key.hex()
                    ));
                }
                entry
            }
            Ok(Found::Nothing) => None,
            Err(why) => {
                if !self.told.replace(true) {
                    log::warn(format_args!("{why}: it is not used, and made anew"));
                }
                None
            }
        }
    }

    /// Whether something that can be handed out lies under a key.
    pub fn is_live<T: Cacheable>(&self, key: Key, now: DateTime<Utc>) -> bool {
        self.read::<T>(key)
            .is_some_and(|entry| entry.serves(now, Need::HandOut))
    }

    /// Every entry in the cache that can be read, soonest to expire first.
    pub fn list(&self) -> Vec<Listed> {
        self.folder.as_ref().map(sweep::list).unwrap_or_default()
    }

    /// Removes all files of the keys (as in [`Listed::key`]) that `choose` picks, readable or not,
    /// each key under its lock.
    pub fn clear(&self, choose: impl Fn(&str) -> bool) -> Cleared {
        self.folder
            .as_ref()
            .map_or_else(Cleared::default, |folder| sweep::clear(folder, choose))
    }

    /// The folder, where one is used.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(Folder::path)
    }

    fn tell(&self, why: &str) {
        if !self.told.replace(true) {
            log::warn(format_args!("the cache is not used: {why}"));
        }
    }
}

/// How long a failed renewal is not tried again while a valid credential is at hand.
const RENEWAL_PAUSE: TimeDelta = TimeDelta::seconds(30);
