//! The limits of STS's parameters. All violations of a call are reported in one message, as STS does.

use crate::api::{ApiError, Call};
use crate::policy::{self, Policy};
use crate::world::World;
use std::collections::BTreeMap;

/// Collects violations.
#[derive(Default)]
pub(super) struct Checks {
    broken: Vec<String>,
}

impl Checks {
    pub(super) fn text(
        &mut self,
        call: &Call<'_>,
        name: &str,
        lengths: (usize, usize),
        extra: &str,
        pattern: &str,
    ) {
        if let Some(value) = call.param(name) {
            self.value(value, &lower_first(name), lengths, Some((extra, pattern)));
        }
    }

    fn value(
        &mut self,
        value: &str,
        name: &str,
        lengths: (usize, usize),
        charset: Option<(&str, &str)>,
    ) {
        let (least, most) = lengths;
        let count = value.chars().count();
        let mut broken = |rule: String| {
            self.broken.push(format!(
                "Value '{value}' at '{name}' failed to satisfy constraint: Member must {rule}"
            ));
        };
        if count < least {
            broken(format!("have length greater than or equal to {least}"));
        }
        if count > most {
            broken(format!("have length less than or equal to {most}"));
        }
        if let Some((extra, pattern)) = charset
            && !value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
        {
            broken(format!("satisfy regular expression pattern: {pattern}"));
        }
    }

    pub(super) fn required(&mut self, call: &Call<'_>, name: &str) {
        if call.param(name).is_none_or(str::is_empty) {
            let name = lower_first(name);
            self.broken.push(format!(
                "Value null at '{name}' failed to satisfy constraint: Member must not be null"
            ));
        }
    }

    pub(super) fn token_code(&mut self, call: &Call<'_>) {
        if let Some(code) = call.param("TokenCode") {
            self.value(code, "tokenCode", (6, 6), None);
            if !code.bytes().all(|b| b.is_ascii_digit()) {
                self.broken.push(format!(
                    "Value '{code}' at 'tokenCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\d]*"
                ));
            }
        }
        self.text(
            call,
            "SerialNumber",
            (9, 256),
            "_+=/:,.@-",
            "[\\w+=/:,.@-]*",
        );
    }

    /// `DurationSeconds`, or `None` if it is not set.
    pub(super) fn duration(&mut self, call: &Call<'_>, least: i64, most: i64) -> Option<i64> {
        let text = call.param("DurationSeconds")?;
        let Ok(seconds) = text.parse::<i64>() else {
            self.broken.push(format!(
                "Value '{text}' at 'durationSeconds' failed to satisfy constraint: Member must be a number"
            ));
            return None;
        };
        let mut broken = |rule: String| {
            self.broken.push(format!(
                "Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value {rule}"
            ));
        };
        if seconds < least {
            broken(format!("greater than or equal to {least}"));
        }
        if seconds > most {
            broken(format!("less than or equal to {most}"));
        }
        Some(seconds)
    }

    pub(super) fn finish(self) -> Result<(), ApiError> {
        let count = self.broken.len();
        if count == 0 {
            return Ok(());
        }
        let noun = if count == 1 { "error" } else { "errors" };
        Err(ApiError::validation(format!(
            "{count} validation {noun} detected: {}",
            self.broken.join("; ")
        )))
    }
}

/// Session policies and tags of a call.
pub(super) struct Packed {
    pub(super) policies: Option<Vec<Policy>>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive: Vec<String>,
    pub(super) characters: usize,
    /// Percentage of the quota, as PackedPolicySize.
    pub(super) percent: usize,
}

/// Reads and checks Policy, PolicyArns, Tags and TransitiveTagKeys.
pub(super) fn packed(
    world: &World,
    call: &Call<'_>,
    checks: &mut Checks,
) -> Result<Packed, ApiError> {
    let inline = call.param("Policy");
    if let Some(text) = inline {
        checks.value(text, "policy", (1, 2048), None);
    }
    let arns = members(call, "PolicyArns", ".arn");
    if arns.len() > 10 {
        checks.broken.push(
            "Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10".to_owned(),
        );
    }
    let keys = members(call, "Tags", ".Key");
    let values = members(call, "Tags", ".Value");
    if keys.len() > 50 {
        checks
            .broken
            .push("Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50".to_owned());
    }
    for key in &keys {
        checks.value(key, "tags.member.key", (1, 128), None);
    }
    for value in &values {
        checks.value(value, "tags.member.value", (0, 256), None);
    }
    std::mem::take(checks).finish()?;

    let mut tags = BTreeMap::new();
    for (i, key) in keys.iter().enumerate() {
        if tags.keys().any(|k: &String| k.eq_ignore_ascii_case(key)) {
            return Err(ApiError::new(
                400,
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        tags.insert(key.clone(), values.get(i).cloned().unwrap_or_default());
    }
    let transitive = members(call, "TransitiveTagKeys", "");
    if transitive.iter().any(|key| !tags.contains_key(key)) {
        return Err(ApiError::validation(
            "The specified transitive tag key must be included in the requested tags.".to_owned(),
        ));
    }

    let mut policies = Vec::new();
    if let Some(text) = inline {
        policies.push(
            policy::parse(text)
                .map_err(|told| ApiError::new(400, "MalformedPolicyDocument", told))?,
        );
    }
    for arn in &arns {
        // The code that AWS returns for an unknown ARN is not documented; this one fails the call too.
        let known = world.policies.get(arn).ok_or_else(|| {
            ApiError::new(
                400,
                "MalformedPolicyDocument",
                format!("Policy {arn} does not exist or is not attachable."),
            )
        })?;
        policies.push(known.clone());
    }
    let characters = inline.map_or(0, str::len)
        + arns.iter().map(String::len).sum::<usize>()
        + tags.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>();
    // AWS packs all of it into a binary form with an unpublished quota, which about 4 KB of text exceeds.
    let percent = (characters * 100).div_ceil(4096);
    if percent > 100 {
        return Err(ApiError::new(
            400,
            "PackedPolicyTooLarge",
            format!(
                "Packed size of session tags and policies consumes {percent}% of allotted space."
            ),
        ));
    }
    let policies = (!policies.is_empty()).then_some(policies);
    Ok(Packed {
        policies,
        tags,
        transitive,
        characters,
        percent,
    })
}

/// The values of `NAME.member.1SUFFIX`, `NAME.member.2SUFFIX`, …
fn members(call: &Call<'_>, name: &str, suffix: &str) -> Vec<String> {
    (1..)
        .map_while(|i| {
            call.param(&format!("{name}.member.{i}{suffix}"))
                .map(str::to_owned)
        })
        .collect()
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_ascii_lowercase().to_string() + chars.as_str()
    })
}
