//! Tests for every field of every step whether it changes the key. Longer than 300 lines because it
//! is one list to compare with the types in `plan`.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::time::Duration;

use super::{of_login, of_session};
use crate::cache::Key;
use crate::env::Env;
use crate::plan::{
    ContainerPlan, How, InstanceMetadataPlan, KeysPlan, LoginPlan, PlannedKeys, PlannedSecret,
    ProcessPlan, RoleCall, Site, SsoPlan, Step,
};
use crate::profile::{CacheMode, Mfa, Policies, SecretRef};
use crate::resource::Partition;
use crate::secret::Secret;

/// Changes the fields of `$base` one by one. A field that `counts` must change the key, an
/// `ignored` one must not. The list is exhaustive: a new field does not compile until it is listed.
macro_rules! each_field {
    ($base:expr, $key:expr, $path:path {
        $($field:ident: $role:ident => $change:expr),+ $(,)?
    }) => {{
        let base = $base;
        let key = $key;
        assert!(matches!(Some(&base), Some($path { $($field: _),+ })));
        $({
            let mut changed = base.clone();
            if let Some($path { $field, .. }) = Some(&mut changed) {
                change($field, $change);
            }
            let differs = key(base.clone()) != key(changed);
            assert_eq!(
                differs,
                stringify!($role) == "counts",
                "{}: {}",
                stringify!($path),
                stringify!($field)
            );
        })+
    }};
}

fn change<T>(field: &mut T, change: impl FnOnce(&mut T)) {
    change(field);
}

fn key_in(env: &Env, step: &Step) -> Key {
    of_session(step, env).unwrap()
}

fn key(step: &Step) -> Key {
    key_in(&Env::fixed([]), step)
}

fn site() -> Site {
    Site {
        region: "us-east-1".into(),
        partition: Partition::Aws,
        endpoints: BTreeMap::new(),
        use_fips: false,
        use_dual_stack: false,
    }
}

fn step(how: How) -> Step {
    Step::new("dev", &site(), how)
}

fn text(text: &str) -> PlannedSecret {
    PlannedSecret::Local(SecretRef::Literal(Secret::new(text)))
}

fn base_keys() -> KeysPlan {
    KeysPlan {
        keys: PlannedKeys::Separate {
            id: text("AKIAIOSFODNN7EXAMPLE"),
            secret: text("secret"),
        },
        token: None,
        expires_at: None,
        tolerance: Duration::ZERO,
        origin: None,
    }
}

fn keys() -> Step {
    step(How::Keys(base_keys()))
}

fn other_keys() -> Box<Step> {
    let mut plan = base_keys();
    plan.origin = Some("elsewhere".into());
    Box::new(step(How::Keys(plan)))
}

fn mfa() -> Mfa {
    Mfa {
        serial: "arn:aws:iam::123456789012:mfa/ann".into(),
        process: None,
        duration: Duration::from_secs(900),
    }
}

fn call() -> RoleCall {
    RoleCall {
        arn: "arn:aws:iam::123456789012:role/dev".into(),
        session_name: "ann".into(),
        external_id: None,
        policies: Policies::default(),
        tags: BTreeMap::new(),
        transitive_tag_keys: Vec::new(),
        source_identity: None,
        duration: Duration::from_secs(3600),
        mfa: Some(mfa()),
    }
}

fn assume(call: RoleCall) -> Step {
    step(How::AssumeRole {
        source: Box::new(keys()),
        call,
    })
}

