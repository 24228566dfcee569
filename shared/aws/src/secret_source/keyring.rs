//! A secret in the platform's keyring: the Secret Service on Linux, the Keychain on macOS, the
//! Credential Manager on Windows. An entry is named `SERVICE/USER`.

use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::shown;
use keyring_core::{CredentialStore, Entry, Error as KeyringError};

/// Reads an entry. A keyring that is locked asks its user to unlock it, which may take longer
/// than a command may: so it is asked from a thread of its own.
pub(super) fn fetch(entry: &str, deadline: Instant) -> Result<Secret> {
    let fail = |what: &str| {
        Error::new(
            Kind::NoCredentials,
            format!("keyring entry {} {what}", shown(entry)),
        )
    };
    let (service, user) = entry
        .rsplit_once('/')
        .filter(|(service, user)| !service.is_empty() && !user.is_empty())
        .ok_or_else(|| fail("does not read SERVICE/USER"))?;
    let (sender, answer) = mpsc::channel();
    let (service, user) = (service.to_owned(), user.to_owned());
    thread::spawn(move || {
        // Nobody listens any more when the deadline has passed.
        let _ = sender.send(read(&service, &user));
    });
    let patience = deadline.saturating_duration_since(Instant::now());
    match answer.recv_timeout(patience) {
        Ok(Ok(text)) => super::found(text.expose(), &format!("keyring entry {}", shown(entry))),
        Ok(Err(KeyringError::NoEntry)) => Err(fail("is not there")
            .fix("store it, for instance with secret-tool or your keychain's program")),
        Ok(Err(KeyringError::NoStorageAccess(cause) | KeyringError::PlatformFailure(cause))) => {
            Err(fail(&format!(
                "cannot be read: {}",
                crate::text::one_line(&cause.to_string())
            ))
            .fix(
                "start and unlock the keyring, or take the secret from a file, variable or command",
            ))
        }
        Ok(Err(KeyringError::BadEncoding(_))) => Err(fail("does not hold text")),
        Ok(Err(other)) => Err(fail(&format!(
            "cannot be read: {}",
            crate::text::one_line(&other.to_string())
        ))),
        Err(_) => {
            Err(fail("was not handed over in time").fix("unlock the keyring, then try again"))
        }
    }
}

fn read(service: &str, user: &str) -> keyring_core::Result<Secret> {
    keyring_core::set_default_store(store()?);
    Entry::new(service, user)?.get_password().map(Secret::new)
}

#[cfg(target_os = "linux")]
fn store() -> keyring_core::Result<std::sync::Arc<CredentialStore>> {
    Ok(dbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn store() -> keyring_core::Result<std::sync::Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(target_os = "windows")]
fn store() -> keyring_core::Result<std::sync::Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
fn store() -> keyring_core::Result<std::sync::Arc<CredentialStore>> {
    Err(KeyringError::NoDefaultStore)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_entry_without_a_user_is_refused_before_the_keyring_is_asked() {
        for entry in ["base", "/base", "aws-connector/"] {
            let error = fetch(entry, Instant::now()).unwrap_err().to_string();
            assert!(error.contains("does not read SERVICE/USER"), "{error}");
        }
    }
}
