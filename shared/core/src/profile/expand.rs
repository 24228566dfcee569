//! Expands `${NAME}`, `${NAME:-default}` and `$$` in string fields. The result is not expanded
//! again.

use std::borrow::Cow;

use crate::env::Env;

/// Expands a string field from the environment.
///
/// # Errors
/// Text that names the unset variable or the malformed macro.
pub fn expand<'t>(text: &'t str, env: &Env) -> Result<Cow<'t, str>, String> {
    expand_except(text, env, |_| false)
}

/// As [`expand`], but keeps IAM's policy variables: `${aws:username}`, `${s3:prefix}`, `${*}`.
///
/// # Errors
/// As [`expand`].
pub fn expand_policy<'t>(text: &'t str, env: &Env) -> Result<Cow<'t, str>, String> {
    expand_except(text, env, |inside| {
        let name = inside.split(":-").next().unwrap_or(inside);
        name.contains(':') || ["*", "?", "$"].contains(&inside)
    })
}

fn expand_except<'t>(
    text: &'t str,
    env: &Env,
    is_foreign: impl Fn(&str) -> bool,
) -> Result<Cow<'t, str>, String> {
    if !text.contains('$') {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = after.strip_prefix('{') {
            let (inside, after) = after
                .split_once('}')
                .ok_or("'${' without '}'; write $$ for a dollar sign")?;
            if is_foreign(inside) {
                out.extend(["${", inside, "}"]);
                rest = after;
                continue;
            }
            let (name, default) = match inside.split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (inside, None),
            };
            if !is_name(name) {
                return Err(format!(
                    "{} does not name an environment variable; write ${{NAME}} or ${{NAME:-default}}",
                    crate::shown::shown(inside)
                ));
            }
            match (env.get(name), default) {
                (Some(value), _) => out.push_str(&value),
                (None, Some(default)) => out.push_str(default),
                (None, None) => {
                    return Err(format!(
                        "environment variable {name} is not set; set it or write ${{{name}:-default}}"
                    ));
                }
            }
            rest = after;
        } else {
            // A lone dollar sign stays, as in a regular expression or a path.
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn macros_expand_from_the_environment() {
        let env = Env::fixed([("A", "x"), ("EMPTY", ""), ("NEST", "${A}")]);
        for (text, expected) in [
            ("plain", "plain"),
            ("${A}", "x"),
            ("a${A}b${A}", "axbx"),
            ("${NO:-d}", "d"),
            ("${NO:-}", ""),
            ("${EMPTY:-d}", "d"),
            ("$$", "$"),
            ("$${A}", "${A}"),
            ("${NEST}", "${A}"),
            ("cost $5", "cost $5"),
            ("end$", "end$"),
        ] {
            assert_eq!(expand(text, &env).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn variables_of_iam_stay_in_a_policy_and_ours_expand_beside_them() {
        let env = Env::fixed([("A", "x")]);
        for (text, expected) in [
            ("${A}/${aws:username}", "x/${aws:username}"),
            (
                "${aws:PrincipalTag/team, 'none'}",
                "${aws:PrincipalTag/team, 'none'}",
            ),
            ("${s3:prefix}${*}${?}${$}", "${s3:prefix}${*}${?}${$}"),
            ("${NO:-a:b}", "a:b"),
            ("$${aws:userid}", "${aws:userid}"),
        ] {
            assert_eq!(expand_policy(text, &env).as_deref(), Ok(expected), "{text}");
        }
        assert!(expand_policy("${NO}/${aws:userid}", &env).is_err());
        assert!(expand("${aws:username}", &env).is_err());
    }

    #[test]
    fn unset_and_malformed_macros_are_errors() {
        let env = Env::fixed([]);
        assert!(expand("${NO}", &env).unwrap_err().contains("NO is not set"));
        assert!(expand("${NO", &env).unwrap_err().contains("without '}'"));
        assert!(expand("${1X}", &env).unwrap_err().contains("does not name"));
        assert!(expand("${}", &env).unwrap_err().contains("does not name"));
    }

    #[test]
    fn expansion_never_panics() {
        let env = Env::fixed([("A", "x")]);
        proptest::proptest!(|(text in "[$\\{\\}A:é-]{0,30}")| { let _ = expand(&text, &env); });
    }
}
