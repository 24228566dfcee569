//! One cache entry: a temporary credential with its times, as one JSON document.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::key::{Key, SCHEMA};
use crate::credential::{RegistryLogin, Session, margin};

/// A credential that the cache can store: it must expire.
pub trait Cacheable: Clone + Serialize + DeserializeOwned {
    /// Its name in the entry; an entry of another kind is a miss.
    const KIND: &'static str;
    /// When it expires; `None` if it must never be cached.
    fn expires_at(&self) -> Option<DateTime<Utc>>;
    /// Whether it is well formed; otherwise the entry is a miss.
    fn is_sound(&self) -> bool {
        true
    }
}

impl Cacheable for Session {
    const KIND: &'static str = "session";

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        // Without a session token it is a long-lived pair, even if it has an expiration.
        self.session_token.as_ref().and(self.expires_at)
    }

    fn is_sound(&self) -> bool {
        self.flaw().is_none()
    }
}

impl Cacheable for RegistryLogin {
    const KIND: &'static str = "registry-login";

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at)
    }
}

/// The remaining lifetime that a credential must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To be returned to a client: the [`margin`].
    HandOut,
    /// To sign one more call: one minute.
    Intermediate,
}

/// An entry with its payload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry<T> {
    schema: u32,
    kind: String,
    key: String,
    /// The connector that it was minted for, shown to users.
    pub connector: String,
    /// What it was minted for, such as a registry's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it was minted.
    pub obtained_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// When to refresh it in the background.
    pub refresh_at: DateTime<Utc>,
    /// The credential.
    pub payload: T,
}

impl<T: Cacheable> Entry<T> {
    /// Creates an entry for a new credential; `None` if it must not be cached. `chance` in
    /// `0.0..1.0` places `refresh_at` within its window, so that machines do not refresh at the
    /// same time.
    pub fn new(
        key: Key,
        connector: &str,
        label: Option<&str>,
        obtained_at: DateTime<Utc>,
        payload: T,
        chance: f64,
    ) -> Option<Self> {
        let expires_at = payload.expires_at()?;
        Some(Self {
            schema: SCHEMA,
            kind: T::KIND.to_owned(),
            key: key.hex(),
            connector: connector.to_owned(),
            label: label.map(str::to_owned),
            obtained_at,
            expires_at,
            refresh_at: refresh_at(obtained_at, expires_at, chance),
            payload,
        })
    }

    /// Parses an entry; `None` if it is truncated, or has another key or schema.
    pub fn parse(bytes: &[u8], key: Key) -> Option<Self> {
        let entry: Self = serde_json::from_slice(bytes).ok()?;
        let whole = entry.schema == SCHEMA
            && entry.kind == T::KIND
            && entry.key == key.hex()
            && entry.payload.is_sound()
            && entry.payload.expires_at() == Some(entry.expires_at)
            && entry.obtained_at < entry.expires_at;
        whole.then_some(entry)
    }

    /// The same entry with another form of its payload.
    pub(super) fn with_payload<U: Cacheable>(self, payload: U) -> Option<Entry<U>> {
        let whole = payload.is_sound() && payload.expires_at() == Some(self.expires_at);
        whole.then(|| Entry {
            schema: self.schema,
            kind: U::KIND.to_owned(),
            key: self.key,
            connector: self.connector,
            label: self.label,
            obtained_at: self.obtained_at,
            expires_at: self.expires_at,
            refresh_at: self.refresh_at,
            payload,
        })
    }

    /// The document as stored on disk.
    pub fn render(&self) -> zeroize::Zeroizing<Vec<u8>> {
        // Strings, numbers and times always serialize; an empty file would be a miss.
        zeroize::Zeroizing::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Whether its remaining lifetime is sufficient.
    pub fn serves(&self, now: DateTime<Utc>, need: Need) -> bool {
        if self.is_from_the_future(now) {
            return false;
        }
        let left = self.expires_at - now;
        match need {
            Need::HandOut => left >= margin(self.obtained_at, self.expires_at),
            Need::Intermediate => left >= TimeDelta::seconds(60),
        }
    }

    /// Whether it is still valid.
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.expires_at > now && !self.is_from_the_future(now)
    }

    /// Whether it was written under a wrong clock, so that its times mean nothing.
    fn is_from_the_future(&self, now: DateTime<Utc>) -> bool {
        self.obtained_at > now + TimeDelta::minutes(5)
    }
}

