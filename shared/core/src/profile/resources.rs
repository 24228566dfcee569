//! Parses what a connector may serve: regions, a resource, registries.

use toml::de::DeValue;

use super::connector::{Limit, RegistryPattern};
use super::field;
use super::table::{At, Fields};
use super::value::{Kind, Value};
use crate::error::Result;
use crate::resource::{
    MAX_REGISTRY_ACCOUNTS, Partition, RegistryHost, Resource, ResourceType, check_account,
    check_region,
};
use crate::shown::shown;

impl Value for ResourceType {
    const KIND: Kind = Kind::OneOf(|| Self::ALL.map(Self::id).into());

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        fields.read_as(&found.with(String::read(fields, found)?), Self::parse)
    }
}

pub(super) fn region(text: &str) -> std::result::Result<String, String> {
    check_region(text)
        .map(|()| text.to_owned())
        .map_err(|error| error.to_string())
}

pub(super) fn allowed_regions(
    fields: &mut Fields<'_, '_>,
    own: Option<&str>,
) -> Result<Vec<String>> {
    let Some(list) = fields.get(&field::ALLOWED_REGIONS)? else {
        return Ok(Vec::new());
    };
    for name in &list.value {
        region(name).map_err(|error| fields.field_error(&list, &error))?;
        let (there, here) = (Partition::of_region(name), own.map(Partition::of_region));
        if here.is_some_and(|here| here != there) {
            return Err(fields.field_error(
                &list,
                &format!(
                    "{name} is in partition {}, but the connector's region is not",
                    there.id()
                ),
            ));
        }
    }
    Ok(list.value)
}

pub(super) fn limit(
    fields: &mut Fields<'_, '_>,
    region: Option<&str>,
    allowed_regions: &[String],
) -> Result<Option<Limit>> {
    let resource_type = fields.value(&field::RESOURCE_TYPE)?;
    let id = fields.get(&field::RESOURCE_ID)?;
    let Some(resource_type) = resource_type else {
        return match id {
            Some(id) => Err(fields.field_error(&id, "requires resource_type")),
            None => Ok(None),
        };
    };
    let resource = match &id {
        None => None,
        Some(id) => {
            let resource = Resource::parse(resource_type, Some(&id.value))
                .map_err(|error| fields.field_error(id, &error.to_string()))?;
            if let (Some(there), Some(here)) = (resource.region(), region)
                && there != here
                && !allowed_regions.iter().any(|allowed| allowed == there)
            {
                return Err(fields.field_error(
                    id,
                    &format!(
                        "is in {there}, but the connector's region is {here}; change one, or \
                         add {there} to allowed_regions"
                    ),
                ));
            }
            if let (Some(there), Some(here)) =
                (resource.partition(), region.map(Partition::of_region))
                && there != here
            {
                return Err(fields.field_error(
                    id,
                    &format!(
                        "is in partition {}, but the connector is in {}",
                        there.id(),
                        here.id()
                    ),
                ));
            }
            Some(resource)
        }
    };
    Ok(Some(Limit {
        resource_type,
        resource,
    }))
}

pub(super) fn registries(fields: &mut Fields<'_, '_>) -> Result<Vec<RegistryPattern>> {
    let Some(list) = fields.get(&field::REGISTRIES)? else {
        return Ok(Vec::new());
    };
    let registries: Vec<RegistryPattern> = list
        .value
        .iter()
        .map(|text| {
            if text.bytes().all(|b| b.is_ascii_digit()) {
                check_account(text)
                    .map(|()| RegistryPattern::Account(text.clone()))
                    .map_err(|error| fields.field_error(&list, &error.to_string()))
            } else {
                RegistryHost::parse(text)
                    .map(RegistryPattern::Host)
                    .ok_or_else(|| {
                        fields.field_error(
                            &list,
                            &format!("{} is neither an ECR host such as 123456789012.dkr.ecr.us-east-1.amazonaws.com nor a 12-digit account", shown(text)),
                        )
                    })
            }
        })
        .collect::<Result<_>>()?;
    let mut accounts: Vec<&str> = registries
        .iter()
        .filter_map(|pattern| match pattern {
            RegistryPattern::Host(host) => host.account(),
            RegistryPattern::Account(account) => Some(account),
        })
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    if accounts.len() > MAX_REGISTRY_ACCOUNTS {
        return Err(fields.field_error(
            &list,
            &format!(
                "lists {} accounts; a session policy has room for {MAX_REGISTRY_ACCOUNTS}; \
                 split them between several connectors",
                accounts.len()
            ),
        ));
    }
    Ok(registries)
}
