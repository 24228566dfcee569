//! Finds actions that a user's own policy is missing, to warn about but not to refuse.

use serde_json::Value;

/// Which of `actions` (such as `ecr:GetAuthorizationToken`) the policy `policy_json` certainly does
/// not grant, in the given order.
///
/// For a warning, so when in doubt it reports nothing: a grant counts regardless of its resources
/// and conditions, a denial counts only if it covers every resource unconditionally, and a
/// malformed policy lacks nothing (AWS rejects it with its own error).
pub fn policy_lacks(policy_json: &str, actions: &[&str]) -> Vec<String> {
    let Ok(policy) = serde_json::from_str::<Value>(policy_json) else {
        return Vec::new();
    };
    let statements = match policy.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => return Vec::new(),
    };
    if !statements.iter().all(|statement| is_statement(statement)) {
        return Vec::new();
    }
    let lacks = |action: &str| {
        let of = |effect: &'static str| {
            statements
                .iter()
                .filter(move |s| s.get("Effect").and_then(Value::as_str) == Some(effect))
        };
        !of("Allow").any(|s| names(s, action))
            || of("Deny").any(|s| is_unconditional(s) && names(s, action))
    };
    actions
        .iter()
        .filter(|action| lacks(action))
        .map(|&action| action.to_owned())
        .collect()
}

/// Whether a statement has an effect and a list of actions in a valid form.
fn is_statement(statement: &Value) -> bool {
    let effect = statement.get("Effect").and_then(Value::as_str);
    let actions = (statement.get("Action"), statement.get("NotAction"));
    matches!(effect, Some("Allow" | "Deny"))
        && match actions {
            (Some(list), None) | (None, Some(list)) => match list {
                Value::String(_) => true,
                Value::Array(list) => list.iter().all(Value::is_string),
                _ => false,
            },
            _ => false,
        }
}

/// Whether `Action` includes the action, or `NotAction` excludes it.
fn names(statement: &Value, action: &str) -> bool {
    match statement.get("Action") {
        Some(list) => lists(list, action),
        None => statement
            .get("NotAction")
            .is_some_and(|list| !lists(list, action)),
    }
}

fn lists(list: &Value, action: &str) -> bool {
    match list {
        Value::String(pattern) => matches(pattern, action),
        Value::Array(patterns) => patterns
            .iter()
            .filter_map(Value::as_str)
            .any(|pattern| matches(pattern, action)),
        _ => false,
    }
}

/// Whether a statement applies to every resource, without a condition.
fn is_unconditional(statement: &Value) -> bool {
    let everything = match statement.get("Resource") {
        Some(Value::String(one)) => one == "*",
        Some(Value::Array(list)) => list.iter().any(|one| one == "*"),
        _ => false,
    };
    let condition = statement.get("Condition");
    everything && condition.is_none_or(|c| c.as_object().is_some_and(|c| c.is_empty()))
}

/// Matches IAM's wildcards, ignoring case: `*` for any run of characters, `?` for one.
pub fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.as_bytes(), action.as_bytes());
    let (mut p, mut a) = (0, 0);
    // Where to resume after the last `*` if the rest does not match.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(&letter) = action.get(a) {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                retry = Some((p, a));
            }
            Some(&known) if known == b'?' || known.eq_ignore_ascii_case(&letter) => {
                p += 1;
                a += 1;
            }
            _ => {
                let Some((after, from)) = retry else {
                    return false;
                };
                retry = Some((after, from + 1));
                p = after;
                a = from + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|&b| b == b'*')
}

#[cfg(test)]
mod tests {
    use super::{matches, policy_lacks};

    const NEEDED: [&str; 2] = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"];

    fn lacks(statements: &str) -> Vec<String> {
        policy_lacks(
            &format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#),
            &NEEDED,
        )
    }

    #[test]
    fn a_grant_counts_however_it_is_written() {
        for statements in [
            r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
            r#"[{"Effect":"Allow","Action":["ecr:*"],"Resource":"*"}]"#,
            r#"{"Effect":"Allow","Action":["ECR:getauthorizationtoken","ecr:Batch???Image"],"Resource":"*"}"#,
            r#"[{"Effect":"Allow","Action":"ecr:Get*","Resource":"*"},{"Effect":"Allow","Action":"ecr:B*e","Resource":"x"}]"#,
            r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
            r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:*","Resource":"arn:aws:ecr:us-east-1:123456789012:repository/x"}]"#,
            r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]"#,
            r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"ecr:*","Resource":"*"}]"#,
        ] {
            assert!(lacks(statements).is_empty(), "{statements}");
        }
    }

    #[test]
    fn an_action_that_no_statement_allows_is_lacking() {
        for statements in [
            "[]",
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
            r#"{"Effect":"Allow","NotAction":["ecr:*"],"Resource":"*"}"#,
            r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:*","Resource":"*"}]"#,
            r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"s3:*","Resource":["*"],"Condition":{}}]"#,
        ] {
            assert_eq!(lacks(statements), NEEDED, "{statements}");
        }
        assert_eq!(
            lacks(r#"{"Effect":"Allow","Action":"ecr:Batch*","Resource":"*"}"#),
            ["ecr:GetAuthorizationToken"]
        );
    }

    #[test]
    fn an_invalid_policy_lacks_nothing() {
        let deep = "[".repeat(1 << 20);
        for text in [
            "",
            "{",
            "null",
            "[]",
            "{}",
            r#"{"Statement":1}"#,
            r#"{"Statement":[1]}"#,
            r#"{"Statement":{"Effect":"Allow"}}"#,
            r#"{"Statement":{"Effect":"allow","Action":"s3:*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":[1]}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"a","NotAction":"b"}}"#,
            &deep,
        ] {
            assert!(policy_lacks(text, &NEEDED).is_empty(), "{text:.60}");
        }
    }

    #[test]
    fn wildcards_match_as_in_iam_and_in_bounded_time() {
        for (pattern, action, fits) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "abc", true),
            ("a*c", "abcbc", true),
            ("a*c", "abcb", false),
            ("?", "", false),
            ("a?", "ab", true),
            ("a*b*c", "a-b-b-c", true),
            ("ecr:get", "ecr:GetX", false),
            ("*x", "ecr:x", true),
        ] {
            assert_eq!(matches(pattern, action), fits, "{pattern} {action}");
        }
        let pattern = format!("{}b", "*a".repeat(2000));
        assert!(!matches(&pattern, &"a".repeat(4000)));
    }
}