/// A uniformly random time within `[H - W, H - W/4]`, where H is the expiration minus the margin,
/// and W is a quarter of the lifetime but at most an hour.
fn refresh_at(obtained_at: DateTime<Utc>, expires_at: DateTime<Utc>, chance: f64) -> DateTime<Utc> {
    let lifetime = (expires_at - obtained_at).max(TimeDelta::zero());
    let handed_out_until = expires_at - margin(obtained_at, expires_at);
    let window = (lifetime / 4).min(TimeDelta::hours(1));
    let earliest = handed_out_until - window;
    let span_ms = (window - window / 4).num_milliseconds();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "at most 45 minutes in milliseconds, and a random part of that"
    )]
    let drawn = (span_ms as f64 * chance.clamp(0.0, 1.0)) as i64;
    earliest + TimeDelta::milliseconds(drawn)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::cache::key;
    use crate::secret::Secret;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000 + seconds, 0).unwrap()
    }

    fn session(expires: i64) -> Session {
        Session {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
            secret_access_key: Secret::new("s"),
            session_token: Some(Secret::new("t")),
            expires_at: Some(at(expires)),
            account_id: None,
            principal_arn: None,
            obtained_at: None,
        }
    }

    fn entry(lifetime: i64, chance: f64) -> Entry<Session> {
        Entry::new(
            key::tests::some_key(1),
            "dev",
            None,
            at(0),
            session(lifetime),
            chance,
        )
        .unwrap()
    }

    #[test]
    fn an_entry_reads_back_only_under_its_own_key_and_kind() {
        let entry = entry(3600, 0.5);
        let bytes = entry.render();
        assert_eq!(
            Entry::<Session>::parse(&bytes, key::tests::some_key(1))
                .unwrap()
                .payload,
            entry.payload
        );
        assert!(Entry::<Session>::parse(&bytes, key::tests::some_key(2)).is_none());
        assert!(Entry::<RegistryLogin>::parse(&bytes, key::tests::some_key(1)).is_none());
    }

    #[test]
    fn an_entry_with_a_malformed_session_is_a_miss() {
        let mut entry = entry(3600, 0.5);
        entry.payload.access_key_id = "ASIAIOSFODNN7\nXAMPLE".into();
        assert!(Entry::<Session>::parse(&entry.render(), key::tests::some_key(1)).is_none());
    }

    #[test]
    fn a_payload_must_expire_with_its_entry() {
        assert!(entry(3600, 0.5).with_payload(session(3600)).is_some());
        assert!(entry(3600, 0.5).with_payload(session(3601)).is_none());
    }

    #[test]
    fn an_entry_without_a_lifetime_is_a_miss() {
        let bytes = entry(0, 0.5).render();
        assert!(Entry::<Session>::parse(&bytes, key::tests::some_key(1)).is_none());
    }

    #[test]
    fn every_cut_of_an_entry_is_a_miss() {
        let bytes = entry(3600, 0.5).render();
        for length in 0..bytes.len() {
            let cut = bytes.get(..length).unwrap();
            assert!(Entry::<Session>::parse(cut, key::tests::some_key(1)).is_none());
        }
    }

    #[test]
    fn long_lived_keys_are_not_cached() {
        let mut keys = session(3600);
        keys.session_token = None;
        assert!(Entry::new(key::tests::some_key(1), "dev", None, at(0), keys, 0.0).is_none());
        let mut endless = session(3600);
        endless.expires_at = None;
        assert!(Entry::new(key::tests::some_key(1), "dev", None, at(0), endless, 0.0).is_none());
    }

    #[test]
    fn a_returned_credential_has_its_margin_left() {
        let entry = entry(3600, 0.0);
        assert!(entry.serves(at(2700), Need::HandOut));
        assert!(!entry.serves(at(2701), Need::HandOut));
        assert!(entry.serves(at(3540), Need::Intermediate));
        assert!(!entry.serves(at(3541), Need::Intermediate));
        assert!(entry.serves(at(-300), Need::HandOut));
        assert!(!entry.serves(at(-301), Need::HandOut));
        assert!(entry.is_valid(at(3599)) && !entry.is_valid(at(3600)));
        // A clock that was almost a day off makes an expired session look as if it were in the
        // future.
        assert!(!entry.is_valid(at(-23 * 3600)));
    }

    #[test]
    fn refresh_falls_into_its_window() {
        // One hour: margin 15 min, window 15 min: from minute 30 to minute 41:15.
        assert_eq!(entry(3600, 0.0).refresh_at, at(1800));
        assert_eq!(entry(3600, 1.0).refresh_at, at(2475));
        // Twelve hours: margin 15 min, window one hour.
        assert_eq!(entry(43_200, 0.0).refresh_at, at(43_200 - 900 - 3600));
        assert_eq!(entry(43_200, 1.0).refresh_at, at(43_200 - 900 - 900));
    }

    #[test]
    fn garbage_never_panics() {
        proptest::proptest!(|(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300))| {
            let _ = Entry::<Session>::parse(&bytes, key::tests::some_key(1));
        });
    }
}
