//! The file-locked cache: one process calls AWS, all others read what it wrote.
//!
//! A hit takes no lock. A miss takes the entry's lock, reads again, mints, writes and unlocks.

mod acquire;
mod entry;
mod folder;
pub(crate) mod key;
mod lease;
mod lock;
mod note;
mod seal;
mod sweep;
mod wait;
mod want;

use std::cell::{Cell, OnceCell};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

pub use acquire::{Acquired, Miss};
pub use entry::{Cacheable, Entry, Need};
pub use key::Key;
pub use lease::{Lease, Renewal};
pub use lock::{LockFile, try_lock_open};
pub use want::{Keep, Want};

use crate::log;
use crate::turn::Turn;
use folder::Folder;
use seal::Sealer;

/// The cache of one user.
#[derive(Debug)]
pub struct Cache {
    folder: Option<Folder>,
    /// Why the folder is not used.
    unusable: Option<String>,
    /// What seals entries, once it was needed, or why nothing does.
    sealer: OnceCell<Result<Sealer, String>>,
    /// Whether the user was warned that the cache is not used.
    told: Cell<bool>,
}

/// What a look at the cache yields.
#[derive(Debug)]
pub enum Look<'a, T> {
    /// It is there.
    Hit(Hit<T>),
    /// It is not there, or not good enough.
    Miss(Box<Miss<'a, T>>),
}

/// Something of the cache that is good enough.
#[derive(Clone, Debug)]
pub struct Hit<T> {
    /// The credential.
    pub payload: T,
    /// Whether it should be renewed in the background.
    pub is_due: bool,
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
    /// The identity of its holder.
    pub identity: Option<String>,
    /// When it was made.
    pub obtained_at: DateTime<Utc>,
    /// When it expires.
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
    /// A cache in a folder, which is made when the first entry is written. A folder that cannot be
    /// trusted is not used; that is reported once on stderr.
    pub fn open(folder: Option<&Path>) -> Self {
        let opened = match folder {
            Some(path) => Folder::open(path),
            None => Err("HOME is not set; set AWS_CONNECTOR_CACHE_DIR".to_owned()),
        };
        let (folder, unusable) = match opened {
            Ok(folder) => (Some(folder), None),
            Err(why) => (None, Some(why)),
        };
        Self {
            folder,
            unusable,
            sealer: OnceCell::new(),
            told: Cell::new(false),
        }
    }

    /// A cache that keeps nothing.
    pub fn off() -> Self {
        Self {
            folder: None,
            unusable: None,
            sealer: OnceCell::new(),
            told: Cell::new(false),
        }
    }

    /// Looks for what is wanted: takes no lock, and says nothing.
    pub fn look<'a, T: Cacheable>(&'a self, want: Want<'a>, turn: &Turn<'_>) -> Look<'a, T> {
        let (held, refused) = match self.read::<T>(&want) {
            Ok(held) => (held, None),
            Err(why) => (None, Some(why)),
        };
        if let Some(entry) = &held
            && want.is_met_by(entry, turn)
        {
            log::debug(format_args!("hit {}", want.key.hex()));
            return Look::Hit(Hit {
                payload: entry.payload.clone(),
                is_due: turn.now() >= entry.refresh_at,
            });
        }
        log::debug(format_args!("miss {}", want.key.hex()));
        Look::Miss(Box::new(Miss {
            cache: self,
            valid: held.filter(|entry| want.may_fall_back_on(entry, turn)),
            refused,
            want,
        }))
    }

    /// Reads an entry, whatever its remaining lifetime.
    ///
    /// # Errors
    /// Why the entry is ignored.
    fn read<T: Cacheable>(&self, want: &Want<'_>) -> Result<Option<Entry<T>>, String> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let key = want.file();
        let sealer = match want.keep {
            Keep::Nowhere => return Ok(None),
            Keep::Files => None,
            Keep::Sealed => match self.sealer() {
                Ok(sealer) => Some(sealer),
                Err(_) => return Ok(None),
            },
        };
        let Some(bytes) = folder.read(key)? else {
            return Ok(None);
        };
        let entry = match sealer {
            Some(sealer) => sealer.open_entry(key, &bytes),
            None => Entry::parse(&bytes, key),
        };
        if entry.is_none() {
            log::debug(format_args!(
                "ignored entry {}: truncated or not recognized",
                key.hex()
            ));
        }
        Ok(entry)
    }

    /// What seals entries, from the kernel's keyring.
    ///
    /// # Errors
    /// Why there is no key.
    fn sealer(&self) -> Result<&Sealer, &str> {
        let find = || match &self.folder {
            Some(folder) => folder.create().and_then(|()| Sealer::find(folder.path())),
            None => Err("the cache directory does not exist".to_owned()),
        };
        self.sealer
            .get_or_init(find)
            .as_ref()
            .map_err(String::as_str)
    }

    /// The folder for entries that are kept in one way, or nothing and why on stderr.
    fn folder_for(&self, keep: Keep) -> Option<&Folder> {
        if keep == Keep::Nowhere {
            return None;
        }
        if let Some(why) = &self.unusable {
            self.tell(why);
        }
        let folder = self.folder.as_ref()?;
        if keep == Keep::Sealed
            && let Err(why) = self.sealer()
        {
            self.tell(why);
            return None;
        }
        Some(folder)
    }

    /// Every entry in the cache that can be read, soonest to expire first.
    pub fn list(&self) -> Vec<Listed> {
        let folder = self.folder_for(Keep::Files);
        folder.map(sweep::list).unwrap_or_default()
    }

    /// Removes all files of the keys (as in [`Listed::key`]) that `choose` picks, readable or not,
    /// each key under its lock.
    pub fn clear(&self, choose: impl Fn(&str) -> bool) -> Cleared {
        self.folder_for(Keep::Files)
            .map_or_else(Cleared::default, |folder| sweep::clear(folder, choose))
    }

    /// The folder, where one is used.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(Folder::path)
    }

    fn tell(&self, why: &str) {
        if !self.told.replace(true) {
            log::warn(format_args!("not using the cache: {why}"));
        }
    }
}

/// How long a failed renewal is not tried again while a valid credential is cached.
const RENEWAL_PAUSE: TimeDelta = TimeDelta::seconds(30);

#[cfg(test)]
mod tests;