fn write_token(folder: &tempfile::TempDir, subject: &str) -> String {
    let path = folder.path().join(subject);
    std::fs::write(&path, crate::web_identity::tests::token(subject)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_step_is_keyed_by_what_it_does_and_not_by_its_connector() {
    each_field!(assume(call()), |step: Step| key(&step), Step {
        connector: ignored => |it| *it = "other".into(),
        cache: ignored => |it| *it = CacheMode::Off,
        site: counts => |it| it.region = "eu-west-1".into(),
        how: counts => |it| *it = keys().how,
    });
}

#[test]
fn every_field_of_a_role_counts() {
    let of = |how: How| key(&step(how));
    let how = assume(call()).how;
    each_field!(how, of, How::AssumeRole {
        source: counts => |it| *it = other_keys(),
        call: counts => |it| it.arn = "other".into(),
    });
    each_field!(call(), |call| key(&assume(call)), RoleCall {
        arn: counts => |it| it.push('x'),
        session_name: counts => |it| it.push('x'),
        external_id: counts => |it| *it = Some(text("id")),
        policies: counts => |it| it.inline = Some("{}".into()),
        tags: counts => |it| drop(it.insert("a".into(), "b".into())),
        transitive_tag_keys: counts => |it| it.push("a".into()),
        source_identity: counts => |it| *it = Some("ann".into()),
        duration: counts => |it| *it = Duration::from_secs(900),
        mfa: counts => |it| *it = None,
    });
    let with_mfa = |mfa| {
        key(&assume(RoleCall {
            mfa: Some(mfa),
            ..call()
        }))
    };
    each_field!(mfa(), with_mfa, Mfa {
        serial: counts => |it| it.push('x'),
        process: ignored => |it| *it = Some(vec!["code".into()]),
        duration: ignored => |it| *it = Duration::from_secs(1800),
    });
    let with_policies = |policies| key(&assume(RoleCall { policies, ..call() }));
    each_field!(Policies::default(), with_policies, Policies {
        inline: counts => |it| *it = Some("{}".into()),
        arns: counts => |it| it.push("arn".into()),
    });
    let tagged = |key_: &str, value: &str| {
        key(&assume(RoleCall {
            tags: BTreeMap::from([(key_.into(), value.into())]),
            ..call()
        }))
    };
    assert_ne!(tagged("a", "b"), tagged("a", "c"));
    assert_ne!(tagged("a", "b"), tagged("c", "b"));
}

#[test]
fn every_field_of_a_web_identity_counts() {
    let folder = tempfile::tempdir().unwrap();
    let how = How::WebIdentity {
        token_file: write_token(&folder, "one"),
        call: call(),
    };
    each_field!(how, |how| key(&step(how)), How::WebIdentity {
        token_file: counts => |it| *it = write_token(&folder, "two"),
        call: counts => |it| it.arn.push('x'),
    });
}

#[test]
fn every_field_of_a_session_token_counts() {
    let of = |how: How| key(&step(how));
    let how = How::SessionToken {
        source: Box::new(keys()),
        duration: Duration::from_secs(3600),
        mfa: Some(mfa()),
    };
    each_field!(how, of, How::SessionToken {
        source: counts => |it| *it = other_keys(),
        duration: counts => |it| *it = Duration::from_secs(900),
        mfa: counts => |it| *it = None,
    });
}

#[test]
fn every_field_of_a_federation_token_counts() {
    let of = |how: How| key(&step(how));
    let how = How::FederationToken {
        source: Box::new(keys()),
        name: "ann".into(),
        duration: Duration::from_secs(3600),
        policies: Policies::default(),
        tags: BTreeMap::new(),
    };
    each_field!(how, of, How::FederationToken {
        source: counts => |it| *it = other_keys(),
        name: counts => |it| it.push('x'),
        duration: counts => |it| *it = Duration::from_secs(900),
        policies: counts => |it| it.arns.push("arn".into()),
        tags: counts => |it| drop(it.insert("a".into(), "b".into())),
    });
}

#[test]
fn only_the_parts_of_a_site_that_decide_where_a_call_goes_are_in_its_key() {
    let at = |mfa: Option<Mfa>, site: Site| {
        let how = How::SessionToken {
            source: Box::new(keys()),
            duration: Duration::from_secs(3600),
            mfa,
        };
        key(&Step { site, ..step(how) })
    };
    each_field!(site(), |site| at(None, site), Site {
        region: counts => |it| *it = "us-east-2".into(),
        partition: counts => |it| *it = Partition::AwsCn,
        endpoints: counts => |it| drop(it.insert("sts", "https://a".into())),
        use_fips: counts => |it| *it = true,
        use_dual_stack: counts => |it| *it = true,
    });
    // One MFA code serves every region of the same keys.
    each_field!(site(), |site| at(Some(mfa()), site), Site {
        region: ignored => |it| *it = "us-east-2".into(),
        partition: counts => |it| *it = Partition::AwsCn,
        endpoints: counts => |it| drop(it.insert("sts", "https://a".into())),
        use_fips: ignored => |it| *it = true,
        use_dual_stack: ignored => |it| *it = true,
    });
    // A custom endpoint is neither FIPS nor dual-stack, and other services' endpoints are not used.
    let custom = Site {
        endpoints: BTreeMap::from([("sts", "https://a".into())]),
        ..site()
    };
    each_field!(custom, |site| at(None, site), Site {
        region: counts => |it| *it = "us-east-2".into(),
        partition: counts => |it| *it = Partition::AwsCn,
        endpoints: ignored => |it| drop(it.insert("ecr", "https://a".into())),
        use_fips: ignored => |it| *it = true,
        use_dual_stack: ignored => |it| *it = true,
    });
}

#[test]
fn keys_count_by_their_id_and_by_where_their_secrets_come_from() {
    let of = |plan| key(&step(How::Keys(plan)));
    each_field!(base_keys(), of, KeysPlan {
        keys: counts => |it| *it = PlannedKeys::Joined(text("a,b")),
        token: counts => |it| *it = Some(text("token")),
        expires_at: ignored => |it| *it = Some(chrono::DateTime::UNIX_EPOCH),
        tolerance: ignored => |it| *it = Duration::from_secs(1),
        origin: counts => |it| *it = Some("file".into()),
    });
    let of = |keys| {
        key(&step(How::Keys(KeysPlan {
            keys,
            ..base_keys()
        })))
    };
    each_field!(base_keys().keys, of, PlannedKeys::Separate {
        id: counts => |it| *it = text("AKIAALSOEXAMPLE00000"),
        // The secret may rotate under the same id.
        secret: ignored => |it| *it = text("rotated"),
    });
    each_field!(base_keys().keys, of, PlannedKeys::Separate {
        id: counts => |it| *it = PlannedSecret::Local(SecretRef::Env("ID".into())),
        secret: counts => |it| *it = PlannedSecret::Local(SecretRef::Keyring("a/b".into())),
    });
}

/// The key of a role with this external id.
fn secret(secret: PlannedSecret, env: &Env) -> Key {
    let call = RoleCall {
        external_id: Some(secret),
        ..call()
    };
    key_in(env, &assume(call))
}

#[test]
fn a_secret_counts_by_its_reference() {
    let ssm = PlannedSecret::Ssm {
        name: "/a".into(),
        site: site(),
        session: Box::new(keys()),
    };
    each_field!(ssm, |it| secret(it, &Env::fixed([])), PlannedSecret::Ssm {
        name: counts => |it| it.push('x'),
        site: counts => |it| it.region.push('x'),
        session: counts => |it| *it = other_keys(),
    });
    let of = |reference| secret(PlannedSecret::Local(reference), &Env::fixed([("V", "1")]));
    let words = |argv: &[&str]| SecretRef::Command(argv.iter().map(|&w| w.into()).collect());
    let all = [
        SecretRef::Literal(Secret::new("a")),
        SecretRef::Literal(Secret::new("b")),
        SecretRef::Env("V".into()),
        SecretRef::Env("W".into()),
        words(&["a"]),
        words(&["a", "b"]),
        words(&["a b"]),
        SecretRef::Keyring("a/b".into()),
        SecretRef::Keyring("a/c".into()),
    ]
    .map(of);
    for (at, one) in all.iter().enumerate() {
        assert!(all.iter().skip(at + 1).all(|other| other != one), "{at}");
    }
}

#[test]
fn a_secret_of_a_command_counts_with_the_variables_that_its_words_mention() {
    let argv = ["sh", "-c", "vault read $TEAM"].map(str::to_owned).to_vec();
    let of = |variable: &str, value: &str| {
        let reference = PlannedSecret::Local(SecretRef::Command(argv.clone()));
        secret(reference, &Env::fixed([(variable, value)]))
    };
    assert_ne!(of("TEAM", "a"), of("TEAM", "b"));
    assert_eq!(of("OTHER", "a"), of("OTHER", "b"));
}

fn process() -> ProcessPlan {
    ProcessPlan {
        command: "sh -c 'helper $MENTIONED'".into(),
        origin: "config".into(),
        environment: vec!["LISTED".into()],
    }
}

#[test]
fn every_field_of_a_process_counts() {
    let of = |plan| {
        let env = Env::fixed([("LISTED", "x"), ("OTHER", "x")]);
        key_in(&env, &step(How::Process(plan)))
    };
    each_field!(process(), of, ProcessPlan {
        command: counts => |it| it.push('x'),
        origin: counts => |it| it.push('x'),
        environment: counts => |it| *it = vec!["OTHER".into()],
    });
}

#[test]
fn a_process_counts_with_the_variables_that_it_may_read() {
    let of = |variable: &str, value: &str| {
        let env = Env::fixed([(variable, value)]);
        key_in(&env, &step(How::Process(process())))
    };
    for counts in ["LISTED", "MENTIONED", "AWS_PROFILE", "AWS_CONNECTOR"] {
        assert_ne!(of(counts, "alice"), of(counts, "bob"), "{counts}");
        // A shell distinguishes unset from empty.
        assert_ne!(of(counts, ""), of("UNRELATED", ""), "{counts}");
    }
    for ignored in ["OTHER", "AWS_SESSION_TOKEN", "AWS_CONNECTOR_CHAIN"] {
        assert_eq!(of(ignored, "alice"), of(ignored, "bob"), "{ignored}");
    }
}

#[test]
fn a_process_that_runs_one_of_our_programs_counts_with_the_profile_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connectors.toml");
    let env = Env::fixed([("AWS_CONNECTOR_FILE", file.to_str().unwrap())]);
    let of = |command: &str, text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut plan = process();
        plan.command = command.to_owned();
        key_in(&env, &step(How::Process(plan)))
    };
    for command in [
        "aws-connector-credential-process --connector base",
        "/opt/bin/aws-connector export base --format json",
        "sh -c '/opt/bin/aws-connector-credential-process<&0'",
    ] {
        assert_ne!(of(command, "a = 1"), of(command, "a = 2"), "{command}");
    }
    assert_eq!(of("helper", "a = 1"), of("helper", "a = 2"));
}

