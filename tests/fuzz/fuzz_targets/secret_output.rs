//! The output of secret sources: credential processes, commands and stores, files.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use aws_connector_core::env::Env;
use aws_connector_core::local_secret;
use aws_connector_core::protocol::credential_process;
use aws_connector_core::secret::Secret;
use chrono::DateTime;
use fuzz_support::{environment, folder, is_one_line, is_presentable};
use libfuzzer_sys::fuzz_target;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let file = folder().join("secret");
    fs::write(&file, "").expect("a file");
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
    file
});
static ENV: LazyLock<Env> = LazyLock::new(|| environment(&[]));

fuzz_target!(|bytes: &[u8]| {
    let now = DateTime::UNIX_EPOCH;
    match credential_process::read(bytes, now) {
        Ok(session) => {
            assert!(!session.access_key_id.is_empty() && !session.secret_access_key.is_empty());
            assert!(session.expires_at.is_none_or(|end| end > now));
        }
        Err(what) => is_one_line(&what),
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(secret) = Secret::from_printed(text)
    {
        assert!(text.starts_with(secret.expose()) && text.len() - secret.expose().len() <= 2);
    }
    // Opening a file costs a hundred times as much as parsing it.
    if bytes.first().is_some_and(|first| first % 16 == 0) {
        fs::write(&*FILE, bytes).expect("a file in memory");
        match local_secret::read_file(FILE.to_str().expect("a path"), &ENV) {
            Ok(secret) => assert!(!secret.is_empty()),
            Err(error) => is_presentable(&error),
        }
    }
});
