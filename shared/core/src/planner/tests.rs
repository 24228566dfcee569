//! Plans made from small connectors files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;

use rustix::fs::{CWD, Mode, mkfifoat};

use super::*;
use crate::env::Env;
use crate::error::Result;
use crate::plan::{Delivery, Plan, Site, Step};
use crate::profile::{CacheMode, Profile};
use crate::request::{Client, Request, Wants};
use crate::resource::RegistryHost;

const KEYS: &str = r#"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
"#;
const ROLE: &str = r#"
auth_method = "iam-role"
role_arn = "arn:aws:iam::123456789012:role/dev"
"#;
const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

fn profile(text: &str, env: &Env) -> Profile {
    Profile::parse(Path::new("connectors.toml"), text.to_owned(), env).unwrap()
}

/// The plan for connector `dev`.
fn plan(text: &str, wants: Wants, env: &Env) -> Result<Plan> {
    let profile = profile(text, env);
    let request = Request {
        connector: Some("dev".into()),
        wants,
        client: Client::CredentialProcess,
        may_prompt: false,
    };
    make(&profile, &*profile.connector("dev")?, &request, env)
}

fn session(text: &str, env: &Env) -> Step {
    let wants = Wants::Session { resource: None };
    plan(text, wants, env).unwrap().session
}

#[test]
fn a_login_is_requested_at_an_endpoint_of_the_same_kind_as_the_registry() {
    for (host, setting, expected) in [
        (REGISTRY, "", (false, false)),
        (REGISTRY, "use_fips_endpoint = true", (true, false)),
        (REGISTRY, "use_dualstack_endpoint = true", (false, true)),
        (
            "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
            "",
            (true, false),
        ),
        ("123456789012.dkr-ecr.us-east-1.on.aws", "", (false, true)),
    ] {
        let registry = RegistryHost::parse(host).unwrap();
        let text = format!("[connectors.dev]\nregion = \"us-east-1\"\n{ROLE}{KEYS}{setting}");
        let wants = Wants::RegistryLogin { registry };
        let plan = plan(&text, wants, &Env::fixed([])).unwrap();
        let Delivery::RegistryLogin(login) = plan.delivery else {
            panic!("no login");
        };
        let found = (login.site.use_fips, login.site.use_dual_stack);
        assert_eq!(found, expected, "{host} {setting}");
    }
}

#[test]
fn the_cache_setting_is_of_the_connectors_own_steps() {
    const MFA: &str =
        "mfa_serial = \"arn:aws:iam::123456789012:mfa/ann\"\nmfa_process = [\"code\"]";
    let own =
        format!("[connectors.dev]\nregion = \"us-east-1\"\ncache = \"off\"\n{ROLE}{KEYS}{MFA}");
    let role = session(&own, &Env::fixed([]));
    let mfa = role.source().unwrap();
    assert_eq!(
        (role.describe(), mfa.describe()),
        ("sts:AssumeRole", "sts:GetSessionToken")
    );
    assert_eq!((role.cache, mfa.cache), (CacheMode::Off, CacheMode::Off));

    let chained = format!(
        "[connectors.dev]\nregion = \"us-east-1\"\ncache = \"off\"\n{ROLE}source_connector = \"base\"\n\
         [connectors.base]\nregion = \"us-east-1\"\n{ROLE}{KEYS}"
    );
    let role = session(&chained, &Env::fixed([]));
    let base = role.source().unwrap();
    assert_eq!((role.cache, base.cache), (CacheMode::Off, CacheMode::Files));
}