#[test]
fn every_field_of_identity_center_counts_except_the_name_of_the_profile() {
    let plan = SsoPlan {
        profile: "p".into(),
        session_name: None,
        start_url: "https://a".into(),
        region: "us-east-1".into(),
        account_id: "123456789012".into(),
        role_name: "r".into(),
        origin: "o".into(),
    };
    each_field!(plan, |plan| key(&step(How::Sso(plan))), SsoPlan {
        profile: ignored => |it| it.push('x'),
        session_name: counts => |it| *it = Some("s".into()),
        start_url: counts => |it| it.push('x'),
        region: counts => |it| *it = "eu-west-1".into(),
        account_id: counts => |it| it.push('x'),
        role_name: counts => |it| it.push('x'),
        origin: counts => |it| it.push('x'),
    });
}

#[test]
fn every_field_of_a_container_counts() {
    let token_file = tempfile::NamedTempFile::new().unwrap();
    let path = token_file.path().to_str().unwrap().to_owned();
    let plan = ContainerPlan {
        uri: "http://a".into(),
        token: None,
        token_file: None,
    };
    each_field!(plan, |plan| key(&step(How::Container(plan))), ContainerPlan {
        uri: counts => |it| it.push('x'),
        token: counts => |it| *it = Some(Secret::new("t")),
        token_file: counts => |it| *it = Some(path.clone()),
    });
}

#[test]
fn instance_metadata_counts_by_its_endpoint() {
    let plan = InstanceMetadataPlan {
        endpoint: "http://a".into(),
        patience: Duration::from_secs(1),
        tried: String::new(),
    };
    let of = |plan| key(&step(How::InstanceMetadata(plan)));
    each_field!(plan, of, InstanceMetadataPlan {
        endpoint: counts => |it| it.push('x'),
        patience: ignored => |it| *it = Duration::from_secs(2),
        tried: ignored => |it| it.push('x'),
    });
}

#[test]
fn a_login_counts_by_its_session_and_by_the_api_that_is_asked() {
    let plan = LoginPlan {
        public: false,
        site: site(),
    };
    let session = key(&keys());
    each_field!(plan.clone(), |plan: LoginPlan| of_login(session, &plan), LoginPlan {
        public: counts => |it| *it = true,
        site: counts => |it| it.region.push('x'),
    });
    assert_ne!(
        of_login(session, &plan),
        of_login(key(&other_keys()), &plan)
    );
}
