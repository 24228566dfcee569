//! The cache: one process calls AWS, all others read what it wrote.
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

/// One user's cache.
#[derive(Debug)]
pub struct Cache {
    folder: Option<Folder>,
    /// Why the directory is not used.
    unusable: Option<String>,
    /// The key that seals entries, loaded on first use; or why it is unavailable.
    sealer: OnceCell<Result<Sealer, String>>,
    /// Whether the user was already warned that the cache is not used.
    told: Cell<bool>,
}

/// The result of a lookup.
#[derive(Debug)]
pub enum Look<'a, T> {
    /// The entry is good enough.
    Hit(Hit<T>),
    /// The entry is missing, or not good enough.
    Miss(Box<Miss<'a, T>>),
}

/// An entry that is good enough.
#[derive(Clone, Debug)]
pub struct Hit<T> {
    /// The credential.
    pub payload: T,
    /// Whether it is due for a background refresh.
    pub is_due: bool,
}

/// An entry, as listed.
#[derive(Clone, Debug)]
pub struct Listed {
    /// `session` or `registry-login`.
    pub kind: String,
    /// The connector that it was minted for.
    pub connector: String,
    /// What it was minted for, such as a registry's host.
    pub label: Option<String>,
    /// The ARN of the principal.
    pub identity: Option<String>,
    /// When it was minted.
    pub obtained_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// Its size on disk in bytes.
    pub size: u64,
    /// The stem of its file names, which is its key.
    pub key: String,
}

/// The result of [`Cache::clear`], in numbers of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// How many were removed.
    pub removed: usize,
    /// How many were kept because another process holds their lock.
    pub kept: usize,
}

impl Cache {
    /// Opens a cache in a directory, which is created with the first entry. An untrusted directory
    /// is not used; this is reported once on stderr.
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

    /// A disabled cache.
    pub fn off() -> Self {
        Self {
            folder: None,
            unusable: None,
            sealer: OnceCell::new(),
            told: Cell::new(false),
        }
    }

    /// Looks an entry up. Takes no lock and prints nothing.
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

    /// Reads an entry, regardless of its remaining lifetime.
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

    /// The key that seals entries, from the kernel's keyring.
    ///
    /// # Errors
    /// Why the key is unavailable.
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

    /// The directory, if entries can be kept this way; otherwise warns on stderr.
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

    /// Lists every readable entry, the next to expire first.
    pub fn list(&self) -> Vec<Listed> {
        let folder = self.folder_for(Keep::Files);
        folder.map(sweep::list).unwrap_or_default()
    }

    /// Removes all files, readable or not, of the keys (as in [`Listed::key`]) that `choose`
    /// selects. Takes each key's lock.
    pub fn clear(&self, choose: impl Fn(&str) -> bool) -> Cleared {
        self.folder_for(Keep::Files)
            .map_or_else(Cleared::default, |folder| sweep::clear(folder, choose))
    }

    /// The directory, if one is used.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(Folder::path)
    }

    fn tell(&self, why: &str) {
        if !self.told.replace(true) {
            log::warn(format_args!("not using the cache: {why}"));
        }
    }
}

/// How long to wait before retrying a failed refresh while a valid credential is cached.
const RENEWAL_PAUSE: TimeDelta = TimeDelta::seconds(30);

#[cfg(test)]
mod tests;
