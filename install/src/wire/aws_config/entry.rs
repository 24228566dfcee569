//! What `login` writes into the AWS CLI's config file.

use std::collections::BTreeMap;

use aws_connector_core::ambient::ini::Kind;

/// A profile to write.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The profile's name, and that of its services section.
    pub(crate) profile: String,
    /// The connector.
    pub(crate) connector: String,
    /// The command, with shell quoting.
    pub(crate) command: String,
    pub(crate) region: Option<String>,
    pub(crate) endpoints: ClientEndpoints,
}

/// The endpoint settings of an AWS CLI profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientEndpoints {
    /// `endpoint_url`
    pub(crate) all: Option<String>,
    /// The services section: URLs by service.
    pub(crate) by_service: BTreeMap<String, String>,
    /// `use_fips_endpoint`
    pub(crate) use_fips: Option<bool>,
    /// `use_dualstack_endpoint`
    pub(crate) use_dual_stack: Option<bool>,
}

impl Entry {
    /// The lines of the profile, and of its services section if it needs one.
    pub(super) fn sections(&self) -> [(Kind, Vec<String>); 2] {
        let name = &self.profile;
        let mut profile = vec![
            format!("[profile {name}]"),
            format!("credential_process = {}", self.command),
        ];
        let mut services = Vec::new();
        let ClientEndpoints {
            all,
            by_service,
            use_fips,
            use_dual_stack,
        } = &self.endpoints;
        let mut set = |key: &str, value: Option<&str>| {
            profile.extend(value.map(|value| format!("{key} = {value}")));
        };
        let text = |on: &Option<bool>| on.map(|on| if on { "true" } else { "false" });
        set("region", self.region.as_deref());
        set("endpoint_url", all.as_deref());
        set("use_fips_endpoint", text(use_fips));
        set("use_dualstack_endpoint", text(use_dual_stack));
        if !by_service.is_empty() {
            set("services", Some(name));
            services.push(format!("[services {name}]"));
            for (service, url) in by_service {
                services.push(format!("{service} ="));
                services.push(format!("  endpoint_url = {url}"));
            }
        }
        [(Kind::Profile, profile), (Kind::Services, services)]
    }

    /// What to add by hand if the file cannot be edited.
    pub(crate) fn by_hand(&self) -> String {
        let sections = self.sections().map(|(_, lines)| lines.join("\n") + "\n");
        sections.join("\n").trim_end().to_owned() + "\n"
    }
}
