//! Session names, which CloudTrail shows and EKS can map, within STS's character set and length.

use sha2::{Digest as _, Sha256};

use crate::env::Env;
use crate::profile::limits::SESSION_NAME_PLACEHOLDERS;
use crate::request::Client;

const DEFAULT: &str = "aws-connector-{user}";

/// The name of a role session: the template with its placeholders filled in and invalid characters
/// replaced, at most 64 characters. A name that is too long ends in a digest, so that long names
/// stay distinct.
pub fn session_name(template: Option<&str>, connector: &str, client: Client, env: &Env) -> String {
    fitted(template.unwrap_or(DEFAULT), connector, client, env, 64)
}

/// The name of a federated user, by the same rules but at most 32 characters.
pub fn federation_name(name: Option<&str>, connector: &str, client: Client, env: &Env) -> String {
    fitted(name.unwrap_or(DEFAULT), connector, client, env, 32)
}

fn fitted(template: &str, connector: &str, client: Client, env: &Env, longest: usize) -> String {
    let mut text = template.to_owned();
    for placeholder in SESSION_NAME_PLACEHOLDERS {
        if text.contains(placeholder) {
            let value = match placeholder {
                "{connector}" => connector.to_owned(),
                "{user}" => env.user(),
                "{host}" => host(),
                _ => client.id().to_owned(),
            };
            text = text.replace(placeholder, &value);
        }
    }
    let mut clean: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    if clean.len() > longest {
        let digest = Sha256::digest(text.as_bytes());
        let tail: String = digest
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        clean.truncate(longest - 9);
        clean.push('-');
        clean.push_str(&tail);
    }
    while clean.len() < 2 {
        clean.push('-');
    }
    clean
}

fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(template: &str, user: &str) -> String {
        let env = Env::fixed([("USER", user)]);
        session_name(Some(template), "dev", Client::Docker, &env)
    }

    #[test]
    fn placeholders_are_filled_in_and_cleaned() {
        assert_eq!(name("aws-connector-{user}", "ann"), "aws-connector-ann");
        assert_eq!(
            name("{connector}.{client}@{user}", "Ann Ü"),
            "dev.docker@Ann--"
        );
        assert_eq!(name("{user}", "x"), "x-");
    }

    #[test]
    fn long_names_are_cut_but_stay_apart() {
        let (a, b) = ("a".repeat(80), format!("{}b", "a".repeat(79)));
        let (one, two) = (name("{user}", &a), name("{user}", &b));
        assert_eq!((one.len(), two.len()), (64, 64));
        let longest = "a".repeat(64);
        assert_eq!(name("{user}", &longest), longest);
        assert_ne!(one, two);
        let env = Env::fixed([("USER", a.as_str())]);
        assert_eq!(federation_name(None, "dev", Client::Docker, &env).len(), 32);
    }
}
