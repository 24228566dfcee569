//! Reads secrets from the platform's keyring: the Secret Service on Linux, the Keychain on macOS.
//! An entry is named `SERVICE/USER`.

use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::{one_line, shown};
use keyring_core::{CredentialStore, Entry, Error as KeyringError};

/// Reads an entry.
pub(super) fn fetch(entry: &str, deadline: Instant) -> Result<Secret> {
    let read = |entry: &Entry| entry.get_password().map(Secret::new);
    match ask(entry, deadline, read)? {
        Some(text) => super::found(
            text.expose(),
            &format!("desktop keyring entry {}", shown(entry)),
        ),
        None => Err(failed(entry, "is not there").fix(how_to_store(entry))),
    }
}

/// Stores a secret in an entry, or deletes the entry if `None`, and returns the previous secret.
///
/// # Errors
/// The name is not of the form `SERVICE/USER`, or the keyring is locked or unavailable.
#[cfg(feature = "inventory")]
pub fn exchange(entry: &str, secret: Option<Secret>, deadline: Instant) -> Result<Option<Secret>> {
    ask(entry, deadline, move |entry| {
        let before = match entry.get_password() {
            Ok(text) => Some(Secret::new(text)),
            Err(KeyringError::NoEntry) => None,
            Err(error) => return Err(error),
        };
        match (&secret, &before) {
            (Some(secret), _) => entry.set_password(secret.expose())?,
            (None, Some(_)) => entry.delete_credential()?,
            (None, None) => {}
        }
        Ok(before)
    })
    .map(Option::flatten)
}

/// Queries the keyring; `None` if the entry does not exist. A locked keyring prompts its user,
/// which may take longer than the deadline, so this runs in a separate thread.
fn ask<T: Send + 'static>(
    entry: &str,
    deadline: Instant,
    work: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<Option<T>> {
    let (service, user) = entry
        .rsplit_once('/')
        .filter(|(service, user)| !service.is_empty() && !user.is_empty())
        .ok_or_else(|| failed(entry, "is not of the form SERVICE/USER"))?;
    let (sender, answer) = mpsc::channel();
    let (service, user) = (service.to_owned(), user.to_owned());
    thread::spawn(move || {
        let asked = store().and_then(|store| {
            keyring_core::set_default_store(store);
            work(&Entry::new(&service, &user)?)
        });
        // The receiver is gone if the deadline has passed.
        let _ = sender.send(asked);
    });
    let patience = deadline.saturating_duration_since(Instant::now());
    match answer.recv_timeout(patience) {
        Ok(Ok(found)) => Ok(Some(found)),
        Ok(Err(KeyringError::NoEntry)) => Ok(None),
        Ok(Err(KeyringError::NoStorageAccess(cause) | KeyringError::PlatformFailure(cause))) => {
            Err(failed(
                entry,
                &format!("is unavailable: {}", why(&cause.to_string())),
            )
            .fix(
                "start and unlock the desktop keyring, or read the secret from a file, a \
                     variable or a command",
            ))
        }
        Ok(Err(KeyringError::BadEncoding(_))) => Err(failed(entry, "is not UTF-8 text")),
        Ok(Err(other)) => Err(failed(
            entry,
            &format!("is unavailable: {}", one_line(&other.to_string())),
        )),
        Err(_) => Err(failed(entry, "timed out").fix("unlock the desktop keyring, then retry")),
    }
}

/// The reason without the libraries' words: without a desktop session, they mention X11.
fn why(cause: &str) -> String {
    let cause = one_line(cause);
    if cause.contains("autolaunch") {
        return "there is no desktop session (DBUS_SESSION_BUS_ADDRESS is not set)".to_owned();
    }
    cause
        .strip_prefix("DBus error: ")
        .unwrap_or(&cause)
        .to_owned()
}

/// The platform's command that stores an entry; it prompts for the secret.
fn how_to_store(entry: &str) -> String {
    let (service, user) = entry.rsplit_once('/').unwrap_or((entry, ""));
    if cfg!(target_os = "macos") {
        format!("security add-generic-password -s {service} -a {user} -w")
    } else {
        format!("secret-tool store --label={user} service {service} username {user}")
    }
}

fn failed(entry: &str, what: &str) -> Error {
    Error::new(
        Kind::NoCredentials,
        format!("desktop keyring entry {} {what}", shown(entry)),
    )
}

#[cfg(target_os = "linux")]
fn store() -> keyring_core::Result<std::sync::Arc<CredentialStore>> {
    Ok(dbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn store() -> keyring_core::Result<std::sync::Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_missing_desktop_session_is_reported_without_library_terms() {
        let said = why("DBus error: Using X11 for dbus-daemon autolaunch was disabled");
        assert!(
            said.contains("DBUS_SESSION_BUS_ADDRESS") && !said.contains("X11"),
            "{said}"
        );
        assert_eq!(why("DBus error: no such socket"), "no such socket");
    }

    #[test]
    fn an_entry_without_a_user_is_refused_before_the_keyring_is_asked() {
        for entry in ["base", "/base", "aws-connector/"] {
            let error = fetch(entry, Instant::now()).unwrap_err().to_string();
            assert!(error.contains("is not of the form SERVICE/USER"), "{error}");
        }
    }
}
