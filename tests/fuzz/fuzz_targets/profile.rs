//! `connectors.toml`: parsing, every connector, and a plan for each.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use aws_connector_core::env::Env;
use aws_connector_core::plan::digest;
use aws_connector_core::planner;

use aws_connector_core::profile::Profile;
use aws_connector_core::request::{Client, Request, Wants};
use aws_connector_core::resource::RegistryHost;
use fuzz_support::{environment, is_presentable};
use libfuzzer_sys::{Corpus, fuzz_target};

static ENV: LazyLock<Env> = LazyLock::new(|| {
    environment(&[
        ("HOME", "/nonexistent"),
        ("USER", "me"),
        ("NAME", "value"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ])
});

fuzz_target!(|text: &str| -> Corpus {
    let profile = match Profile::parse(Path::new("connectors.toml"), text.to_owned(), &ENV) {
        Ok(profile) => profile,
        Err(error) => {
            is_presentable(&error);
            return Corpus::Keep;
        }
    };
    let names = match profile.names() {
        Ok(names) => names,
        Err(error) => {
            is_presentable(&error);
            return Corpus::Keep;
        }
    };
    let registry =
        RegistryHost::parse("123456789012.dkr.ecr.us-east-1.amazonaws.com").expect("a registry");
    let requests = [
        Wants::Session { resource: None },
        Wants::RegistryLogin { registry },
    ]
    .map(|wants| Request {
        connector: None,
        wants,
        client: Client::CredentialProcess,
        may_prompt: false,
    });
    for name in names {
        let connector = match profile.connector(&name) {
            Ok(connector) => connector,
            Err(error) => {
                is_presentable(&error);
                continue;
            }
        };
        assert_eq!(connector.name, name);
        for request in &requests {
            match planner::make(&profile, &connector, request, &ENV) {
                Ok(plan) => {
                    drop(digest::of_session(&plan.session, &ENV).inspect_err(is_presentable))
                }
                Err(error) => is_presentable(&error),
            }
        }
    }
    Corpus::Keep
});
