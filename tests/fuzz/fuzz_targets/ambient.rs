//! The AWS CLI's config and credentials files, and what they resolve to.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use aws_connector_core::ambient;
use aws_connector_core::env::Env;
use aws_connector_core::plan::{self, digest};
use aws_connector_core::planner;

use aws_connector_core::profile::{ImplicitSource, Profile};
use aws_connector_core::request::{Client, Request, Wants};
use fuzz_support::{environment, folder, is_one_line, is_presentable};
use libfuzzer_sys::fuzz_target;

struct World {
    env: Env,
    config: std::path::PathBuf,
    credentials: std::path::PathBuf,
    site: plan::Site,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = folder();
    let (config, credentials) = (folder.join("config"), folder.join("credentials"));
    let env = environment(&[
        ("HOME", "/nonexistent"),
        ("USER", "me"),
        ("AWS_CONFIG_FILE", config.to_str().expect("a path")),
        (
            "AWS_SHARED_CREDENTIALS_FILE",
            credentials.to_str().expect("a path"),
        ),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    // A site as in a plan.
    let text = "[connectors.dev]\nauth_method = \"session-token\"\nregion = \"us-east-1\"\n\
                aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\naws_secret_access_key = \"secret\"\n";
    let profile =
        Profile::parse(Path::new("connectors.toml"), text.to_owned(), &env).expect("a profile");
    let connector = profile.connector("dev").expect("a connector");
    let request = Request {
        connector: None,
        wants: Wants::Session { resource: None },
        client: Client::CredentialProcess,
        may_prompt: false,
    };
    let plan = planner::make(&profile, &connector, &request, &env).expect("a plan");
    World {
        env,
        config,
        credentials,
        site: plan.session.site,
    }
});

fuzz_target!(|text: &str| {
    let world = &*WORLD;
    // One input for both files: a line of three equal signs separates them.
    let (config, credentials) = text.split_once("\n===\n").unwrap_or((text, ""));
    fs::write(&world.config, config).expect("a file in memory");
    fs::write(&world.credentials, credentials).expect("a file in memory");
    for source in [
        ImplicitSource::Chain,
        ImplicitSource::Profile("dev".to_owned()),
    ] {
        match ambient::resolve(&source, "dev", &world.site, &world.env) {
            Ok(step) => {
                is_one_line(&step.describe());
                drop(digest::of_session(&step, &world.env).inspect_err(is_presentable));
            }
            Err(error) => is_presentable(&error),
        }
    }
    let _ = ambient::profile_region(Some("dev"), &world.env);
    if let Some(words) = ambient::split_command(text) {
        assert!(words.iter().map(String::len).sum::<usize>() <= text.len());
    }
});
