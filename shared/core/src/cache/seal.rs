//! `cache = "keyring"`: encrypts payloads with AES-256-GCM, with a key in the user's kernel
//! keyring. The key is never on disk and is lost on reboot, so a stolen disk or a backup is
//! useless, and a reboot invalidates the cache.

use std::path::Path;
use std::time::Duration;

use aes_gcm::aead::{Aead as _, Generate as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key as CipherKey, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::entry::{Cacheable, Entry};
use super::folder::Unusable;
use super::key::Key;
use super::lock::{self, Guard, Try};

/// The key's name in the keyring.
#[cfg(target_os = "linux")]
const NAME: &str = "aws-connector:cache";
#[cfg(target_os = "linux")]
const KEY_LENGTH: usize = 32;

/// Encrypts and decrypts payloads.
pub(super) struct Sealer(Aes256Gcm);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

/// An encrypted payload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sealed {
    /// Nonce and ciphertext, base64.
    sealed: String,
    expires_at: DateTime<Utc>,
}

impl Cacheable for Sealed {
    const KIND: &'static str = "sealed";

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at)
    }
}

impl Sealer {
    /// Loads the key from the keyring, creating it if missing.
    pub(super) fn find(folder: &Path) -> Result<Self, Unusable> {
        let key = zeroize::Zeroizing::new(match stored_key()? {
            Some(key) => key,
            None => make_key(folder)?,
        });
        let key = CipherKey::<Aes256Gcm>::try_from(key.as_slice())
            .map_err(|_| "the key in the kernel keyring has the wrong length".to_owned())?;
        Ok(Self(Aes256Gcm::new(&key)))
    }

    /// Encrypts a payload. The entry's key and kind are authenticated too, so entries cannot be
    /// swapped.
    pub(super) fn seal<T: Cacheable>(&self, key: Key, payload: &T) -> Option<Sealed> {
        let expires_at = payload.expires_at()?;
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(payload).ok()?);
        let nonce = Nonce::generate();
        let bound = bound::<T>(key);
        let message = Payload {
            msg: &plain,
            aad: bound.as_bytes(),
        };
        let mut sealed = nonce.to_vec();
        sealed.extend(self.0.encrypt(&nonce, message).ok()?);
        Some(Sealed {
            sealed: STANDARD.encode(sealed),
            expires_at,
        })
    }

    /// Decrypts a payload; `None` if it was encrypted with another key or tampered with.
    pub(super) fn open<T: Cacheable>(&self, key: Key, sealed: &Sealed) -> Option<T> {
        let bytes = STANDARD.decode(&sealed.sealed).ok()?;
        let (nonce, ciphertext) = bytes.split_at_checked(12)?;
        let nonce = Nonce::try_from(nonce).ok()?;
        let bound = bound::<T>(key);
        let message = Payload {
            msg: ciphertext,
            aad: bound.as_bytes(),
        };
        let plain = zeroize::Zeroizing::new(self.0.decrypt(&nonce, message).ok()?);
        serde_json::from_slice(&plain).ok()
    }

    /// Decrypts a whole entry.
    pub(super) fn open_entry<T: Cacheable>(&self, key: Key, bytes: &[u8]) -> Option<Entry<T>> {
        let entry = Entry::<Sealed>::parse(bytes, key)?;
        let payload = self.open(key, &entry.payload)?;
        entry.with_payload(payload)
    }
}

fn bound<T: Cacheable>(key: Key) -> String {
    format!("{} {}", T::KIND, key.hex())
}

/// Creates the key under a lock, so that concurrent processes agree on one key.
fn make_key(folder: &Path) -> Result<Vec<u8>, Unusable> {
    let _guard = lock_for(Duration::from_secs(5), &folder.join("keyring.lock"))?;
    if let Some(key) = stored_key()? {
        return Ok(key);
    }
    let key = CipherKey::<Aes256Gcm>::generate();
    store_key(&key)?;
    Ok(key.to_vec())
}

/// Takes a lock, waiting for its holder if necessary.
fn lock_for(patience: Duration, path: &Path) -> Result<Guard, Unusable> {
    match lock::lock_within(path, patience) {
        Ok(Try::Locked(guard)) => Ok(guard),
        Ok(Try::Busy) => Err(format!(
            "timed out waiting for the lock on {}",
            path.display()
        )),
        Err(error) => Err(format!("cannot lock {}: {error}", path.display())),
    }
}

