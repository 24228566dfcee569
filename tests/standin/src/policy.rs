//! IAM policy documents, as far as a connector's session policies use them.
//! Over 300 lines, because the rules of evaluation belong together with their tests.

use serde_json::Value;
use std::collections::BTreeMap;

/// A parsed policy.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
struct Statement {
    allow: bool,
    actions: Match,
    resources: Match,
    conditions: Vec<(String, String, Vec<String>)>,
}

#[derive(Clone, Debug)]
struct Match {
    patterns: Vec<String>,
    negated: bool,
}

/// The result of evaluating policies for one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allow,
    NoAllow,
    ExplicitDeny,
}

/// Parses a session policy; the error is STS's message.
pub(crate) fn parse(text: &str) -> Result<Policy, String> {
    let root: Value = serde_json::from_str(text)
        .map_err(|_| "The policy is not in the valid JSON format.".to_owned())?;
    let object = root
        .as_object()
        .ok_or("The policy is not in the valid JSON format.")?;
    for name in object.keys() {
        if !["Version", "Id", "Statement"].contains(&name.as_str()) {
            return Err("Syntax errors in policy.".to_owned());
        }
    }
    if let Some(version) = object.get("Version")
        && !["2012-10-17", "2008-10-17"].contains(&version.as_str().unwrap_or_default())
    {
        return Err("Syntax errors in policy.".to_owned());
    }
    let statements = match object.get("Statement") {
        Some(Value::Array(list)) if !list.is_empty() => {
            list.iter().map(statement).collect::<Result<_, _>>()?
        }
        Some(one @ Value::Object(_)) => vec![statement(one)?],
        _ => return Err("Syntax errors in policy.".to_owned()),
    };
    Ok(Policy { statements })
}

fn statement(value: &Value) -> Result<Statement, String> {
    let wrong = || "Syntax errors in policy.".to_owned();
    let object = value.as_object().ok_or_else(wrong)?;
    if object.contains_key("Principal") || object.contains_key("NotPrincipal") {
        return Err("Policy document should not specify a principal.".to_owned());
    }
    let allow = match object.get("Effect").and_then(Value::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return Err(wrong()),
    };
    let matcher = |name: &str| -> Result<Match, String> {
        let not = format!("Not{name}");
        match (object.get(name), object.get(not.as_str())) {
            (Some(list), None) => Ok(Match {
                patterns: strings(list).ok_or_else(wrong)?,
                negated: false,
            }),
            (None, Some(list)) => Ok(Match {
                patterns: strings(list).ok_or_else(wrong)?,
                negated: true,
            }),
            (None, None) => Err(format!(
                "Policy statement must contain {}s.",
                name.to_lowercase()
            )),
            (Some(_), Some(_)) => Err(wrong()),
        }
    };
    let actions = matcher("Action")?;
    if actions
        .patterns
        .iter()
        .any(|a| a != "*" && !a.contains(':'))
    {
        return Err(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned(),
        );
    }
    let resources = matcher("Resource")?;
    if let Some(bad) = resources
        .patterns
        .iter()
        .find(|r| *r != "*" && !r.starts_with("arn:"))
    {
        return Err(format!("Resource {bad} must be in ARN format or \"*\"."));
    }
    let mut conditions = Vec::new();
    for (operator, keys) in object
        .get("Condition")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        for (key, values) in keys.as_object().ok_or_else(wrong)? {
            conditions.push((
                operator.clone(),
                key.clone(),
                strings(values).ok_or_else(wrong)?,
            ));
        }
    }
    Ok(Statement {
        allow,
        actions,
        resources,
        conditions,
    })
}

fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(list) => list.iter().map(|v| v.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Evaluates the union of `policies`: an explicit deny overrides any allow.
pub(crate) fn evaluate(
    policies: &[Policy],
    action: &str,
    resource: &str,
    context: &BTreeMap<String, String>,
) -> Verdict {
    let mut verdict = Verdict::NoAllow;
    for statement in policies.iter().flat_map(|p| &p.statements) {
        let matches = statement.actions.matches(&action.to_lowercase(), true)
            && statement.resources.matches(resource, false)
            && statement.conditions.iter().all(|c| condition(c, context));
        match (matches, statement.allow) {
            (true, false) => return Verdict::ExplicitDeny,
            (true, true) => verdict = Verdict::Allow,
            (false, _) => {}
        }
    }
    verdict
}

impl Match {
    fn matches(&self, text: &str, fold: bool) -> bool {
        let hit = self.patterns.iter().any(|p| {
            if fold {
                glob(&p.to_lowercase(), text)
            } else {
                glob(p, text)
            }
        });
        hit != self.negated
    }
}

/// As at AWS, every positive operator fails on a key that the request does not have. A statement with a condition that
/// this stand-in does not know therefore allows nothing.
fn condition(
    (operator, key, values): &(String, String, Vec<String>),
    context: &BTreeMap<String, String>,
) -> bool {
    let (name, if_exists) = match operator.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (operator.as_str(), false),
    };
    let Some(given) = context
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case(key))
        .map(|(_, v)| v)
    else {
        return if_exists || name.contains("Not");
    };
    match name {
        "StringEquals" | "ArnEquals" | "Bool" => values.contains(given),
        "StringNotEquals" => !values.contains(given),
        "StringEqualsIgnoreCase" => values.iter().any(|v| v.eq_ignore_ascii_case(given)),
        "StringLike" | "ArnLike" => values.iter().any(|v| glob(v, given)),
        "StringNotLike" => !values.iter().any(|v| glob(v, given)),
        _ => false,
    }
}

/// Matches a pattern with `*` and `?`, which match any characters.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            p = at + 1;
            t = from + 1;
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str, action: &str, resource: &str) -> Verdict {
        evaluate(&[parse(text).unwrap()], action, resource, &BTreeMap::new())
    }

    #[test]
    fn actions_ignore_case_and_resources_do_not() {
        let policy = r#"{"Statement":{"Effect":"Allow","Action":"EKS:describe*","Resource":"arn:aws:eks:*:*:cluster/prod"}}"#;
        assert_eq!(
            verdict(
                policy,
                "eks:DescribeCluster",
                "arn:aws:eks:us-east-1:1:cluster/prod"
            ),
            Verdict::Allow
        );
        assert_eq!(
            verdict(
                policy,
                "eks:DescribeCluster",
                "arn:aws:eks:us-east-1:1:cluster/PROD"
            ),
            Verdict::NoAllow
        );
        assert_eq!(
            verdict(
                policy,
                "eks:ListClusters",
                "arn:aws:eks:us-east-1:1:cluster/prod"
            ),
            Verdict::NoAllow
        );
    }

    #[test]
    fn deny_overrides_allow() {
        let policy = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
            {"Effect":"Deny","NotAction":"ecr:*","Resource":"*"}]}"#;
        assert_eq!(
            verdict(policy, "ecr:GetAuthorizationToken", "*"),
            Verdict::Allow
        );
        assert_eq!(
            verdict(policy, "eks:ListClusters", "*"),
            Verdict::ExplicitDeny
        );
    }

    #[test]
    fn a_condition_on_an_absent_key_allows_nothing() {
        let policy = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*",
            "Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}}}"#;
        assert_eq!(
            verdict(policy, "ecr:GetAuthorizationToken", "*"),
            Verdict::NoAllow
        );
    }

    #[test]
    fn an_action_without_resources_does_not_match_an_arn() {
        let policy = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:eks:*:*:cluster/*"}}"#;
        assert_eq!(verdict(policy, "eks:ListClusters", "*"), Verdict::NoAllow);
    }

    #[test]
    fn documents_that_aws_refuses_are_refused() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Version":"2011","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
            r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"s3","Resource":"*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"bucket"}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
