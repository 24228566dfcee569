//! Temporary keys for a connector with auth_method `sts-token`, which stores them.

use std::path::Path;

use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::profile::{Method, Profile, field};
use chrono::SecondsFormat;
use toml_edit::{Datetime, DocumentMut, Item, Table, Value};

use crate::app::App;
use crate::services::fields::FieldList;
use crate::services::obtain;

/// Obtains a session from the connector with these fields, and replaces the fields by those of a
/// connector that stores the session.
pub(super) fn obtain(app: &App, name: &str, found: &mut FieldList) -> Result<()> {
    let mut table = Table::new();
    for (key, value) in found.iter() {
        table.insert(key, Item::Value(value.clone()));
    }
    // A cached session may be about to expire.
    table.insert(field::CACHE.name(), Item::Value(Value::from("off")));
    let mut connectors = Table::new();
    connectors.insert(name, Item::Table(table));
    let mut document = DocumentMut::new();
    document.insert("connectors", Item::Table(connectors));
    let place = Path::new("--auto-configure");
    let profile = Profile::parse(place, document.to_string(), &app.env)?;
    profile.connector(name).map_err(|mut error| {
        // The fields come from flags, not from a file.
        error.kind = Kind::Usage;
        if let Some(place) = &mut error.place {
            place.line = None;
        }
        error
    })?;
    let session = obtain::session(app, &profile, name, None)?;
    let Some(token) = &session.session_token else {
        return Err(Error::refused("the credentials are not temporary")
            .fix("pass --auth-method secret-key to store long-lived keys"));
    };
    let keys = [
        field::AWS_ACCESS_KEY_ID.name(),
        field::AWS_SECRET_ACCESS_KEY.name(),
        field::AWS_SESSION_TOKEN.name(),
        field::AUTH_METHOD.name(),
    ];
    // The role, the duration and the like are only for the call.
    let stays = |key: &str| {
        let row = field::TABLE.iter().find(|row| row.name == key);
        row.is_some_and(|row| row.methods.contains(&Method::StsToken)) && !keys.contains(&key)
    };
    found.retain(|(key, _)| stays(key));
    let mut put = |key: &str, value: Value| found.push((key.to_owned(), value));
    put(keys[3], Value::from(Method::StsToken.id()));
    put(keys[0], Value::from(session.access_key_id.as_str()));
    put(keys[1], Value::from(session.secret_access_key.expose()));
    put(keys[2], Value::from(token.expose()));
    if let Some(end) = session.expires_at {
        let text = end.to_rfc3339_opts(SecondsFormat::Secs, true);
        let time = text
            .parse::<Datetime>()
            .map_err(|error| Error::local("invalid expiration").because(error))?;
        put(field::EXPIRES_AT.name(), Value::from(time));
    }
    Ok(())
}
