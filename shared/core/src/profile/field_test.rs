//! Tests that the parsers accept exactly the fields in the table.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use super::field::{Row, TABLE};
use super::{Kind, Method, Profile};
use crate::env::Env;

/// The fields of a connector that accepts every other field of its method.
fn minimal(method: Method) -> &'static str {
    const KEYS: &str =
        "aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = \"x\"\n";
    match method {
        Method::Anonymous => "",
        Method::Implicit => "role_arn = \"arn:aws:iam::123456789012:role/dev\"\n",
        Method::SecretKey | Method::SessionToken | Method::FederationToken => KEYS,
        Method::StsToken => {
            "aws_access_key_id = \"ASIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = \"x\"\n\
             aws_session_token = \"x\"\n"
        }
        Method::IamRole => {
            "aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = \"x\"\n\
             role_arn = \"arn:aws:iam::123456789012:role/dev\"\n"
        }
    }
}

/// A sample value of a field's type.
fn sample(row: &Row) -> String {
    match row.kind {
        Kind::Text | Kind::Secret => "\"x\"".to_owned(),
        Kind::OneOf(values) => format!("\"{}\"", values().first().unwrap()),
        Kind::Boolean => "true".to_owned(),
        Kind::Texts => "[\"x\"]".to_owned(),
        Kind::Duration => "\"15m\"".to_owned(),
        Kind::Time => "2030-01-31T12:00:00Z".to_owned(),
        Kind::Command => "[\"/bin/true\"]".to_owned(),
        Kind::Tags | Kind::Policy | Kind::Services => "{}".to_owned(),
    }
}

#[test]
fn every_auth_method_accepts_exactly_the_fields_that_the_table_says() {
    for method in Method::ALL {
        for row in TABLE {
            let (id, name) = (method.id(), row.name);
            let mut text = format!("[connectors.dev]\nauth_method = \"{id}\"\n");
            for line in minimal(method).lines() {
                if !line.starts_with(&format!("{name} ")) {
                    text += &format!("{line}\n");
                }
            }
            if name != "auth_method" {
                text += &format!("{name} = {}\n", sample(row));
            }
            let profile = Profile::parse(Path::new("f"), text, &Env::fixed([])).unwrap();
            let error = profile
                .connector("dev")
                .err()
                .map(|error| error.to_string());
            let error = error.unwrap_or_default();
            if row.methods.contains(&method) {
                let refused = format!("not allowed with auth_method {id}");
                assert!(!error.contains(&refused), "{id}: {error}");
            } else {
                assert!(
                    error.contains(&format!("field '{name}': ")),
                    "{id}, {name}: {error}"
                );
            }
        }
    }
}