#[cfg(target_os = "linux")]
fn keyring() -> Result<linux_keyutils::KeyRing, Unusable> {
    linux_keyutils::KeyRing::from_special_id(linux_keyutils::KeyRingIdentifier::User, true).map_err(
        |error| {
            format!(
                "cache = \"keyring\" requires the kernel keyring: {}",
                describe(error)
            )
        },
    )
}

/// Describes the kernel's error.
#[cfg(target_os = "linux")]
fn describe(error: linux_keyutils::KeyError) -> String {
    use linux_keyutils::KeyError;
    match error {
        KeyError::AccessDenied | KeyError::PermissionDenied => "permission denied".to_owned(),
        KeyError::QuotaExceeded => "key quota exceeded".to_owned(),
        KeyError::Unknown(code) => std::io::Error::from_raw_os_error(code).to_string(),
        other => other.to_string(),
    }
}

#[cfg(target_os = "linux")]
fn stored_key() -> Result<Option<Vec<u8>>, Unusable> {
    let Ok(key) = keyring()?.search(NAME) else {
        return Ok(None);
    };
    let mut bytes = vec![0; KEY_LENGTH];
    match key.read(&mut bytes) {
        Ok(KEY_LENGTH) => Ok(Some(bytes)),
        _ => Err(format!(
            "the kernel keyring already has a different kind of key named {NAME}"
        )),
    }
}

#[cfg(target_os = "linux")]
fn store_key(key: &[u8]) -> Result<(), Unusable> {
    use linux_keyutils::{KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
    let failed = |error| format!("the kernel keyring rejected the key: {}", describe(error));
    let user = keyring()?;
    // A session without a link to the user's keyring (cron, sudo, a container) does not possess the
    // keys in it and may not change their permissions, so set them while the key is in the process
    // keyring.
    let own = KeyRing::from_special_id(KeyRingIdentifier::Process, true).map_err(failed)?;
    let stored = own.add_key(NAME, key).map_err(failed)?;
    let all = KeyPermissionsBuilder::builder()
        .posessor(Permission::ALL)
        .user(Permission::ALL)
        .build();
    stored.set_perms(all).map_err(failed)?;
    user.link_key(stored).map_err(failed)
}

#[cfg(not(target_os = "linux"))]
fn stored_key() -> Result<Option<Vec<u8>>, Unusable> {
    Err("cache = \"keyring\" works on Linux only; use \"files\" or \"off\"".to_owned())
}

#[cfg(not(target_os = "linux"))]
fn store_key(_: &[u8]) -> Result<(), Unusable> {
    Err("cache = \"keyring\" works on Linux only; use \"files\" or \"off\"".to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::cache::key::tests::some_key;
    use crate::credential::RegistryLogin;
    use crate::secret::Secret;

    pub(in crate::cache) fn sealer(byte: u8) -> Sealer {
        Sealer(Aes256Gcm::new(&CipherKey::<Aes256Gcm>::from([byte; 32])))
    }

    #[test]
    fn a_payload_opens_only_with_its_key_and_in_its_place() {
        let login = RegistryLogin {
            username: "AWS".into(),
            password: Secret::new("p4ssword"),
            expires_at: Utc::now(),
        };
        let sealed = sealer(1).seal(some_key(1), &login).unwrap();
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(!text.contains("p4ssword"));
        assert_eq!(
            sealer(1).open::<RegistryLogin>(some_key(1), &sealed),
            Some(login)
        );
        assert_eq!(sealer(2).open::<RegistryLogin>(some_key(1), &sealed), None);
        assert_eq!(sealer(1).open::<RegistryLogin>(some_key(2), &sealed), None);
        let again = sealer(1).seal(some_key(1), &sealed).unwrap();
        assert_ne!(again.sealed, sealed.sealed);
    }

    #[test]
    fn a_sealer_does_not_show_its_key() {
        assert_eq!(format!("{:?}", sealer(7)), "Sealer");
    }

    #[test]
    fn the_lock_of_the_key_is_waited_for_but_not_forever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring.lock");
        let held = lock_for(Duration::ZERO, &path).unwrap();
        let error = lock_for(Duration::ZERO, &path).unwrap_err();
        assert!(error.contains("timed out"), "{error}");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| lock_for(Duration::from_secs(60), &path).map(drop));
            // Give the other thread time to find the lock busy.
            std::thread::sleep(Duration::from_millis(20));
            drop(held);
            waiting.join().unwrap().unwrap();
        });
    }
}
