//! The endpoints that an AWS CLI profile names: `endpoint_url`, its `services` section,
//! `use_fips_endpoint`, `use_dualstack_endpoint`, `ignore_configured_endpoint_urls`.

use super::Surroundings;
use super::files::{Files, Section};
use super::ini::{Kind, Property};
use crate::error::Result;
use crate::plan::AwsProfileEndpoints;
use crate::profile::SERVICES;
use crate::shown::shown;
use crate::url::endpoint;

impl Surroundings<'_> {
    /// The endpoints of an AWS CLI profile; without a name, of the one that the environment names,
    /// or of `default`. Other problems in the files are reported when credentials are looked up.
    ///
    /// # Errors
    /// An endpoint is not a URL or would send credentials unencrypted, a switch is neither true nor
    /// false, or the `services` section does not exist.
    pub fn profile_endpoints(
        &self,
        profile: Option<&str>,
        allow_insecure: bool,
    ) -> Result<Option<AwsProfileEndpoints>> {
        let name = self.profile_name(profile);
        match self.files().section(Kind::Profile, &name) {
            Ok(Some(section)) => read(self.files(), &section, allow_insecure).map(Some),
            _ => Ok(None),
        }
    }
}

fn read(files: &Files, section: &Section<'_>, allow_insecure: bool) -> Result<AwsProfileEndpoints> {
    let url = |text: &str, property: &Property<'_>| {
        endpoint(text, allow_insecure).map_err(|error| {
            property.wrong(&format!(
                "of AWS CLI profile {}: {error}",
                shown(&section.name)
            ))
        })
    };
    let mut found = AwsProfileEndpoints {
        ignored: switch(section, "ignore_configured_endpoint_urls")?.unwrap_or(false),
        ..AwsProfileEndpoints::default()
    };
    let settings = &mut found.settings;
    if let Some((text, property)) = section.get("endpoint_url")? {
        settings.all = Some(url(text, property)?);
    }
    settings.use_fips = switch(section, "use_fips_endpoint")?;
    settings.use_dual_stack = switch(section, "use_dualstack_endpoint")?;
    if let Some((services, property)) = section.get("services")? {
        let Some(services) = files.section(Kind::Services, services)? else {
            return Err(property
                .wrong("names a services section that does not exist")
                .fix(format!("add [services {services}], or remove the line")));
        };
        for property in services.properties() {
            let Some(text) = property.inner("endpoint_url") else {
                continue;
            };
            let key = property.key.to_ascii_lowercase();
            match SERVICES.into_iter().find(|service| *service == key) {
                Some(service) => {
                    settings.by_service.insert(service, url(text, property)?);
                }
                None => {
                    found.others.insert(key, text.to_owned());
                }
            }
        }
    }
    Ok(found)
}

fn switch(section: &Section<'_>, key: &str) -> Result<Option<bool>> {
    let Some((text, property)) = section.get(key)? else {
        return Ok(None);
    };
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(property.wrong(&format!("is {}; it must be true or false", shown(text)))),
    }
}
