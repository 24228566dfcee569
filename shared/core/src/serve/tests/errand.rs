//! What a request needs from the cache.
use chrono::{TimeDelta, Utc};

use super::super::*;
use super::support::*;
use crate::clock::{Origin, ServerDate};
use crate::request::{ClusterRef, Wants};
use crate::resource::{Resource, ResourceType};

/// The labels of the session that a request returns, and of its source session.
fn labels(settings: &str, wants: Wants) -> (Option<String>, Option<String>) {
    let (home, request) = (Home::new(settings), request(wants));
    let env = home.env();
    let errand = Errand::load(&request, &env).unwrap();
    let label = |need| {
        let want = errand.session_want(&errand.plan().session, need).unwrap();
        assert_eq!(want.client, "eks-token");
        want.label.map(str::to_owned)
    };
    (label(Need::HandOut), label(Need::Intermediate))
}

fn cluster() -> Wants {
    Wants::ClusterToken {
        cluster: ClusterRef {
            name: "prod".into(),
            account: None,
            region: None,
            partition: None,
        },
    }
}

#[test]
fn a_session_with_a_policy_is_labelled_with_its_purpose() {
    const POLICY: &str =
        r#"policy = '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'"#;
    let bucket = Resource::parse(ResourceType::S3Bucket, Some("logs")).unwrap();
    let bucket = Wants::Session {
        resource: Some(bucket),
    };
    let whole = &format!("{ROLE}down_scope = false");
    let limited = &format!("{ROLE}{POLICY}");
    for (settings, wants, label) in [
        (ROLE, session(), None),
        (ROLE, bucket.clone(), Some("s3-bucket")),
        (ROLE, registry_login(), Some("docker-registry")),
        (ROLE, cluster(), Some("cluster-token")),
        (whole, bucket, None),
        (whole, cluster(), None),
        (limited, session(), None),
        (limited, registry_login(), Some("docker-registry")),
        (limited, cluster(), None),
    ] {
        let expected = (label.map(str::to_owned), Some("source".to_owned()));
        assert_eq!(
            labels(settings, wants.clone()),
            expected,
            "{settings} {wants:?}"
        );
    }
}

#[test]
fn the_cache_is_used_unless_the_environment_or_every_step_turns_it_off() {
    let request = request(session());
    let is_used = |settings: &str, switch: &str| {
        let home = Home::new(settings);
        let env = home.env_with("AWS_CONNECTOR_CACHE", switch);
        let errand = Errand::load(&request, &env).unwrap();
        errand.cache().folder().is_some()
    };
    let off = &format!("{ROLE}cache = \"off\"");
    assert!(is_used(ROLE, ""));
    assert!(!is_used(ROLE, "off"));
    assert!(!is_used(off, ""));
    assert!(!is_used(off, "off"));
}

#[test]
fn a_prompt_requires_a_terminal_and_a_request_that_allows_it() {
    let (home, mut request) = (Home::new(ROLE), request(session()));
    let env = home.env();
    let errand = Errand::load(&request, &env).unwrap();
    assert!(!errand.may_prompt() && !errand.can_prompt());
    request.may_prompt = true;
    let errand = Errand::load(&request, &env).unwrap();
    assert_eq!(errand.can_prompt(), crate::mfa::terminal().is_some());
}

#[test]
fn the_measured_offset_of_the_clock_is_read_from_the_cache_folder() {
    let (home, request) = (Home::new(ROLE), request(session()));
    let env = home.env();
    home.serve(session(), &Granting::default()).unwrap();
    let errand = Errand::load(&request, &env).unwrap();
    let (clock, now) = (errand.clock(), Utc::now());
    assert!(clock.offset().is_zero());
    assert!(clock.learn(
        ServerDate {
            said: now + TimeDelta::minutes(10),
            heard_at: now,
            origin: Origin::Aws,
        },
        true,
    ));
    assert!(home.cache_folder().is_dir());
    assert_eq!(errand.clock().offset(), clock.offset());
    assert!(!errand.clock().offset().is_zero());
}
