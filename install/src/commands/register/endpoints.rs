//! The endpoints of the AWS CLI profile that `--auto-configure` reads.

use aws_connector_core::ambient::Surroundings;
use aws_connector_core::error::Result;
use aws_connector_core::profile::Endpoints;
use toml_edit::{InlineTable, Value};

use crate::app::App;
use crate::services::fields::{FieldList, Fields};

/// Copies the profile's endpoints into the connector, unless the connector uses that profile and so
/// its endpoints: keys in the environment and copied keys and roles need the same AWS as before.
pub(super) fn complete(app: &App, flags: &Fields, found: &mut FieldList) -> Result<()> {
    let has = |key: &str| found.iter().any(|(known, _)| known == key);
    if has("endpoint_url") || has("endpoints") {
        return Ok(());
    }
    let insecure = (found.iter())
        .any(|(key, value)| key == "allow_insecure_endpoint" && value.as_bool() == Some(true));
    let around = Surroundings::new(&app.env);
    let of = |profile: Option<&str>| -> Result<Endpoints> {
        let theirs = around.profile_endpoints(profile, insecure)?;
        let theirs = theirs.filter(|theirs| !theirs.ignored);
        Ok(theirs.map(|theirs| theirs.settings).unwrap_or_default())
    };
    let read = flags
        .source_profile
        .as_ref()
        .or(flags.profile_name.as_ref());
    let wanted = of(read.map(String::as_str))?;
    let used = found
        .iter()
        .find(|(key, _)| key == "source_profile" || key == "profile_name")
        .and_then(|(_, value)| value.as_str());
    if let Some(used) = used {
        let at_use = of(Some(used))?;
        if at_use.all == wanted.all && at_use.by_service == wanted.by_service {
            return Ok(());
        }
    }
    let mut table = InlineTable::new();
    for (service, url) in &wanted.by_service {
        table.insert(*service, Value::from(url.as_str()));
    }
    let mut set = |key: &str, value: Value| found.push((key.to_owned(), value));
    if let Some(url) = &wanted.all {
        set("endpoint_url", Value::from(url.as_str()));
    }
    if !table.is_empty() {
        set("endpoints", Value::InlineTable(table));
    }
    Ok(())
}
