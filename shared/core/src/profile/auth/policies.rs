//! Session policies and session tags.

use std::collections::BTreeMap;

use super::Policies;
use crate::error::Result;
use crate::profile::table::Fields;
use crate::profile::{field, limits};
use crate::resource::check_policy_arn;

pub(super) fn read(fields: &mut Fields<'_, '_>) -> Result<Policies> {
    let inline = fields.get(&field::POLICY)?;
    if let Some(policy) = &inline {
        let length = policy.value.0.chars().count();
        if length > 2048 {
            return Err(fields.field_error(
                policy,
                &format!(
                    "is {length} characters long; STS allows at most 2048; shorten it or use \
                     policy_arns"
                ),
            ));
        }
    }
    let arns = fields.get(&field::POLICY_ARNS)?;
    if let Some(arns) = &arns {
        for arn in &arns.value {
            check_policy_arn(arn).map_err(|e| fields.field_error(arns, &e.to_string()))?;
        }
        if arns.value.is_empty() || arns.value.len() > 10 {
            return Err(fields.field_error(
                arns,
                &format!("lists {} policies; STS allows 1 to 10", arns.value.len()),
            ));
        }
    }
    Ok(Policies {
        inline: inline.map(|at| at.value.0),
        arns: arns.map_or_else(Vec::new, |at| at.value),
    })
}

pub(super) fn tags(fields: &mut Fields<'_, '_>) -> Result<BTreeMap<String, String>> {
    let Some(tags) = fields.get(&field::TAGS)? else {
        return Ok(BTreeMap::new());
    };
    limits::tags(&tags.value.0).map_err(|e| fields.field_error(&tags, &e))?;
    Ok(tags.value.0.into_iter().collect())
}
