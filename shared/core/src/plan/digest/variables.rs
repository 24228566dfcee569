//! The environment variables that a command's output depends on, as far as the command line shows.

use std::collections::BTreeMap;

use crate::env::Env;
use crate::paths::FILE_VARIABLE;

/// Variables with their values; `None` if unset.
pub(super) type Variables = BTreeMap<String, Option<String>>;

/// AWS variables that do not affect the identity, or that change while it stays the same. The
/// access key id identifies keys in the environment; the other parts only rotate.
const LEFT_OUT: [&str; 5] = [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SESSION_EXPIRATION",
];

/// The variables that a `credential_process` depends on: those its command line mentions, those
/// that the connector lists, and AWS's own.
pub(super) fn of_process(command: &str, listed: &[String], env: &Env) -> Variables {
    let mut found = mentioned([command], env);
    for name in listed {
        found.insert(name.clone(), env.get_raw(name));
    }
    for (name, value) in env.starting_with("AWS_") {
        // Our own variables only affect caching and logging. The exceptions are AWS_CONNECTOR and
        // the path of the connectors file, which matter if the command calls this program again.
        // The connector chain must not count: it grows with each nested program.
        let is_ours = name.starts_with("AWS_CONNECTOR_") && name != FILE_VARIABLE;
        if !is_ours && !LEFT_OUT.contains(&name.as_str()) {
            found.insert(name, Some(value));
        }
    }
    found
}

/// The variables that words mention as `$NAME` or `${NAME…}`, as a shell would read them.
pub(super) fn mentioned<'w>(words: impl IntoIterator<Item = &'w str>, env: &Env) -> Variables {
    let mut found = Variables::new();
    for word in words {
        for rest in word.split('$').skip(1) {
            let rest = rest.strip_prefix('{').unwrap_or(rest);
            // ${#NAME} and ${!NAME}
            let rest = rest.strip_prefix(['#', '!']).unwrap_or(rest);
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let name = rest.get(..end).unwrap_or("");
            if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) {
                found.insert(name.to_owned(), env.get_raw(name));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &Variables) -> Vec<&str> {
        found.keys().map(String::as_str).collect()
    }

    #[test]
    fn a_mention_is_a_dollar_sign_and_a_name() {
        let env = Env::fixed([("A", "1"), ("EMPTY", "")]);
        let found = mentioned(["x$A-${B:-c}", "$EMPTY/$A", "${#L}"], &env);
        assert_eq!(names(&found), ["A", "B", "EMPTY", "L"]);
        assert_eq!(found.get("A"), Some(&Some("1".to_owned())));
        assert_eq!(found.get("B"), Some(&None));
        assert_eq!(found.get("EMPTY"), Some(&Some(String::new())));
        for nothing in ["", "$", "$$", "$1", "${}", "a b", "$(id)", "100$"] {
            assert_eq!(names(&mentioned([nothing], &env)), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn a_process_depends_on_aws_variables_but_on_no_secret_and_nothing_that_only_rotates() {
        let env = Env::fixed([
            ("AWS_PROFILE", "a"),
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("AWS_SESSION_TOKEN", "x"),
            ("AWS_CREDENTIAL_EXPIRATION", "x"),
            ("AWS_CONNECTOR", "dev"),
            ("AWS_CONNECTOR_FILE", "/f"),
            ("AWS_CONNECTOR_CHAIN", "dev"),
            ("AWS_CONNECTOR_LOG", "debug"),
            ("WHO", "alice"),
            ("OTHER", "x"),
        ]);
        let listed = ["WHO".to_owned(), "NOT_SET".to_owned()];
        assert_eq!(
            names(&of_process("helper", &listed, &env)),
            [
                "AWS_ACCESS_KEY_ID",
                "AWS_CONNECTOR",
                "AWS_CONNECTOR_FILE",
                "AWS_PROFILE",
                "NOT_SET",
                "WHO"
            ]
        );
        // A variable that the command mentions counts, even this one.
        let found = of_process("sh -c 'helper $AWS_SESSION_TOKEN'", &[], &env);
        assert!(found.contains_key("AWS_SESSION_TOKEN"));
    }
}
