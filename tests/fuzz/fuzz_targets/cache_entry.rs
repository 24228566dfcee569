//! Cache entries: anything but a complete entry of this key is a miss.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use aws_connector_core::cache::{Cacheable, Entry, Key, Need};
use aws_connector_core::credential::{RegistryLogin, Session};
use aws_connector_core::plan::digest;
use aws_connector_core::planner;
use aws_connector_core::profile::Profile;
use aws_connector_core::request::{Client, Request, Wants};
use chrono::DateTime;
use fuzz_support::environment;
use libfuzzer_sys::fuzz_target;

/// The placeholder in the corpus for the key's name, which changes with the version of the cache.
const PLACE: &str = "@KEY@";

static KEY: LazyLock<Key> = LazyLock::new(|| {
    let env = environment(&[("HOME", "/nonexistent"), ("USER", "me")]);
    let text = "[connectors.dev]\nauth_method = \"session-token\"\nregion = \"us-east-1\"\n\
                aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = \"secret\"\n";
    let profile =
        Profile::parse(Path::new("connectors.toml"), text.to_owned(), &env).expect("a profile");
    let connector = profile.connector("dev").expect("a connector");
    let request = Request {
        connector: None,
        wants: Wants::Session { resource: None },
        client: Client::CredentialProcess,
        may_prompt: false,
    };
    let plan = planner::make(&profile, &connector, &request, &env).expect("a plan");
    digest::of_session(&plan.session, &env).expect("a key")
});

fn read<T: Cacheable + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let Some(entry) = Entry::<T>::parse(bytes, *KEY) else {
        return;
    };
    // No entry is served that has expired or is within its margin.
    assert!(!entry.serves(entry.expires_at, Need::HandOut));
    assert!(!entry.is_valid(entry.expires_at));
    assert_eq!(entry.payload.expires_at(), Some(entry.expires_at));
    let _ = entry.serves(DateTime::UNIX_EPOCH, Need::Intermediate);
    let again = Entry::<T>::parse(&entry.render(), *KEY).expect("a whole entry");
    assert_eq!(again.payload, entry.payload);
}

fuzz_target!(|text: &str| {
    let text = text.replace(PLACE, &KEY.hex());
    read::<Session>(text.as_bytes());
    read::<RegistryLogin>(text.as_bytes());
});
