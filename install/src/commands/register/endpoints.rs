//! The endpoints of the AWS CLI profile that `--auto-configure` reads.

use aws_connector_core::ambient::Surroundings;
use aws_connector_core::error::Result;
use aws_connector_core::plan::IGNORE;
use aws_connector_core::profile::Endpoints;
use toml_edit::{InlineTable, Value};

use crate::app::App;
use crate::services::endpoints::URL;
use crate::services::fields::{FieldList, Fields};

/// Copies the profile's endpoints into the connector, unless the connector uses that profile and so
/// its endpoints: keys in the environment and copied keys and roles need the same AWS as before.
pub(super) fn complete(app: &App, flags: &Fields, found: &mut FieldList) -> Result<()> {
    let has = |key: &str| found.iter().any(|(known, _)| known == key);
    // The environment's endpoints take precedence over the profile's.
    let in_env = !app.env.starting_with(URL).is_empty() || app.env.is_on(IGNORE);
    if has("endpoint_url") || has("endpoints") || in_env {
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
        if at_use == wanted {
            return Ok(());
        }
    }
    let mut table = InlineTable::new();
    for (service, url) in &wanted.by_service {
        table.insert(*service, Value::from(url.as_str()));
    }
    let fields = [
        ("endpoint_url", wanted.all.map(Value::from)),
        (
            "endpoints",
            (!table.is_empty()).then_some(Value::InlineTable(table)),
        ),
        ("use_fips_endpoint", wanted.use_fips.map(Value::from)),
        (
            "use_dualstack_endpoint",
            wanted.use_dual_stack.map(Value::from),
        ),
    ];
    for (key, value) in fields {
        if let Some(value) = value
            && !found.iter().any(|(known, _)| known == key)
        {
            found.push((key.to_owned(), value));
        }
    }
    Ok(())
}