#[test]
fn endpoints_of_an_aws_profile_are_for_connectors_that_use_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n";
    fs::write(
        &config,
        format!(
            "[default]\nregion = eu-west-1\nendpoint_url = https://default.example\n{keys}\
             [profile corp]\nregion = eu-west-2\nendpoint_url = https://corp.example\n{keys}"
        ),
    )
    .unwrap();
    let env = Env::fixed([
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ]);
    let implicit = "auth_method = \"implicit\"\nallow_implicit_auth_methods = true\n";
    for (settings, endpoint) in [
        (format!("{ROLE}{KEYS}"), None),
        (format!("{ROLE}source_profile = \"corp\""), Some("corp")),
        (
            "auth_method = \"session-token\"\nsource_profile = \"corp\"".to_owned(),
            Some("corp"),
        ),
        (implicit.to_owned(), Some("default")),
        (
            format!("{implicit}credential_source = \"SharedProfile\""),
            Some("default"),
        ),
        (format!("{implicit}profile_name = \"corp\""), Some("corp")),
    ] {
        let step = session(&format!("[connectors.dev]\n{settings}"), &env);
        let endpoint = endpoint.map(|name| format!("https://{name}.example"));
        assert_eq!(
            step.site.endpoints.get("sts"),
            endpoint.as_ref(),
            "{settings}"
        );
        let region = match endpoint.as_deref() {
            Some("https://corp.example") => "eu-west-2",
            _ => "eu-west-1",
        };
        assert_eq!(step.site.region, region, "{settings}");
    }
}

#[test]
fn endpoints_are_ignored_where_the_environment_says_so() {
    let url = ("AWS_ENDPOINT_URL", "https://sts.example");
    let site = |env: &Env| Site::new("us-east-1", &Default::default(), env).unwrap();
    assert_eq!(
        site(&Env::fixed([url])).endpoints.get("sts").unwrap(),
        url.1
    );
    let ignored = Env::fixed([url, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]);
    assert!(site(&ignored).endpoints.is_empty());
}

#[test]
fn a_connector_that_lists_the_host_is_preferred_to_one_that_lists_the_account() {
    let registry = RegistryHost::parse(REGISTRY).unwrap();
    let another = REGISTRY.replace("us-east-1", "us-west-2");
    let connector = |name: &str, registries: &str| {
        format!(
            "[connectors.{name}]\nregion = \"us-east-1\"\nregistries = [{registries}]{ROLE}{KEYS}"
        )
    };
    for (a, b, chosen) in [
        ("\"123456789012\"", &*format!("\"{REGISTRY}\""), Some("b")),
        (&*format!("\"{REGISTRY}\""), "\"123456789012\"", Some("a")),
        (
            &*format!("\"{another}\", \"123456789012\""),
            &*format!("\"{REGISTRY}\""),
            Some("b"),
        ),
        // Another registry of the account; and an account listed alongside.
        (&*format!("\"{another}\""), "\"123456789012\"", Some("b")),
        (
            "\"210987654321\" # not 123456789012\n",
            "\"123456789012\"",
            Some("b"),
        ),
        ("\"123456789012\"", "\"123456789012\"", None),
    ] {
        let text = format!("{}\n{}", connector("a", a), connector("b", b));
        let env = Env::fixed([]);
        let found = connector_for_registry(&profile(&text, &env), &registry, &env);
        assert_eq!(
            found.ok().map(|found| found.name.clone()).as_deref(),
            chosen,
            "{text}"
        );
    }
}

#[test]
fn a_secret_in_a_pipe_is_found_in_every_place() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
    let pipe = format!("{{ file = {:?} }}", pipe.to_str().unwrap());
    let id = "aws_access_key_id = \"AKIAIOSFODNN7EXAMPLE\"";
    let secret = "aws_secret_access_key = \"secret\"";
    let token = "aws_session_token = \"token\"";
    let assumed = |settings: &str| format!("{ROLE}{settings}");
    for (settings, expected) in [
        (format!("{id}\n{secret}"), false),
        (format!("aws_access_key_id = {pipe}\n{secret}"), true),
        (format!("{id}\naws_secret_access_key = {pipe}"), true),
        (format!("access_keys = {pipe}"), true),
        (format!("{id}\n{secret}\naws_session_token = {pipe}"), true),
        (format!("{id}\n{secret}\n{token}"), false),
        (format!("{id}\n{secret}\nexternal_id = {pipe}"), true),
        (format!("{id}\n{secret}\nexternal_id = \"id\""), false),
    ] {
        let text = format!(
            "[connectors.dev]\nregion = \"us-east-1\"\n{}",
            assumed(&settings)
        );
        let env = Env::fixed([]);
        assert_eq!(session(&text, &env).reads_pipe(&env), expected, "{text}");
    }
}
